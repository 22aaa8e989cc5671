-- SPDX-License-Identifier: Apache-2.0
-- Issues of one GitHub repository: list, create, edit, comment. The token goes to the API's host
-- only and appears in no error. Writes keep the pauses that GitHub asks for, and a creation whose
-- answer was lost is looked for before it is repeated, so that none is made twice.

local error_of = require "std.error"
local http = require "std.http"
local json = require "std.json"
local parallel = require "std.parallel"
local time = require "std.time"

local M = {}

local PER_PAGE <const>, MAX_PAGES <const>, REDIRECTS <const> = 100, 1000, 3
-- GitHub's own advice: a second between writes, a minute where it names no time, then longer.
M.DEFAULTS = { interval = 1, attempts = 4, patience = 600, timeout = 30, pause = 60, backoff = 1 }

---@class lsqm.GitHubIssues
local Issues = {}
Issues.__index = Issues

---@param options {token: string, repo: string, api_url: string|nil, interval: number|nil,
---  patience: number|nil, timeout: number|nil, sleep: function|nil} patience: seconds to wait for
---  limits in all
---@return lsqm.GitHubIssues
function M.new(options)
  for _, key in ipairs { "token", "repo" } do
    if type(options[key]) ~= "string" then
      error("github.issues: " .. key .. " must be a string", 2)
    end
  end
  if not options.repo:find("^[%w._-]+/[%w._-]+$") then
    error("github.issues: repo must be owner/name, not '" .. options.repo .. "'", 2)
  end
  local self = { token = options.token, sleep = options.sleep or parallel.sleep, waited = 0,
    base = (options.api_url or "https://api.github.com"):gsub("/+$", ""),
    path = "/repos/" .. options.repo .. "/issues" }
  for key, value in pairs(M.DEFAULTS) do self[key] = options[key] or value end
  return setmetatable(self, Issues)
end

-- One exchange -------------------------------------------------------------------------------

local HINTS <const> = {
  [401] = "GITHUB_TOKEN is not valid",
  [403] = "GITHUB_TOKEN may not do this, or its limit is used up",
  [404] = "the repository does not exist, or GITHUB_TOKEN may not see it",
  [410] = "issues are switched off in this repository",
}

local function failure(op, reply)
  local body = json.decode(reply.body or "")
  local message = type(body) == "table" and body.message or ""
  return error_of.new { op = op, code = reply.status < 500 and "denied" or "http",
    status = reply.status, hint = HINTS[reply.status],
    message = ("HTTP %d %s"):format(reply.status, tostring(message):sub(1, 200)) }
end

local function origin(url) return url:match("^%a+://[^/?#]+") end

local function send(self, method, url, body)
  return http.request {
    method = method, url = url, timeout = self.timeout, retries = 0, max_body = 64 * 1024 * 1024,
    headers = {
      Authorization = "Bearer " .. self.token, Accept = "application/vnd.github+json",
      ["X-GitHub-Api-Version"] = "2022-11-28", ["User-Agent"] = "lsqm",
      ["Content-Type"] = body and "application/json" or nil,
    },
    body = body and json.encode(body) or nil,
  }
end

-- A repository that was renamed answers from elsewhere on the same host; the token goes nowhere
-- else.
local function follow(self, op, method, url, body)
  for _ = 0, REDIRECTS do
    local reply, err = send(self, method, url, body)
    if not reply then return nil, error_of.wrap(err, op) end
    local target = reply.status >= 301 and reply.status <= 308 and reply.headers
      and reply.headers.location
    if not target then return reply end
    url = target:find("^/") and origin(self.base) .. target or target
    if origin(url) ~= origin(self.base) then
      return nil, error_of.new { op = op, code = "denied", status = reply.status,
        message = "sent on to another host, which does not get the token: "
          .. tostring(origin(url)) }
    end
  end
  return nil, error_of.new { op = op, code = "http", message = "too many redirects" }
end

-- Limits and repetitions -----------------------------------------------------------------------

local function is_limited(reply)
  if reply.status == 429 then return true end
  if reply.status ~= 403 then return false end
  return reply.headers["retry-after"] ~= nil or reply.headers["x-ratelimit-remaining"] == "0"
    or (reply.body or ""):lower():find("rate limit", 1, true) ~= nil
end

-- Seconds until GitHub wants to be asked again.
local function limit_pause(self, reply, attempt)
  local named = http.retry_after and http.retry_after(reply)
  if named then return named end
  local reset = tonumber(reply.headers["x-ratelimit-reset"])
  if reply.headers["x-ratelimit-remaining"] == "0" and reset then
    return math.max(0, reset - time.now()) + 1
  end
  return self.pause * 2 ^ (attempt - 1)
end

local function wait_for_limit(self, op, reply, attempt)
  local pause = limit_pause(self, reply, attempt)
  if self.waited + pause > self.patience then
    return nil, error_of.new { op = op, code = "limit", status = reply.status,
      message = ("GitHub's rate limit is used up; it asks for %d s"):format(math.ceil(pause)) }
  end
  self.waited = self.waited + pause
  self.sleep(pause)
  return true
end

local function pace(self, method)
  if method == "GET" then return end
  local pause = (self.next_write or 0) - time.monotonic()
  if pause > 0 then self.sleep(pause) end
end

local function parsed(op, reply)
  if reply.body == nil or reply.body == "" then return {} end
  return json.decode(reply.body, { file = op })
end

