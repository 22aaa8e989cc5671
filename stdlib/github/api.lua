-- SPDX-License-Identifier: Apache-2.0
-- GitHub's REST interface for everything that asks it: pages by the Link header, answers kept by
-- their ETag (asking again for what did not change costs nothing), both kinds of rate limit,
-- backoff. The token goes to the API's own host only, and appears in no error.
--
-- A limit that ends within max_wait is waited for. One that lasts longer ends the call with code
-- "unavailable", and every later call of this client at once, until it is over.

local archive = require "std.archive"
local error_of = require "std.error"
local fs = require "std.fs"
local http = require "std.http"
local json = require "std.json"
local retry = require "std.retry"
local sha256 = require "std.sha256"
local time = require "std.time"

local M = {}

local PUBLIC_URL <const> = "https://api.github.com"

local PER_PAGE <const>, MAX_PAGES <const> = 100, 200
-- What GitHub asks for after a secondary limit that names no time.
local SECONDARY_PAUSE <const> = 60
local MAX_REDIRECTS <const> = 3
local TARBALL_SECONDS <const> = 600

---@class lsqm.GitHubApi
---@field requests integer   answers that counted against the limit
---@field unchanged integer  answers that said "not modified"
local Api = {}
Api.__index = Api

---@param options {token?: string, api_url?: string, cache?: string folder for kept answers,
--- attempts?: integer, base?: number, max_wait?: number, timeout?: number, sleep?: function,
--- log?: table}
---@return lsqm.GitHubApi
function M.new(options)
  return setmetatable({ token = options.token, cache = options.cache, log = options.log,
    url = (options.api_url or PUBLIC_URL):gsub("/+$", ""), attempts = options.attempts or 4,
    base = options.base or 1, max_wait = options.max_wait or 120, sleep = options.sleep,
    timeout = options.timeout or 30, requests = 0, unchanged = 0, blocked_until = 0 }, Api)
end

-- --- what an answer means -----------------------------------------------------------------------

local HINTS = {
  [401] = "GITHUB_TOKEN is not valid",
  [403] = "GITHUB_TOKEN may not do this",
  [404] = "it does not exist, or GITHUB_TOKEN may not see it",
  [410] = "it is switched off there",
}
local CODES = { [401] = "denied", [403] = "denied", [404] = "not_found", [409] = "conflict",
  [410] = "denied", [422] = "invalid" }

local function message_of(reply)
  local body = json.decode(reply.body or "")
  return type(body) == "table" and type(body.message) == "string" and body.message or ""
end

local function failure(op, reply)
  return error_of.new { op = op, code = CODES[reply.status] or "http", status = reply.status,
    hint = HINTS[reply.status], message = ("HTTP %d %s"):format(reply.status,
      message_of(reply):gsub("%c", " "):sub(1, 200)) }
end

local function limit_error(op, kind, seconds)
  return error_of.new { op = op, code = "unavailable", limit = kind,
    message = ("GitHub's %s rate limit is used up for %d s more"):format(kind,
      math.ceil(seconds)),
    hint = kind == "primary" and "set GITHUB_TOKEN, or run again later" or nil }
end

-- The pause that a refusal for asking too much wants, and which limit it was.
local function limit_of(reply, attempt)
  if reply.status ~= 429 and reply.status ~= 403 then return nil end
  local pause = http.retry_after(reply)
  if pause then return pause, "secondary" end
  if reply.headers["x-ratelimit-remaining"] == "0" then
    local reset = tonumber(reply.headers["x-ratelimit-reset"])
    return reset and math.max(0, reset - time.now()) + 1 or SECONDARY_PAUSE, "primary"
  end
  local text = message_of(reply):lower()
  if reply.status == 429 or text:find("secondary rate limit", 1, true)
    or text:find("abuse", 1, true) then
    return SECONDARY_PAUSE * 2 ^ (attempt - 1), "secondary"
  end
  return nil
end

-- --- asking -------------------------------------------------------------------------------------

