-- SPDX-License-Identifier: Apache-2.0
-- Small helpers for tables. None changes its arguments, except `freeze` and `append`, which say so.

local M = {}

local function by_name(a, b)
  local ta, tb = type(a), type(b)
  if ta ~= tb then return ta < tb end
  if ta == "number" or ta == "string" then return a < b end
  return tostring(a) < tostring(b)
end

--- Keys in no order.
function M.keys(t)
  local out = {}
  for k in pairs(t) do out[#out + 1] = k end
  return out
end

--- Keys sorted: numbers before strings, each in its natural order.
function M.sorted_keys(t)
  local out, names = {}, true
  for k in pairs(t) do
    out[#out + 1] = k
    names = names and type(k) == "string"
  end
  if names then table.sort(out) else table.sort(out, by_name) end
  return out
end

--- Iterates `for k, v in sorted_pairs(t)` in the order of sorted_keys.
function M.sorted_pairs(t)
  local keys, i = M.sorted_keys(t), 0
  return function()
    i = i + 1
    local k = keys[i]
    if k ~= nil then return k, t[k] end
  end
end

--- Values in the order of their sorted keys.
function M.values(t)
  local out = {}
  for _, v in M.sorted_pairs(t) do out[#out + 1] = v end
  return out
end

--- New list of fn(value, index).
function M.map(list, fn)
  local out = {}
  for i, v in ipairs(list) do out[i] = fn(v, i) end
  return out
end

--- New list of the values that fn(value, index) accepts.
function M.filter(list, fn)
  local out = {}
  for i, v in ipairs(list) do
    if fn(v, i) then out[#out + 1] = v end
  end
  return out
end

--- First value that fn accepts, and its index.
function M.find(list, fn)
  for i, v in ipairs(list) do
    if fn(v, i) then return v, i end
  end
  return nil
end

--- Is value in the list?
---@return boolean
function M.contains(list, value)
  for _, v in ipairs(list) do
    if v == value then return true end
  end
  return false
end

--- { value = true, … } of a list.
function M.set(list)
  local out = {}
  for _, v in ipairs(list) do out[v] = true end
  return out
end

--- Number of entries of any table.
function M.count(t)
  local n = 0
  for _ in pairs(t) do n = n + 1 end
  return n
end

--- Is t a list: only keys 1..n? An empty table counts as one.
---@return boolean
function M.is_list(t)
  if type(t) ~= "table" then return false end
  local n = #t
  for k in pairs(t) do
    if math.type(k) ~= "integer" or k < 1 or k > n then return false end
  end
  return true
end

local function copy(value, seen)
  if type(value) ~= "table" then return value end
  if seen[value] then return seen[value] end
  local out = {}
  seen[value] = out
  for k, v in next, value do out[copy(k, seen)] = copy(v, seen) end
  return setmetatable(out, getmetatable(value))
end

--- Copy at all depths; metatables (such as json's array mark) are shared, cycles kept.
function M.deep_copy(value)
  return copy(value, {})
end

--- Copy of the first level.
function M.copy(t)
  local out = {}
  for k, v in pairs(t) do out[k] = v end
  return setmetatable(out, getmetatable(t))
end

--- New table: the arguments' entries, later ones win. One level deep.
function M.merge(...)
  local out = {}
  for i = 1, select("#", ...) do
    for k, v in pairs((select(i, ...)) or {}) do out[k] = v end
  end
  return out
end

--- The same at all depths; a list replaces as a whole.
function M.deep_merge(a, b)
  local out = M.copy(a)
  for k, v in pairs(b) do
    local both = type(v) == "table" and type(out[k]) == "table"
    if both and not (M.is_list(v) and #v > 0) then
      out[k] = M.deep_merge(out[k], v)
    else
      out[k] = v
    end
  end
  return out
end

--- Same content at all depths; metatables do not count.
---@return boolean
function M.deep_equal(a, b)
  if a == b then return true end
  if type(a) ~= "table" or type(b) ~= "table" then return false end
  for k, v in next, a do
    if not M.deep_equal(v, rawget(b, k)) then return false end
  end
  for k in next, b do
    if rawget(a, k) == nil then return false end
  end
  return true
end

--- Appends all of `more` to `list` (changes it) and returns it.
function M.append(list, more)
  for _, v in ipairs(more) do list[#list + 1] = v end
  return list
end

--- Slice of a list, both ends included.
function M.slice(list, first, last)
  return table.move(list, first, math.min(last or #list, #list), 1, {})
end

return M