-- What one answer means: "again" after a pause, or the value, or an error.
local function judge(self, op, reply, attempt)
  if is_limited(reply) then
    local ok, err = wait_for_limit(self, op, reply, attempt)
    if not ok then return "error", err end
    return "again", failure(op, reply)
  end
  if reply.status >= 500 then return "lost", failure(op, reply) end
  if reply.status < 200 or reply.status > 299 then return "error", failure(op, reply) end
  local value, err = parsed(op, reply)
  if value == nil then return "lost", err end
  return "value", value
end

local function attempt_once(self, op, request, attempt)
  pace(self, request.method)
  local reply, err = follow(self, op, request.method, request.url, request.body)
  if request.method ~= "GET" then self.next_write = time.monotonic() + self.interval end
  if not reply then
    return (err.code == "denied" and "error" or "lost"), err
  end
  local word, value = judge(self, op, reply, attempt)
  return word, value, reply
end

-- before_repeat: what may have happened although no answer came; its result ends the attempts.
local function call(self, method, url, body, before_repeat)
  local op = ("github %s %s"):format(method, url:sub(#self.base + 1):match("^[^?]*"))
  local request, last = { method = method, url = url, body = body }, nil
  for attempt = 1, self.attempts do
    local word, value, reply = attempt_once(self, op, request, attempt)
    if word == "value" then return value, nil, reply end
    if word == "error" then return nil, value end
    last = value
    if word == "lost" and before_repeat then
      local found, err = before_repeat()
      if found or err then return found, err end
    end
    if word == "lost" and attempt < self.attempts then
      self.sleep(self.backoff * 2 ^ (attempt - 1))
    end
  end
  return nil, last
end

-- Reading ------------------------------------------------------------------------------------

local function next_page(reply)
  local link = reply.headers and reply.headers.link
  return link and link:match('<([^<>]*)>%s*;[^,]*rel="next"')
end

local function pages(self, url, each)
  for _ = 1, MAX_PAGES do
    local items, err, reply = call(self, "GET", url)
    if not items then return nil, err end
    for _, item in ipairs(items) do each(item) end
    url = next_page(reply)
    if not url then return true end
    if origin(url) ~= origin(self.base) then
      return nil, error_of.new { op = "github pages", code = "denied",
        message = "the next page is on another host: " .. tostring(origin(url)) }
    end
  end
  return nil, error_of.new { op = "github pages", code = "limit",
    message = ("more than %d pages"):format(MAX_PAGES) }
end

local INSIDERS <const> = { OWNER = true, MEMBER = true, COLLABORATOR = true }

-- Who may speak for us: ourselves, a bot, or who belongs to the repository. A marker that a
-- stranger wrote must not steer us.
local function is_trusted(self, item)
  local user = type(item.user) == "table" and item.user or {}
  return INSIDERS[item.author_association] or user.type == "Bot"
    or (self.login ~= nil and user.login == self.login)
end

-- Tokens of GitHub Actions may not ask who they are; their issues are a bot's.
local function learn_login(self)
  if self.login ~= nil then return end
  local user = call(self, "GET", self.base .. "/user")
  self.login = type(user) == "table" and type(user.login) == "string" and user.login or false
end

local function collect(self, url)
  learn_login(self)
  local list = {}
  local ok, err = pages(self, url, function(item)
    -- GitHub lists pull requests as issues.
    if type(item) ~= "table" or item.pull_request then return end
    item.trusted = is_trusted(self, item)
    list[#list + 1] = item
  end)
  if not ok then return nil, err end
  return list
end

---All issues, open and closed, of all pages; no pull requests. `trusted` says who wrote one.
---@return table[]|nil
---@return lsqm.Error|nil
function Issues:list()
  -- Oldest first: an issue that is filed meanwhile does not move the others to another page.
  return collect(self, ("%s%s?state=all&sort=created&direction=asc&per_page=%d"):format(self.base,
    self.path, PER_PAGE))
end

---@param number integer
---@return table[]|nil
---@return lsqm.Error|nil
function Issues:comments(number)
  return collect(self, ("%s%s/%d/comments?per_page=%d"):format(self.base, self.path, number,
    PER_PAGE))
end

-- Writing ------------------------------------------------------------------------------------

-- Issues that were filed in the last minutes, by GitHub's word for "newest first".
local function find_recent(self, is_same)
  learn_login(self)
  local url = ("%s%s?state=all&sort=created&direction=desc&per_page=%d"):format(self.base,
    self.path, PER_PAGE)
  local items, err = call(self, "GET", url)
  if not items then return nil, err end
  for _, item in ipairs(items) do
    if not item.pull_request and is_trusted(self, item) and is_same(item) then return item end
  end
end

---@param fields {title: string, body: string, labels: string[]|nil}
---@param is_same fun(issue: table): boolean recognises the issue where the answer was lost
---@return table|nil issue with html_url and number
---@return lsqm.Error|nil
function Issues:create(fields, is_same)
  return call(self, "POST", self.base .. self.path, { title = fields.title, body = fields.body,
    labels = fields.labels and json.array(fields.labels) },
    function() return find_recent(self, is_same) end)
end

---@param number integer
---@param fields {body: string|nil, state: string|nil, state_reason: string|nil}
function Issues:edit(number, fields)
  return call(self, "PATCH", ("%s%s/%d"):format(self.base, self.path, number), fields)
end

---@param number integer
---@param body string
function Issues:comment(number, body)
  return call(self, "POST", ("%s%s/%d/comments"):format(self.base, self.path, number),
    { body = body }, function()
      local comments, err = self:comments(number)
      if not comments then return nil, err end
      for _, one in ipairs(comments) do
        if one.body == body then return one end
      end
    end)
end

---@param id integer
---@param body string
function Issues:edit_comment(id, body)
  return call(self, "PATCH", ("%s%s/comments/%d"):format(self.base, self.path, id),
    { body = body })
end

return M
