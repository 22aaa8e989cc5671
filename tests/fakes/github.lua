-- SPDX-License-Identifier: Apache-2.0
-- GitHub's REST API with state: organisations, repositories with their commits and tarballs,
-- issues. With Prism every request, and every answer that is not a scripted fault, passes through
-- it: lsqm -> front (counts, faults, ETags) -> Prism (holds both to the description) -> core.
--
--   local github <close> = fake.new { orgs = { acme = { "acme/one" } },
--     repos = { ["acme/one"] = { sha = "…", tarball = bytes } }, prism = true }
--   github.url, github.requests, github.validated (count by endpoint), github.violations
--   github:fault("/orgs/acme/repos", { reset = true })   for the next request that matches
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local http = require "std.http"
local json = require "std.json"
local prism_of = dofile(here .. "/prism.lua")
local server_of = dofile(here .. "/server.lua")
local sha256 = require "std.sha256"
local sample = dofile(here .. "/github_sample.lua")

local M = {}

local GitHub = {}
GitHub.__index = GitHub

-- --- core: what GitHub would say ----------------------------------------------------------------

local function answer(status, value, headers)
  headers = headers or {}
  headers["Content-Type"] = headers["Content-Type"] or "application/json; charset=utf-8"
  return { status = status, headers = headers,
    body = type(value) == "string" and value or json.encode(value) }
end

local function problem(status, text)
  return answer(status, { message = text, documentation_url = "https://docs.github.com/rest" })
end