local function origin(url) return url:match "^(%a[%w+.-]*://[^/?#]+)" end

local function headers_of(self, url, options)
  local own = origin(url) == origin(self.url)
  return {
    Authorization = own and self.token and "Bearer " .. self.token or nil,
    Accept = options.accept or "application/vnd.github+json", ["User-Agent"] = "lsqm",
    ["X-GitHub-Api-Version"] = own and "2022-11-28" or nil,
    ["Content-Type"] = options.body and "application/json" or nil,
    ["If-None-Match"] = options.etag,
  }
end

local function absolute(self, location)
  return location:find "^%a[%w+.-]*://" and location or origin(self.url) .. location
end

-- An archive is unpacked while it comes, into a folder that an earlier attempt may have begun.
local function send(request, unpack)
  if not unpack then return http.request(request) end
  local ok, err = fs.remove(unpack.dir)
  if not ok then return nil, err end
  local reply, totals = archive.receive(unpack.dir, unpack.limits, function(on_data)
    request.on_data = on_data
    return http.request(request)
  end)
  if reply and reply.status < 300 and not totals then
    return nil, error_of.new { code = "network", message = "the archive came without a byte" }
  end
  return reply, totals
end

-- One exchange, its redirects followed: each hop gets the headers that its own host may have.
local function exchange(self, method, url, options)
  for _ = 0, MAX_REDIRECTS do
    local reply, err = send({ method = method, url = url, retries = 0, body = options.body,
      headers = headers_of(self, url, options), timeout = options.timeout or self.timeout },
      options.unpack)
    if not reply then return nil, err end
    local location = reply.status >= 301 and reply.status <= 308 and reply.status ~= 304
      and reply.headers.location
    if not location or method ~= "GET" then return reply end
    url = absolute(self, location)
    if not url:find "^https://" and origin(self.url):find "^https://" then
      return nil, error_of.new { code = "unsafe",
        message = "redirected to a place that is not https" }
    end
  end
  return nil, error_of.new { code = "http", message = "redirected too often" }
end

-- What a failed attempt means for the next one: an error, with the pause that it wants.
local function judge(self, op, reply, attempt)
  local pause, kind = limit_of(reply, attempt)
  if pause then
    if pause > self.max_wait then self.blocked_until, self.blocked_by = time.now() + pause, kind end
    local err = limit_error(op, kind, pause)
    err.pause = pause
    return err
  end
  local err = failure(op, reply)
  err.passing = reply.status >= 500 and reply.status ~= 501
  return err
end

local function check_json(op, reply, options)
  if options.raw or reply.status == 304 or reply.body == "" then return reply end
  local value, err = json.decode(reply.body, { file = op })
  if value == nil then
    return nil, error_of.new { op = op, code = "http", passing = true, cause = err,
      message = "the answer is not whole JSON: " .. tostring(err.message) }
  end
  reply.json = value
  return reply
end

local function attempt_once(self, op, method, url, options, attempt)
  local reply, err = exchange(self, method, url, options)
  if not reply then
    err = error_of.wrap(err, op)
    err.passing = retry.is_passing(err)
    return nil, err
  end
  if reply.status == 304 then
    self.unchanged = self.unchanged + 1
    return reply
  end
  self.requests = self.requests + 1
  if reply.status > 299 then return nil, judge(self, op, reply, attempt) end
  return check_json(op, reply, options)
end

local function retry_rule(self, method)
  return function(err)
    -- A refused request was not carried out: any method may come again.
    if err.pause then return err.pause <= self.max_wait and err.pause end
    -- A repeated POST could file something twice.
    return method == "GET" and err.passing
  end
end

