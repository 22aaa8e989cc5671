-- SPDX-License-Identifier: Apache-2.0
-- The module registry's protocol: where its modules lie (service discovery), which there are,
-- their versions, and the place of one version. How it is asked is the caller's: get(url) ->
-- response | nil, why.

local json = require "std.json"
local requirements = require "std.terraform.requirements"

local M = {}

M.DEFAULT = "https://registry.terraform.io"

local MAX_PAGES <const> = 50

--- The registry of this process.
function M.url() return (os.getenv "TF_REGISTRY_URL" or M.DEFAULT):gsub("/+$", "") end

local function newest(list, constraint)
  local best
  for _, entry in ipairs(list) do
    local version = type(entry) == "table" and entry.version
    if type(version) == "string" and version:find("^%d+[%d%.]*$")
      and requirements.satisfies(version, constraint or "")
      and (not best or requirements.compare(version, best) > 0) then best = version end
  end
  return best
end

-- --- the protocol ----------------------------------------------------------------------------

-- Where a registry's modules lie, by its URL: asked once.
local discovered = {}

local function join(base, path)
  if path:find("^%a[%w+.-]*://") then return path end
  return path:find("^/") and base:match("^%a+://[^/]+") .. path or base .. "/" .. path
end

local function value_of(response)
  local value = json.decode(response.body)
  return type(value) == "table" and value or nil
end

-- A registry without discovery has its modules at the usual place.
local function modules_url(base, get)
  if discovered[base] then return discovered[base] end
  local response, why, status = get(base .. "/.well-known/terraform.json")
  if not response and status ~= 404 then return nil, why end
  local services = response and value_of(response)
  local path = services and type(services["modules.v1"]) == "string" and services["modules.v1"]
    or "/v1/modules/"
  discovered[base] = join(base, path):gsub("/+$", "")
  return discovered[base]
end

---The newest version that fits.
---@param get fun(url: string): table|nil, string|nil, integer|nil response, or why and the status
---@param address string "namespace/name/provider"
---@param constraint string|nil
---@return string|nil version
---@return string|nil why
function M.newest(get, address, constraint)
  local base, why = modules_url(M.url(), get)
  if not base then return nil, why end
  local response
  response, why = get(("%s/%s/versions"):format(base, address))
  if not response then return nil, why end
  local answer = value_of(response)
  local entry = answer and type(answer.modules) == "table" and answer.modules[1]
  local chosen = entry and type(entry.versions) == "table" and newest(entry.versions, constraint)
  if not chosen then
    return nil, answer and "has no version " .. (constraint or "") or "its answer is not whole JSON"
  end
  return chosen
end

---The place of a version, as a source that may be fetched.
---@return string|nil source
---@return string|nil why
function M.location(get, address, version)
  local base, why = modules_url(M.url(), get)
  if not base then return nil, why end
  local url = ("%s/%s/%s/download"):format(base, address, version)
  local response
  response, why = get(url)
  if not response then return nil, why end
  local location = response.headers["x-terraform-get"]
  if not location then return nil, "the registry does not say where it is" end
  if location:find("^%a[%w+.-]*::?") or location:find("^github%.com/") then return location end
  if location:find("^/") then return join(base, location) end
  return url:gsub("/download$", "/") .. location:gsub("^%./", "")
end

-- The URL of the page after this one.
local function next_page(base, meta)
  local url = type(meta) == "table" and meta.next_url
  return type(url) == "string" and url ~= "" and join(base, url) or nil
end

local function escape(text)
  return (text:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

---Addresses of the modules that a search finds, in the registry's order, at most `limit`.
---@param wanted {search: string, provider: string, namespace: string|nil, limit: integer}
---@return string[]|nil addresses
---@return string|nil why
function M.search(get, wanted)
  local base, why = modules_url(M.url(), get)
  if not base then return nil, why end
  local url = ("%s/search?q=%s&provider=%s%s&limit=%d"):format(base, escape(wanted.search),
    escape(wanted.provider), wanted.namespace and "&namespace=" .. escape(wanted.namespace) or "",
    math.min(wanted.limit, 100))
  local found, seen = {}, {}
  for _ = 1, MAX_PAGES do
    local response
    response, why = get(url)
    if not response then return nil, why end
    local answer = value_of(response)
    if not answer or type(answer.modules) ~= "table" then
      return nil, "its answer is not whole JSON"
    end
    for _, module in ipairs(answer.modules) do
      local address = ("%s/%s/%s"):format(module.namespace, module.name, module.provider)
      if address:find("^[%w_-]+/[%w_-]+/[%w_-]+$") and not seen[address] then
        found[#found + 1], seen[address] = address, true
      end
      if #found == wanted.limit then return found end
    end
    url = next_page(base, answer.meta)
    if not url then return found end
  end
  return found
end

return M