-- One page of a list, and the Link header to the others.
local function page_of(self, request, list)
  local size = math.min(tonumber(request.query.per_page) or 30, 100)
  local page = tonumber(request.query.page) or 1
  local items = json.array {}
  for i = (page - 1) * size + 1, math.min(page * size, #list) do items[#items + 1] = list[i] end
  if page * size >= #list then return answer(200, items) end
  local query = "per_page=" .. size
  for name, value in pairs(request.query) do
    if name ~= "page" and name ~= "per_page" then query = query .. "&" .. name .. "=" .. value end
  end
  return answer(200, items, { Link = ('<%s%s?%s&page=%d>; rel="next"'):format(self.url,
    request.path, query, page + 1) })
end

local ROUTES = {}

local function route(method, pattern, handle)
  ROUTES[#ROUTES + 1] = { method = method, pattern = "^" .. pattern .. "$", handle = handle }
end

local function list_repos(self, request, owner)
  local names = self.orgs[owner]
  if not names then return problem(404, "Not Found") end
  local list = {}
  for _, name in ipairs(names) do
    list[#list + 1] = sample.repository(self.description, name, self.repos[name])
  end
  return page_of(self, request, list)
end
route("GET", "/orgs/([^/]+)/repos", list_repos)
route("GET", "/users/([^/]+)/repos", list_repos)

route("GET", "/repos/([^/]+/[^/]+)", function(self, _, name)
  local repo = self.repos[name]
  if not repo then return problem(404, "Not Found") end
  return answer(200, sample.full_repository(self.description, name, repo))
end)

route("GET", "/repos/([^/]+/[^/]+)/commits/([^/]+)", function(self, request, name, ref)
  local repo = self.repos[name]
  if not repo then return problem(404, "Not Found") end
  if repo.empty then return problem(409, "Git Repository is empty.") end
  if ref ~= "HEAD" and ref ~= (repo.default_branch or "main") and ref ~= repo.sha then
    return problem(422, "No commit found for SHA: " .. ref)
  end
  if request.headers.accept ~= "application/vnd.github.sha" then
    return problem(500, "the fake knows a commit's SHA only")
  end
  return answer(200, repo.sha, { ["Content-Type"] = "application/vnd.github.sha; charset=utf-8" })
end)

-- Without a Location here: Prism would follow it. The front adds it.
route("GET", "/repos/([^/]+/[^/]+)/tarball/([^/]+)", function(self, _, name)
  if not self.repos[name] then return problem(404, "Not Found") end
  return { status = 302, headers = {}, body = "" }
end)

route("GET", "/user", function(self)
  return answer(200, sample.user(self.description, "lsqm-bot"))
end)

local function issues_of(self, name)
  self.issues[name] = self.issues[name] or {}
  return self.issues[name]
end

route("GET", "/repos/([^/]+/[^/]+)/issues", function(self, request, name)
  local list = {}
  for _, issue in ipairs(issues_of(self, name)) do
    local state = request.query.state or "open"
    local creator = request.query.creator
    if (state == "all" or issue.state == state)
      and (not creator or issue.user.login == creator) then list[#list + 1] = issue end
  end
  return page_of(self, request, list)
end)

route("POST", "/repos/([^/]+/[^/]+)/issues", function(self, request, name)
  local issue = self:add_issue(name, json.decode(request.body))
  return answer(201, issue, { Location = issue.url })
end)

route("GET", "/repos/([^/]+/[^/]+)/issues/(%d+)", function(self, _, name, number)
  local issue = issues_of(self, name)[tonumber(number)]
  return issue and answer(200, issue) or problem(404, "Not Found")
end)

route("PATCH", "/repos/([^/]+/[^/]+)/issues/(%d+)", function(self, request, name, number)
  local issue = issues_of(self, name)[tonumber(number)]
  if not issue then return problem(404, "Not Found") end
  local change = json.decode(request.body)
  for _, key in ipairs { "title", "body", "state" } do issue[key] = change[key] or issue[key] end
  if change.labels then issue.labels = sample.labels(self.description, change.labels) end
  return answer(200, issue)
end)

local function comments_of(self, name, number)
  local key = name .. "#" .. number
  self.comments[key] = self.comments[key] or {}
  return self.comments[key]
end

route("GET", "/repos/([^/]+/[^/]+)/issues/(%d+)/comments", function(self, request, name, number)
  return page_of(self, request, comments_of(self, name, number))
end)

route("POST", "/repos/([^/]+/[^/]+)/issues/(%d+)/comments", function(self, request, name, number)
  if not issues_of(self, name)[tonumber(number)] then return problem(404, "Not Found") end
  self.last_comment = (self.last_comment or 0) + 1
  local comment = sample.comment(self.description, name, tonumber(number),
    { id = self.last_comment, body = json.decode(request.body).body })
  table.insert(comments_of(self, name, number), comment)
  return answer(201, comment, { Location = comment.url })
end)

route("PATCH", "/repos/([^/]+/[^/]+)/issues/comments/(%d+)", function(self, request, _, id)
  for _, list in pairs(self.comments) do
    for _, comment in ipairs(list) do
      if comment.id == tonumber(id) then
        comment.body = json.decode(request.body).body
        return answer(200, comment)
      end
    end
  end
  return problem(404, "Not Found")
end)

route("GET", "/repos/([^/]+/[^/]+)/labels", function(self, request, name)
  return page_of(self, request, sample.labels(self.description, self.labels[name] or {}))
end)

route("POST", "/repos/([^/]+/[^/]+)/labels", function(self, request, name)
  local label = json.decode(request.body).name
  self.labels[name] = self.labels[name] or {}
  table.insert(self.labels[name], label)
  return answer(201, sample.labels(self.description, { label })[1])
end)

route("POST", "/repos/([^/]+/[^/]+)/issues/(%d+)/labels", function(self, request, name, number)
  local issue = issues_of(self, name)[tonumber(number)]
  if not issue then return problem(404, "Not Found") end
  for _, label in ipairs(sample.labels(self.description, json.decode(request.body).labels)) do
    table.insert(issue.labels, label)
  end
  return answer(200, issue.labels)
end)

local function core(self, request)
  for _, entry in ipairs(ROUTES) do
    if entry.method == request.method then
      local found = table.pack(request.path:match(entry.pattern))
      if found[1] then return entry.handle(self, request, table.unpack(found)) end
    end
  end
  return problem(404, "Not Found")
end

--- Files an issue as somebody else would: fields = {title, body, labels, state, pull_request}.
function GitHub:add_issue(name, fields)
  local list = issues_of(self, name)
  local issue = sample.issue(self.description, name, #list + 1, fields)
  list[#list + 1] = issue
  return issue
end

-- --- front: what the network makes of it --------------------------------------------------------

local PASSED <const> = { "accept", "authorization", "content-type", "x-github-api-version",
  "user-agent" }

local function through_prism(self, request)
  local headers = {}
  for _, name in ipairs(PASSED) do headers[name] = request.headers[name] end
  local reply, err = http.request { method = request.method, headers = headers, retries = 0,
    url = self.prism.url .. request.target, timeout = 30,
    body = request.body ~= "" and request.body or nil }
  assert(reply, tostring(err))
  local endpoint = self.prism:endpoint(request.method, request.path)
  local kind = reply.headers["content-type"] or ""
  if kind:find "problem%+json" or reply.headers["sl-violations"] or not endpoint then
    table.insert(self.violations, ("%s %s: %s %s"):format(request.method, request.target,
      reply.headers["sl-violations"] or "", reply.body:sub(1, 600)))
  else
    self.validated[endpoint] = (self.validated[endpoint] or 0) + 1
  end
  return { status = reply.status, body = reply.body, headers = { Link = reply.headers.link,
    ["Content-Type"] = reply.headers["content-type"] } }
end

local function next_fault(self, request)
  for i, entry in ipairs(self.faults) do
    if request.path:find(entry.path) then
      entry.left = entry.left - 1
      if entry.left == 0 then table.remove(self.faults, i) end
      return entry.reply
    end
  end
  return nil
end

local function with_limit(self, reply)
  self.used = self.used + 1
  local headers = reply.headers
  headers["X-RateLimit-Limit"] = "5000"
  headers["X-RateLimit-Remaining"] = headers["X-RateLimit-Remaining"]
    or tostring(5000 - self.used)
  headers["X-RateLimit-Reset"] = headers["X-RateLimit-Reset"] or tostring(os.time() + 3600)
  return reply
end

local function front(self, request)
  table.insert(self.requests, request)
  local reply = self.prism and through_prism(self, request) or core(self, request)
  local name = reply.status == 302 and request.path:match "^/repos/([^/]+/[^/]+)/tarball/"
  if name then
    reply.headers.Location = ("%s/%s/legacy.tar.gz"):format(self.files.url, name)
  elseif reply.status == 200 and request.method == "GET" then
    reply.headers.ETag = ('W/"%s"'):format(sha256.string(reply.body))
  end
  local fault = next_fault(self, request)
  if fault then
    local changed = type(fault) == "function" and fault(reply, request) or fault
    for key, value in pairs(changed) do reply[key] = value end
    if reply.status >= 300 then reply.headers.ETag = nil end
    return with_limit(self, reply)
  end
  if reply.headers.ETag and request.headers["if-none-match"] == reply.headers.ETag then
    reply.status, reply.body = 304, ""
    return reply -- costs nothing
  end
  return with_limit(self, reply)
end

-- Tarballs lie on another host, as codeload does; what arrives there is kept, too.
local function serve_file(self, request)
  table.insert(self.downloads, request)
  local fault = next_fault(self, request)
  local name = request.path:match "^/([^/]+/[^/]+)/legacy%.tar%.gz$"
  local repo = name and self.repos[name]
  local reply = repo and { status = 200, body = repo.tarball,
    headers = { ["Content-Type"] = "application/x-gzip" } } or { status = 404, body = "" }
  for key, value in pairs(fault or {}) do reply[key] = value end
  return reply
end

--- The next `times` (1) requests whose path matches the pattern get this: fields of a reply, or
--- a function of the reply that would have been sent.
function GitHub:fault(path, reply, times)
  table.insert(self.faults, { path = path, reply = reply, left = times or 1 })
end

--- Lines "n METHOD /endpoint" of what Prism validated, sorted.
function GitHub:counts()
  local lines = {}
  for endpoint, count in pairs(self.validated) do
    lines[#lines + 1] = ("%4d  %s"):format(count, endpoint)
  end
  table.sort(lines, function(a, b) return a:sub(7) < b:sub(7) end)
  return lines
end

function GitHub:__close()
  self.front:__close()
  self.files:__close()
  if self.core then self.core:__close() end
  if self.prism then self.prism:__close() end
end

--- Closes it and prints how many requests Prism let pass, by endpoint.
function GitHub:finish()
  print("\nrequests that Prism validated:\n" .. table.concat(self:counts(), "\n"))
  self:__close()
end

---@param options {orgs?: table, repos?: table, prism?: boolean}
---@return table|nil github
---@return string|nil why there is no Prism
function M.new(options)
  local self = setmetatable({ orgs = options.orgs or {}, repos = options.repos or {}, issues = {},
    comments = {}, labels = {}, requests = {}, downloads = {}, validated = {}, violations = {},
    faults = {}, used = 0, description = prism_of.description() }, GitHub)
  if options.prism then
    local why
    self.core = server_of(function(request) return core(self, request) end)
    self.prism, why = prism_of.start(self.core.url)
    if not self.prism then
      self.core:__close()
      return nil, why
    end
  end
  self.front = server_of(function(request) return front(self, request) end)
  self.files = server_of(function(request) return serve_file(self, request) end, "localhost")
  self.url = self.front.url
  return self
end

return M