--- One request, tried again where that is safe and may help.
---@param path string "/user", or a URL of the API as its answers name them
---@param options table|nil {body = text, accept =, etag =, raw = not JSON, timeout =,
--- unpack = {dir =, limits = see std.archive.receive}}
---@return lsqm.HttpResponse|nil reply with .json
---@return lsqm.Error|nil
function Api:ask(method, path, options)
  options = options or {}
  local url = path:find "^/" and self.url .. path or path
  if origin(url) ~= origin(self.url) then
    return nil, error_of.new { op = "github", code = "unsafe",
      message = "an answer names a page on another host" }
  end
  local op = ("github %s %s"):format(method, url:sub(#origin(url) + 1):match "^[^?]*")
  local left = self.blocked_until - time.now()
  if left > 0 then return nil, limit_error(op, self.blocked_by, left) end
  return retry.call(function(attempt)
    return attempt_once(self, op, method, url, options, attempt)
  end, { attempts = self.attempts, base = self.base, max = self.max_wait, sleep = self.sleep,
    retry_if = retry_rule(self, method), on_retry = function(err, attempt, seconds)
      if self.log then
        self.log:info("GitHub is asked again", { op = op, attempt = attempt, seconds = seconds,
          reason = tostring(err) })
      end
    end })
end

-- --- kept answers -------------------------------------------------------------------------------

local function next_page(reply)
  return (reply.headers.link or ""):match '<([^<>]+)>;%s*rel="next"'
end

local function kept_path(self, key)
  return self.cache and fs.join(self.cache, sha256.string(key):sub(1, 32) .. ".json")
end

local function keep(path, key, reply)
  local etag = reply.headers.etag
  if not path or not etag then return end
  fs.mkdir(fs.dirname(path))
  -- Losing it costs a request, nothing else.
  json.write(path, { key = key, etag = etag, body = reply.body, next = next_page(reply) })
end

-- The answer's text, and the next page's URL.
local function fetch(self, path, options)
  local key = (options.accept or "") .. " " .. self.url .. " " .. path
  local file = kept_path(self, key)
  local old = file and fs.is_file(file) and json.read(file)
  if old and old.key ~= key then old = nil end
  local reply, err = self:ask("GET", path, { accept = options.accept, raw = options.raw,
    etag = old and old.etag or nil })
  if not reply then return nil, err end
  if reply.status == 304 then
    if old then return old.body, old.next end
    return nil, error_of.new { op = "github", code = "http", message = "HTTP 304 unasked" }
  end
  keep(file, key, reply)
  return reply.body, next_page(reply)
end

--- The value at a path.
---@return any value
---@return lsqm.Error|nil
function Api:get(path)
  local text, err = fetch(self, path, {})
  if not text then return nil, err end
  return json.decode(text)
end

--- The text at a path, of another media type than JSON.
---@return string|nil text
---@return lsqm.Error|nil
function Api:text(path, accept)
  local text, err = fetch(self, path, { accept = accept, raw = true })
  if not text then return nil, err end
  return text
end

--- All items of a list, all pages of it.
---@param path string
---@return table[]|nil items
---@return lsqm.Error|nil
function Api:list(path)
  local items = {}
  local url = path .. (path:find("?", 1, true) and "&" or "?") .. "per_page=" .. PER_PAGE
  for _ = 1, MAX_PAGES do
    local text, more = fetch(self, url, {})
    if not text then return nil, more end
    local page = json.decode(text)
    if type(page) ~= "table" then
      return nil, error_of.new { op = "github", code = "http", message = path .. " is no list" }
    end
    table.move(page, 1, #page, #items + 1, items)
    if not more then return items end
    url = more
  end
  return nil, error_of.new { op = "github " .. path, code = "limit",
    message = ("more than %d pages"):format(MAX_PAGES) }
end

--- Unpacks a repository at a commit. Another host serves the archive, without our token.
---@param repo string "owner/name"
---@param sha string
---@param dir string
---@param limits table see std.archive.receive
---@return boolean|nil ok
---@return lsqm.Error|nil
function Api:tarball(repo, sha, dir, limits)
  local reply, err = self:ask("GET", ("/repos/%s/tarball/%s"):format(repo, sha), { raw = true,
    unpack = { dir = dir, limits = limits }, timeout = math.max(self.timeout, TARBALL_SECONDS) })
  if not reply then return nil, err end
  return true
end

return M
