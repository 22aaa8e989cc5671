-- SPDX-License-Identifier: Apache-2.0
-- JSON. Decoding is cjson's; texts with an empty array or very long integers, where cjson loses
-- something, are read by dkjson after cjson has found them valid. Encoding is deterministic.

local cjson = require "cjson"
local error_of = require "std.error"
local valid_utf8 = require("std.text").valid_utf8

local M = {}

local parser = cjson.new()
parser.decode_invalid_numbers(false)
parser.decode_max_depth(200)

local ARRAY <const> = { __jsontype = "array" }
local MAX_DEPTH <const> = 200
local INDENT <const> = "  "

--- JSON's null: a value that is not nil, so it can stand in a table.
M.null = cjson.null

--- Marks t as an array, so that it prints as [] even when it is empty. Returns t.
---@param t table|nil
function M.array(t)
  return setmetatable(t or {}, ARRAY)
end

--- Is t an array: marked, or a non-empty list?
---@return boolean
function M.is_array(t)
  if type(t) ~= "table" then return false end
  local mt = getmetatable(t)
  if mt and mt.__jsontype then return mt.__jsontype == "array" end
  return rawlen(t) > 0
end

-- decoding -------------------------------------------------------------------------------------

-- cjson knows only floating point; whole numbers become integers again. What it may have lost is
-- noted: an integer that a float cannot hold, and an empty table that may have been an array.
local EXACT <const> = 2 ^ 53

local function restore_integers(t, lost)
  if next(t) == nil then lost.empty = true end
  for k, v in next, t do
    if type(v) == "number" then
      local whole = math.tointeger(v)
      if whole then t[k] = whole end
      if v >= EXACT or v <= -EXACT then lost.digits = true end
    elseif type(v) == "table" then
      restore_integers(v, lost)
    end
  end
  return t
end

local function syntax_error(text, message, options)
  local words, offset = tostring(message):match("^(.-) at character (%d+)$")
  local depth = tostring(message):find("nesting", 1, true)
  local fields = error_of.position(text, tonumber(offset) or #text + 1)
  fields.op, fields.code = "json decode", depth and "limit" or "syntax"
  fields.message = (words or tostring(message)):gsub("^%u", string.lower)
  fields.file = options and options.file
  return error_of.new(fields)
end

local function decode_exactly(text)
  return require("dkjson").decode(text, 1, M.null, nil, ARRAY)
end

-- Plain searches first: a pattern over megabytes of logs takes longer than all the decoding.
local function has_empty_array(text)
  if text:find("[]", 1, true) then return true end
  for _, space in ipairs { " ", "\n", "\t", "\r" } do
    if text:find("[" .. space, 1, true) then return text:find("%[%s+%]") ~= nil end
  end
  return false
end

--- Reads JSON text. Empty arrays are marked (see array), null is json.null.
---@param text string
---@param options table|nil {file = name for the error's position}
---@return any value or nil
---@return lsqm.Error|nil
function M.decode(text, options)
  if type(text) ~= "string" then error("json.decode: text must be a string", 2) end
  if not text:find("%S") then
    return nil, syntax_error(text, "expected a value but the text is empty", options)
  end
  local ok, value = pcall(parser.decode, text)
  if not ok then return nil, syntax_error(text, value, options) end
  local lost, box = {}, { value }
  restore_integers(box, lost)
  if lost.digits or lost.empty and has_empty_array(text) then return (decode_exactly(text)) end
  return box[1]
end

-- encoding -------------------------------------------------------------------------------------

local ESCAPES <const> = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n",
  ["\r"] = "\\r", ["\t"] = "\\t",
}

local function escape(c)
  return ESCAPES[c] or ("\\u%04x"):format(c:byte())
end

local function encode_string(s)
  if not s:find('[%c"\\\127-\255]') then return '"' .. s .. '"' end
  s = valid_utf8(s) -- JSON must be UTF-8, whatever a log holds
  return '"' .. s:gsub('[%c"\\\127]', escape) .. '"'
end

local function encode_number(n)
  if math.type(n) == "integer" then return ("%d"):format(n) end
  if n ~= n or n == math.huge or n == -math.huge then
    error("json.encode: a number is not finite", 0)
  end
  local whole = math.tointeger(n)
  if whole and math.abs(whole) < 2 ^ 53 then return ("%d"):format(whole) end
  for digits = 14, 17 do
    local text = ("%." .. digits .. "g"):format(n)
    if tonumber(text) == n then return text end
  end
end

local encode_value

local function encode_list(t, state, depth)
  local n = rawlen(t)
  if n == 0 then state:put("[]") return end
  for i = 1, n do
    state:put(i == 1 and "[" or ",")
    state:newline(depth)
    encode_value(t[i], state, depth)
  end
  state:newline(depth - 1)
  state:put("]")
end

local function sorted_names(t)
  local names, values = {}, {}
  for k, v in next, t do
    if type(k) == "number" then k = tostring(k) end
    if type(k) ~= "string" then error("json.encode: a key is a " .. type(k), 0) end
    names[#names + 1] = k
    values[k] = v
  end
  table.sort(names)
  return names, values
end

local function encode_map(t, state, depth)
  local names, values = sorted_names(t)
  if #names == 0 then state:put("{}") return end
  for i, name in ipairs(names) do
    state:put(i == 1 and "{" or ",")
    state:newline(depth)
    state:put(encode_string(name))
    state:put(state.colon)
    encode_value(values[name], state, depth)
  end
  state:newline(depth - 1)
  state:put("}")
end

local scalar = {
  string = encode_string, number = encode_number, boolean = tostring,
  ["nil"] = function() return "null" end,
}

function encode_value(v, state, depth)
  local kind = type(v)
  if scalar[kind] then state:put(scalar[kind](v)) return end
  if v == M.null then state:put("null") return end
  if kind ~= "table" then error("json.encode: cannot encode a " .. kind, 0) end
  if depth >= MAX_DEPTH then error("json.encode: nested too deeply, or a cycle", 0) end
  if M.is_array(v) then
    encode_list(v, state, depth + 1)
  else
    encode_map(v, state, depth + 1)
  end
end

local function new_state(pretty)
  local out = {}
  return {
    out = out,
    colon = pretty and ": " or ":",
    put = function(_, text) out[#out + 1] = text end,
    newline = function(_, depth)
      if pretty then out[#out + 1] = "\n" .. INDENT:rep(depth) end
    end,
  }
end

--- JSON text with sorted keys. Raises for what JSON cannot say (functions, NaN, cycles).
---@param value any
---@param options table|nil {pretty = boolean}
---@return string
function M.encode(value, options)
  local state = new_state(options and options.pretty)
  local ok, message = pcall(encode_value, value, state, 0)
  if not ok then error(message, 2) end
  return table.concat(state.out)
end

-- files ----------------------------------------------------------------------------------------

--- The value in a file.
---@param path string
---@return any value or nil
---@return lsqm.Error|nil
function M.read(path)
  local text, err = require("std.fs").read(path)
  if not text then return nil, err end
  return M.decode(text, { file = path })
end

--- Writes value, pretty, atomically.
---@param path string
---@return boolean|nil
---@return lsqm.Error|nil
function M.write(path, value)
  return require("std.fs").write(path, M.encode(value, { pretty = true }) .. "\n")
end

return M
