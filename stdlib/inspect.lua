-- SPDX-License-Identifier: Apache-2.0
-- Values as people read them: sorted keys, one line where it fits, limits on depth and width.

local M = {}

local WIDTH, MAX_DEPTH, MAX_ITEMS, MAX_STRING = 80, 6, 200, 2000

local function key_text(key)
  if type(key) == "string" and key:match("^[%a_][%w_]*$") then return key end
  return "[" .. (type(key) == "string" and ("%q"):format(key) or tostring(key)) .. "]"
end

local function less(a, b)
  if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then return a < b end
  return type(a) < type(b) or (type(a) == type(b) and tostring(a) < tostring(b))
end

local render

local function parts_of(value, depth, seen)
  local parts, count = {}, #value
  for i = 1, math.min(count, MAX_ITEMS) do parts[i] = render(value[i], depth + 1, seen) end
  local keys = {}
  for key in next, value do
    local is_listed = math.type(key) == "integer" and key >= 1 and key <= count
    if not is_listed then keys[#keys + 1] = key end
  end
  table.sort(keys, less)
  for i = 1, math.min(#keys, MAX_ITEMS) do
    parts[#parts + 1] = key_text(keys[i]) .. " = " .. render(rawget(value, keys[i]), depth + 1,
      seen)
  end
  local hidden = math.max(0, count - MAX_ITEMS) + math.max(0, #keys - MAX_ITEMS)
  if hidden > 0 then parts[#parts + 1] = ("… %d more"):format(hidden) end
  return parts
end

local function render_table(value, depth, seen)
  local mt = getmetatable(value)
  if type(mt) == "table" and mt.__tostring then return tostring(value) end
  if seen[value] then return "{…}" end
  if depth >= MAX_DEPTH then return "{ … }" end
  seen[value] = true
  local parts = parts_of(value, depth, seen)
  seen[value] = nil
  if #parts == 0 then return "{}" end
  local line = "{ " .. table.concat(parts, ", ") .. " }"
  if #line + depth * 2 <= WIDTH and not line:find("\n", 1, true) then return line end
  local indent = ("  "):rep(depth + 1)
  return "{\n" .. indent .. table.concat(parts, ",\n" .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

function render(value, depth, seen)
  if type(value) == "string" then
    if depth == 0 then return value end
    if #value > MAX_STRING then value = value:sub(1, MAX_STRING) .. "…" end
    return (("%q"):format(value):gsub("\\\n", "\\n"))
  end
  if type(value) == "table" then return render_table(value, depth, seen) end
  return tostring(value)
end

--- Any value as text; a string at the top stays as it is.
---@return string
function M.text(value)
  return render(value, 0, {})
end

return setmetatable(M, { __call = function(_, value) return M.text(value) end })
