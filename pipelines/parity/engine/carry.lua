-- SPDX-License-Identifier: Apache-2.0
-- Volumes without a name, as a database's image brings them, go on from a container to the one
-- that takes its place: a changed file must not cost anybody's data.

local json = require "std.json"
local labels_of = require "pipelines.parity.engine.labels"

local M = {}

---@class parity.Carried
---@field name string    of the volume in the engine
---@field target string
---@field declared boolean?  by the files; else it is the image's

local function is_nameless(name) return #name == 64 and name:find("^%x+$") ~= nil end

--- The nameless volumes of a container.
---@param info table as the engine describes it
---@return parity.Carried[]
function M.of(info)
  local list = json.array()
  for _, row in ipairs(info.Mounts or {}) do
    if row.Type == "volume" and is_nameless(row.Name or "") then
      list[#list + 1] = { name = row.Name, target = row.Destination }
    end
  end
  table.sort(list, function(a, b) return a.target < b.target end)
  return list
end

--- Puts them into the spec of a container, where nothing else is mounted; they are on its label.
---@param spec table the API's spec
---@param list parity.Carried[]
function M.into(spec, list)
  local mounts, at, taken = spec.HostConfig.Mounts, {}, json.array()
  for _, mount in ipairs(mounts) do at[mount.Target] = mount end
  for _, one in ipairs(list) do
    local mount = at[one.target]
    one.declared = mount ~= nil or nil
    if not mount then
      mounts[#mounts + 1] = { Type = "volume", Source = one.name, Target = one.target }
      taken[#taken + 1] = one
    elseif mount.Type == "volume" and not mount.Source then
      mount.Source = one.name
      taken[#taken + 1] = one
    end
  end
  if #taken > 0 then spec.Labels[labels_of.CARRIED] = json.encode(taken) end
end

--- What a container's label says of them.
---@param labels table
---@return parity.Carried[]
function M.listed(labels) return json.decode(labels[labels_of.CARRIED] or "[]") or {} end

return M
