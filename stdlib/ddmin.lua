-- SPDX-License-Identifier: Apache-2.0
-- Delta debugging: the smallest list that still shows what the whole list shows (Zeller and
-- Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002).

local M = {}

local function without(list, first, last)
  local out = {}
  for i, item in ipairs(list) do
    if i < first or i > last then out[#out + 1] = item end
  end
  return out
end

-- One pass over the chunks of a given size; what can go, goes at once.
local function pass(list, size, shows)
  local first, shrunk = 1, false
  while first <= #list do
    local candidate = without(list, first, math.min(#list, first + size - 1))
    local answer = #candidate < #list and shows(candidate)
    if answer == nil then return list, shrunk, true end
    if answer then
      list, shrunk = candidate, true
    else
      first = first + size
    end
  end
  return list, shrunk, false
end

---@param list any[]
---@param shows fun(candidate: any[]): boolean|nil whether it still shows it; nil: stop here
---@return any[] list no single item of it can be left out, unless it was stopped
---@return boolean complete false when it was stopped
function M.minimise(list, shows)
  local size = math.max(1, #list // 2)
  while true do
    local shrunk, stopped
    list, shrunk, stopped = pass(list, size, shows)
    if stopped then return list, false end
    if size == 1 and not shrunk then return list, true end
    size = math.max(1, math.min(size // 2, #list // 2))
  end
end

return M
