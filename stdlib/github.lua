-- SPDX-License-Identifier: Apache-2.0
-- The few calls of GitHub's REST interface that filing issues needs.
-- The token goes to the API's host only and appears in no error.

local errors = require "std.error"
local http = require "std.http"
local json = require "std.json"

local M = {}

local PER_PAGE, MAX_PAGES = 100, 200

---@class lsqm.GitHub
---@field repo string "owner/name"
local GitHub = {}
GitHub.__index = GitHub

---@param options {token: string, repo: string, api_url: string|nil}
---@return lsqm.GitHub
function M.new(options)
  for _, key in ipairs { "token", "repo" } do
    if type(options[key]) ~= "string" then
      error("github.new: " .. key .. " must be a string", 2)
    end
  end
  if not options.repo:find("^[%w._-]+/[%w._-]+$") then
    error("github.new: repo must be owner/name, not '" .. options.repo .. "'", 2)
  end
  local url = (options.api_url or "https://api.github.com"):gsub("/+$", "")
  return setmetatable({ repo = options.repo, api_url = url, token = options.token }, GitHub)
end

local HINTS = {
  [401] = "GITHUB_TOKEN is not valid",
  [403] = "GITHUB_TOKEN may not do this, or its limit is used up",
  [404] = "the repository does not exist, or GITHUB_TOKEN may not see it",
  [410] = "issues are switched off in this repository",
}

local function failure(op, reply)
  local body = json.decode(reply.body or "")
  local message = type(body) == "table" and body.message or ""
  return errors.new { op = op, code = reply.status < 500 and "denied" or "http",
    status = reply.status, hint = HINTS[reply.status],
    message = ("HTTP %d %s"):format(reply.status, tostring(message)) }
end

function GitHub:call(method, path, body)
  local op = ("github %s %s"):format(method, path:match("^[^?]*"))
  local reply, err = http.request {
    method = method, url = self.api_url .. path, timeout = 30,
    -- A repeated POST could file an issue twice.
    retries = method == "GET" and 3 or 0,
    headers = {
      Authorization = "Bearer " .. self.token, Accept = "application/vnd.github+json",
      ["X-GitHub-Api-Version"] = "2022-11-28", ["User-Agent"] = "lsqm",
      ["Content-Type"] = body and "application/json" or nil,
    },
    body = body and json.encode(body) or nil,
  }
  if not reply then return nil, errors.wrap(err, op) end
  if reply.status < 200 or reply.status > 299 then return nil, failure(op, reply) end
  return json.decode(reply.body, { file = op })
end

-- Our own issues only, where the token says who we are: far fewer pages in a large repository.
local function creator_filter(self)
  local user = self:call("GET", "/user")
  local login = type(user) == "table" and user.login
  if type(login) == "string" and login:find("^[%w_-]+$") then return "&creator=" .. login end
  return ""
end

---All issues, open and closed, on all pages; no pull requests.
---@return table[]|nil
---@return lsqm.Error|nil
function GitHub:issues()
  local filter, list = creator_filter(self), {}
  for page = 1, MAX_PAGES do
    local items, err = self:call("GET", ("/repos/%s/issues?state=all&per_page=%d&page=%d%s"):format(
      self.repo, PER_PAGE, page, filter))
    if not items then return nil, err end
    for _, item in ipairs(items) do
      if not item.pull_request then list[#list + 1] = item end
    end
    if #items == 0 or #items < PER_PAGE then return list end
  end
  return nil, errors.new { op = "github issues", code = "limit",
    message = ("more than %d pages of issues"):format(MAX_PAGES) }
end

---@param title string
---@param body string
---@return table|nil issue with html_url and number
---@return lsqm.Error|nil
function GitHub:create(title, body)
  return self:call("POST", ("/repos/%s/issues"):format(self.repo), { title = title, body = body })
end

---@param number integer
---@param body string
function GitHub:comment(number, body)
  return self:call("POST", ("/repos/%s/issues/%d/comments"):format(self.repo, number),
    { body = body })
end

---@param number integer
function GitHub:reopen(number)
  return self:call("PATCH", ("/repos/%s/issues/%d"):format(self.repo, number), { state = "open" })
end

-- Markers ------------------------------------------------------------------------------------
-- A hidden comment in an issue's body says what it is about; its version allows a later change.

---@param key string hex digits
---@return string
function M.marker(key) return ("<!-- lsqm:issue v=1 key=%s -->"):format(key) end

---@param body string|nil
---@return string|nil key
function M.key_of(body)
  if type(body) ~= "string" then return nil end
  return body:match("<!%-%- lsqm:issue v=1 key=(%x+) %-%->")
end

---Text as code that nothing inside can end.
---@param text string
---@return string
function M.fence(text)
  local longest = 2
  for run in text:gmatch("`+") do longest = math.max(longest, #run) end
  local mark = ("`"):rep(longest + 1)
  return ("%s\n%s\n%s"):format(mark, text, mark)
end

---A short text as inline code.
---@param text string
---@return string
function M.code(text)
  return "`" .. text:gsub("[`%c]", " ") .. "`"
end

return M
