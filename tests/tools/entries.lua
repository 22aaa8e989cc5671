-- SPDX-License-Identifier: Apache-2.0
-- The entries of an index that cloudformation_index.py made, in its order.
local fs = require "std.fs"
local json = require "std.json"

local function is_wanted(name, prefixes)
  for _, prefix in ipairs(prefixes) do
    if name:sub(1, #prefix) == prefix then return true end
  end
  return #prefixes == 0
end

---@param path string raises where it cannot be read
---@param prefixes string[]|nil only types that begin so
---@return table[]
return function(path, prefixes)
  local list = {}
  for line in assert(fs.read(path)):gmatch("[^\n]+") do
    local entry = json.decode(line)
    if is_wanted(entry.type, prefixes or {}) then list[#list + 1] = entry end
  end
  return list
end
