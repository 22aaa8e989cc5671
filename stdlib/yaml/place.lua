-- SPDX-License-Identifier: Apache-2.0
-- Where in a YAML text a JSON pointer leads.
--
--   local value, marks = yaml.decode(text, { marks = true })
--   local line, col = place(value, marks, "/environments/0/region")

--- The nearest place above a pointer that the reader noted.
---@param root any what yaml.decode gave
---@param marks table its marks
---@param pointer string
---@return integer line
---@return integer col
return function(root, marks, pointer)
  local value, at = root, { 1, 1 }
  local function note(mark, key)
    if not mark then return end
    local keys = mark.keys and mark.keys[key]
    at = keys or { mark.line, mark.col }
  end
  if marks[root] then at = { marks[root].line, marks[root].col } end
  for part in pointer:gmatch "/([^/]*)" do
    part = part:gsub("~1", "/"):gsub("~0", "~")
    if type(value) ~= "table" then break end
    local key = value[part] == nil and math.tointeger(tonumber(part))
    key = key and key + 1 or part
    note(marks[value], key)
    value = value[key]
    if type(value) == "table" and marks[value] and math.type(key) == "integer" then
      at = { marks[value].line, marks[value].col }
    end
  end
  return at[1], at[2]
end
