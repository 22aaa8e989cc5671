-- SPDX-License-Identifier: Apache-2.0
-- Python text: literals that no name from a template can break out of, and the small layout rules
-- (line width, trailing commas) that keep generated files as a formatter would leave them.

local tables = require "std.table"

local M = {}

local WIDTH = 88

local SHORT = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape_code(code)
  if code < 0x20 or code == 0x7f then return ("\\x%02x"):format(code) end
  if code < 0x80 then return utf8.char(code) end
  if code < 0x10000 then return ("\\u%04x"):format(code) end
  return ("\\U%08x"):format(code)
end

--- A Python string literal in plain ASCII; bytes that are not UTF-8 become U+FFFD.
---@param text string
---@return string
function M.string(text)
  local out, at = {}, 1
  while at <= #text do
    local stop = utf8.len(text, at, at) and utf8.offset(text, 2, at) or nil
    if not stop then
      out[#out + 1] = "\\ufffd"
      at = at + 1
    else
      local char = text:sub(at, stop - 1)
      out[#out + 1] = SHORT[char] or escape_code(utf8.codepoint(char))
      at = stop
    end
  end
  return '"' .. table.concat(out) .. '"'
end

--- True when the text can stand as a Python name.
---@param text any
---@return boolean
function M.is_name(text)
  return type(text) == "string" and text:match("^[%a_][%w_]*$") ~= nil
end

-- "@a.0.b" reads resource["a"][0]["b"].
local function state_path(path)
  local out = { "resource" }
  for part in path:gmatch("[^.]+") do
    out[#out + 1] = "[" .. (part:match("^%d+$") or M.string(part)) .. "]"
  end
  return table.concat(out)
end

--- A Python expression for a Lua value; a string that starts with `@` reads the resource.
---@param value any
---@return string
function M.value(value)
  local kind = math.type(value) or type(value)
  if kind == "string" then
    return value:sub(1, 1) == "@" and state_path(value:sub(2)) or M.string(value)
  end
  if kind == "boolean" then return value and "True" or "False" end
  if kind == "integer" then return ("%d"):format(value) end
  if kind == "float" then return ("%.17g"):format(value) end
  assert(kind == "table", "value: a string, number, boolean or table expected")
  local parts = {}
  if value[1] ~= nil or next(value) == nil then
    for _, item in ipairs(value) do parts[#parts + 1] = M.value(item) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  for _, key in ipairs(tables.sorted_keys(value)) do
    parts[#parts + 1] = M.string(key) .. ": " .. M.value(value[key])
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

--- One call, on one line where it fits, else one argument per line.
---@param indent string
---@param head string      what stands before the bracket, e.g. `answer = ec2.describe_vpcs`
---@param args string[]    complete arguments
---@param tail string?     what stands after the bracket, e.g. the colon of a definition
---@return string[] lines
function M.call(indent, head, args, tail)
  tail = tail or ""
  local line = ("%s%s(%s)%s"):format(indent, head, table.concat(args, ", "), tail)
  if #line <= WIDTH or #args == 0 then return { line } end
  local joined = indent .. "    " .. table.concat(args, ", ")
  if #joined <= WIDTH then return { indent .. head .. "(", joined, indent .. ")" .. tail } end
  local lines = { indent .. head .. "(" }
  for _, arg in ipairs(args) do lines[#lines + 1] = indent .. "    " .. arg .. "," end
  lines[#lines + 1] = indent .. ")" .. tail
  return lines
end

--- `name=value` arguments, names sorted.
---@param map table<string, any>
---@return string[]
function M.keywords(map)
  local args = {}
  for _, name in ipairs(tables.sorted_keys(map or {})) do
    if not M.is_name(name) then error(("argument '%s' is not a Python name"):format(name), 2) end
    args[#args + 1] = name .. "=" .. M.value(map[name])
  end
  return args
end

--- `assert left == right`, wrapped as a formatter would.
function M.assert_equal(indent, left, right)
  local line = ("%sassert %s == %s"):format(indent, left, right)
  if #line <= WIDTH then return { line } end
  return { indent .. "assert (", indent .. "    " .. left, indent .. "    == " .. right,
    indent .. ")" }
end

--- Text of a long string with every line moved right; blank lines stay blank.
---@param text string
---@param indent string
---@return string
function M.indent(text, indent)
  local out = {}
  for line in (text:gsub("%s+$", "") .. "\n"):gmatch("(.-)\n") do
    out[#out + 1] = line == "" and "" or indent .. line
  end
  return table.concat(out, "\n")
end

return M
