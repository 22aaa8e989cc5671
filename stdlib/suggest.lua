-- SPDX-License-Identifier: Apache-2.0
-- "did you mean": the nearest of some candidates, when it is near enough to be a typing slip.

local M = {}

--- Edit distance with swaps of neighbours (optimal string alignment), upper case ignored.
---@return integer
function M.distance(a, b)
  a, b = a:lower(), b:lower()
  local before, last = nil, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    local ca = a:byte(i)
    for j = 1, #b do
      local cost = ca == b:byte(j) and 0 or 1
      local best = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
      local swapped = i > 1 and j > 1 and ca == b:byte(j - 1) and a:byte(i - 1) == b:byte(j)
      if swapped then best = math.min(best, before[j - 2] + 1) end
      row[j] = best
    end
    before, last = last, row
  end
  return last[#b]
end

--- The nearest candidate: at most a third of the word's letters (at least 1) may differ.
---@param word string
---@param candidates table list of names, or a table whose string keys are the names
---@return string|nil
function M.did_you_mean(word, candidates)
  if type(word) ~= "string" then error("suggest.did_you_mean: word must be a string", 2) end
  if #word > 64 then return nil end
  local names = {}
  for k, v in pairs(candidates) do
    names[#names + 1] = type(k) == "string" and k or v
  end
  table.sort(names)
  local best, best_distance = nil, math.max(1, #word // 3) + 1
  for _, name in ipairs(names) do
    if math.abs(#name - #word) < best_distance then
      local d = M.distance(word, name)
      if d < best_distance then best, best_distance = name, d end
    end
  end
  return best
end

--- `, did you mean "x"?` or "": to append to a message.
---@return string
function M.phrase(word, candidates)
  local name = M.did_you_mean(word, candidates)
  return name and (', did you mean "%s"?'):format(name) or ""
end

return M
