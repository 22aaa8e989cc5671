-- SPDX-License-Identifier: Apache-2.0
-- A module registry on a free port of this process: discovery, search, versions, places, archives.
--   local registry <close> = fake.new { ["acme/queue/aws"] = { ["1.2.0"] = archive_bytes } }
--   registry.url, registry.paths (what was asked for)
--   registry:fault("/versions$", { reset = true }, 2)   for the next two requests that match
-- A version may be { place = "git::https://…" } instead of an archive's bytes.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local json = require "std.json"
local server_of = dofile(here .. "/server.lua")
local tables = require "std.table"

local M = {}

local Registry = {}
Registry.__index = Registry

local ADDRESS <const> = "([^/]+/[^/]+/[^/]+)"

local function answer(status, body, headers) return { status = status, body = body or "",
  headers = headers or {} } end

local function json_answer(value)
  return answer(200, json.encode(value), { ["Content-Type"] = "application/json" })
end

local function versions_of(self, name)
  local list = {}
  for version in pairs(self.modules[name]) do list[#list + 1] = { version = version } end
  return json_answer { modules = { { source = name, versions = list } } }
end

local function is_hit(request, name)
  local namespace, short, provider = name:match "^([^/]+)/([^/]+)/([^/]+)$"
  local query = request.query
  return short:find(query.q or "", 1, true) and (query.provider or provider) == provider
    and (query.namespace or namespace) == namespace
end

local function search(self, request)
  local hits, page = {}, json.array {}
  for _, name in ipairs(tables.sorted_keys(self.modules)) do
    if is_hit(request, name) then hits[#hits + 1] = name end
  end
  local offset, limit = tonumber(request.query.offset) or 0, tonumber(request.query.limit) or 15
  limit = math.min(limit, self.page)
  for i = offset + 1, math.min(offset + limit, #hits) do
    local namespace, name, provider = hits[i]:match "^([^/]+)/([^/]+)/([^/]+)$"
    page[#page + 1] = { namespace = namespace, name = name, provider = provider }
  end
  local more = offset + limit < #hits and ("%s?q=%s&provider=%s&limit=%d&offset=%d"):format(
    request.path, request.query.q, request.query.provider, limit, offset + limit) or nil
  return json_answer { meta = { limit = limit, current_offset = offset, next_url = more },
    modules = page }
end

local function place_of(self, name, version)
  local module = self.modules[name] and self.modules[name][version]
  if not module then return answer(404) end
  local place = type(module) == "table" and module.place
  return answer(204, "", { ["X-Terraform-Get"] = place
    or ("/archives/%s/%s.tar.gz"):format(name, version) })
end

local function route(self, request)
  local path = request.path
  if path == "/.well-known/terraform.json" then
    if self.base == false then return answer(404) end
    return json_answer { ["modules.v1"] = self.base .. "/" }
  end
  local base = self.base or "/v1/modules"
  local rest = path:sub(1, #base) == base and path:sub(#base + 1) or ""
  if rest == "/search" then return search(self, request) end
  local name = rest:match("^/" .. ADDRESS .. "/versions$")
  if name then return self.modules[name] and versions_of(self, name) or answer(404) end
  local version
  name, version = rest:match("^/" .. ADDRESS .. "/([^/]+)/download$")
  if name then return place_of(self, name, version) end
  name, version = path:match("^/archives/" .. ADDRESS .. "/([^/]+)%.tar%.gz$")
  local bytes = name and self.modules[name] and self.modules[name][version]
  return bytes and answer(200, bytes) or answer(404)
end

local function reply(self, request)
  self.paths[#self.paths + 1] = request.path
  local result = route(self, request)
  for i, fault in ipairs(self.faults) do
    if request.path:find(fault.path) then
      fault.left = fault.left - 1
      if fault.left == 0 then table.remove(self.faults, i) end
      for key, value in pairs(fault.reply) do result[key] = value end
      break
    end
  end
  return result
end

--- The next `times` (1) requests whose path matches the pattern get these fields of a reply.
function Registry:fault(path, fields, times)
  table.insert(self.faults, { path = path, reply = fields, left = times or 1 })
end

function Registry:__close() self.server:__close() end

---@param modules table<string, table<string, string|table>> archives or places by module, version
---@param options {base: string|false|nil, page: integer|nil}|nil where the modules lie (false: the
--- registry knows no discovery), how many a page of the search has
function M.new(modules, options)
  options = options or {}
  local base = options.base
  if base == nil then base = "/v1/modules" end
  local self = setmetatable({ modules = modules, base = base, page = options.page or 15,
    paths = {}, faults = {} }, Registry)
  self.server = server_of(function(request) return reply(self, request) end)
  self.url = self.server.url
  return self
end

return M
