-- SPDX-License-Identifier: Apache-2.0
-- Issues of one GitHub repository: list, create, edit, comment. Writes keep the pause that GitHub
-- asks for, and one whose answer was lost is looked for before it is repeated, so that none is made
-- twice. An answer from another host than the API's is none.

local api_of = require "std.github.api"
local error_of = require "std.error"
local json = require "std.json"
local parallel = require "std.parallel"
local time = require "std.time"

local M = {}

local PER_PAGE <const>, MAX_PAGES <const>, WRITES <const> = 100, 1000, 3

-- Seconds: between writes (GitHub's own advice), for a limit to end, before the second try.
M.DEFAULTS = { interval = 1, max_wait = 300, base = 1 }

---@class lsqm.GitHubIssues
local Issues = {}
Issues.__index = Issues

---@param options {token: string, repo: string, api_url: string|nil, interval: number|nil,
---  max_wait: number|nil, base: number|nil, timeout: number|nil, sleep: function|nil,
---  log: table|nil}
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
  local all = {}
  for key, value in pairs(M.DEFAULTS) do all[key] = value end
  for key, value in pairs(options) do all[key] = value end
  return setmetatable({ api = api_of.new(all), interval = all.interval, base = all.base,
    sleep = all.sleep or parallel.sleep, path = "/repos/" .. options.repo .. "/issues" }, Issues)
end

local function origin(url) return url:match("^%a+://[^/?#]+") end

-- The value of an answer, and the answer.
local function ask(self, method, path, body)
  local reply, err = self.api:ask(method, path, { body = body and json.encode(body) or nil })
  if not reply then return nil, err end
  if origin(reply.url) ~= origin(self.api.url) then
    return nil, error_of.new { op = "github", code = "denied",
      message = "sent on to another host: " .. tostring(origin(reply.url)) }
  end
  return reply.json or {}, nil, reply
end

-- Reading ------------------------------------------------------------------------------------

local function pages(self, path, each)
  for _ = 1, MAX_PAGES do
    local items, err, reply = ask(self, "GET", path)
    if not items then return nil, err end
    for _, item in ipairs(items) do each(item) end
    path = (reply.headers.link or ""):match('<([^<>]+)>;%s*rel="next"')
    if not path then return true end
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
  local user = ask(self, "GET", "/user")
  self.login = type(user) == "table" and type(user.login) == "string" and user.login or false
end

local function collect(self, path)
  learn_login(self)
  local list = {}
  local ok, err = pages(self, path, function(item)
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
  return collect(self, ("%s?state=all&sort=created&direction=asc&per_page=%d"):format(self.path,
    PER_PAGE))
end

---@param number integer
---@return table[]|nil
---@return lsqm.Error|nil
function Issues:comments(number)
  return collect(self, ("%s/%d/comments?per_page=%d"):format(self.path, number, PER_PAGE))
end

-- Writing ------------------------------------------------------------------------------------

local function pace(self)
  local pause = (self.next_write or 0) - time.monotonic()
  if pause > 0 then self.sleep(pause) end
end

-- done_already: what was made although no answer came. Without it a repeated write changes nothing.
local function write(self, method, path, body, done_already)
  local last
  for attempt = 1, WRITES do
    pace(self)
    local value, err = ask(self, method, path, body)
    self.next_write = time.monotonic() + self.interval
    if value then return value end
    -- Not carried out, or not our business: only what may have been lost is looked for.
    if not err.passing then return nil, err end
    last = err
    local found, why
    if done_already then found, why = done_already() end
    if found or why then return found, why end
    if attempt < WRITES then self.sleep(self.base * 2 ^ (attempt - 1)) end
  end
  return nil, last
end

-- The newest issues first: what was filed a moment ago is on the first page.
local function find_recent(self, is_same)
  learn_login(self)
  local items, err = ask(self, "GET", ("%s?state=all&sort=created&direction=desc&per_page=%d")
    :format(self.path, PER_PAGE))
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
  return write(self, "POST", self.path, { title = fields.title, body = fields.body,
    labels = fields.labels and json.array(fields.labels) },
    function() return find_recent(self, is_same) end)
end

---@param number integer
---@param fields {body: string|nil, state: string|nil, state_reason: string|nil}
function Issues:edit(number, fields)
  return write(self, "PATCH", ("%s/%d"):format(self.path, number), fields)
end

---@param number integer
---@param body string
function Issues:comment(number, body)
  return write(self, "POST", ("%s/%d/comments"):format(self.path, number), { body = body },
    function()
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
  return write(self, "PATCH", ("%s/comments/%d"):format(self.path, id), { body = body })
end

return M
