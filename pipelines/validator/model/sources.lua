-- SPDX-License-Identifier: Apache-2.0
-- TemplateSource: config/sources.yaml says which there are, cache/sources_state.json what is known
-- of them since they were mined; and what each means to std.mining.

local error_of = require "std.error"

local M = {}

local function bad(text)
  return nil, error_of.new { op = "sources", code = "usage", message = text }
end

--- The enabled sources with their state.
---@return table[]|nil
---@return lsqm.Error|nil
function M.load(place)
  local path = place:sources_file()
  local config, err = place:read(path, "sources")
  if not config then
    err.code = err.code == "invalid" and "usage" or err.code
    return nil, err
  end
  local state
  state, err = place:read(place:state_file(), "sources_state", { sources = {} })
  if not state then return nil, err end
  local list, seen = {}, {}
  for _, source in ipairs(config.sources) do
    if seen[source.id] then return bad(("%s: two sources '%s'"):format(path, source.id)) end
    seen[source.id] = true
    for key, value in pairs(state.sources[source.id] or {}) do source[key] = value end
    if source.enabled ~= false then list[#list + 1] = source end
  end
  return list
end

--- Notes when a source was mined, and at which commit.
---@param sha string|nil
---@return boolean|nil ok
---@return lsqm.Error|nil
function M.note(place, id, time, sha)
  local state, err = place:read(place:state_file(), "sources_state", { sources = {} })
  if not state then return nil, err end
  state.sources[id] = { last_mined_at = time, last_commit_sha = sha }
  return place:write(place:state_file(), "sources_state", state)
end

local function decode(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

--- What std.mining.sources reads for this source: a folder, a clone, a module or a search.
---@return table
function M.mining(source)
  local folder = source.url:match("^file://(/.*)$")
  if folder and not folder:find("%.git/*$") then
    return { type = "dir", path = decode(folder) }
  end
  if source.source_type == "terraform_registry" then
    local module = source.url:match("/modules/([%w_-]+/[%w_-]+/[%w_-]+)")
    if module then return { type = "registry", module = module } end
    return { type = "registry", search = decode(source.url:match("[?&]q=([^&]+)") or source.id) }
  end
  return { type = "git", url = source.url }
end

return M
