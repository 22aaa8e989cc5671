-- SPDX-License-Identifier: Apache-2.0
-- Prism in front of a fake: every request that reaches the fake through it, and every answer of
-- the fake, is held to GitHub's published description. `make setup-test` installs it.
--
--   local prism <close> = assert(fake.start(upstream_url))
--   prism.url, prism:endpoint("GET", "/repos/a/b") --> "GET /repos/{owner}/{repo}"
local fs = require "std.fs"
local json = require "std.json"
local parallel = require "std.parallel"
local process = require "std.process"
local python = require "std.python"

local M = {}

local START_SECONDS <const> = 60

local Prism = {}
Prism.__index = Prism

--- The folder that set-up filled, or why there is none.
---@return string|nil dir
---@return string|nil why
function M.home()
  local dir = fs.join(python.cache_dir(), "npm-github")
  if fs.is_file(fs.join(dir, "description.json")) then return dir end
  return nil, "Prism is not installed (make setup-test)"
end

--- The description, cut down to the endpoints that lsqm uses.
function M.description()
  local home, why = M.home()
  if not home then return nil, why end
  return json.read(fs.join(home, "description.json"))
end

local function escape(text) return (text:gsub("[%-%.%+%[%]%(%)%$%^%%%?%*]", "%%%0")) end

-- Path templates as patterns; what has fewer parameters comes first, as in the description.
local function routes_of(description)
  local routes = {}
  for path, methods in pairs(description.paths) do
    local _, parameters = path:gsub("{[^}]+}", "")
    local pattern = "^" .. escape(path):gsub("{[^}]+}", "[^/]+") .. "$"
    for method in pairs(methods) do
      routes[#routes + 1] = { method = method:upper(), path = path, pattern = pattern,
        parameters = parameters }
    end
  end
  table.sort(routes, function(a, b) return a.parameters < b.parameters end)
  return routes
end

--- Which endpoint of the description a request is for.
function Prism:endpoint(method, path)
  for _, route in ipairs(self.routes) do
    if route.method == method and path:find(route.pattern) then
      return method .. " " .. route.path
    end
  end
  return nil
end

--- The end of what it wrote, for a failing test.
function Prism:log() return table.concat(self.output):sub(-2000) end

function Prism:__close()
  self.process:close()
  self.reader:join()
end

-- Reads all that it writes to the end; its own words say when and where it listens.
local function read_all(self)
  for _, text in function() return self.process:read() end do
    table.insert(self.output, text)
    local url = not self.url and self:log():match "listening on (http://[%d%.]+:%d+)"
    if url then
      self.url = url
      self.ready:set()
    end
  end
  self.ready:set()
end

--- Starts it in front of an upstream. A request or answer that breaks the description is
--- answered with a problem instead.
---@param upstream string URL
---@return table|nil prism
---@return string|nil why
function M.start(upstream)
  local home, why = M.home()
  if not home then return nil, why end
  local self = setmetatable({ output = {}, ready = parallel.event(),
    routes = routes_of(assert(M.description())) }, Prism)
  self.process = assert(process.start { argv = { fs.join(home, "node_modules/.bin/prism"),
    "proxy", "--errors", "--host", "127.0.0.1", "--port", "0",
    fs.join(home, "description.json"), upstream }, cwd = home, stream = true, timeout = 900,
    merge_output = true, env = { SCARF_ANALYTICS = "false", HOME = home } })
  self.reader = parallel.spawn(read_all, self)
  parallel.timeout(START_SECONDS, function() self.ready:wait() end)
  if self.url then return self end
  self:__close()
  return nil, "Prism did not start: " .. self:log()
end

return M
