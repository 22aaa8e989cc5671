-- SPDX-License-Identifier: Apache-2.0
-- Keywords that look at a value alone. Each maker returns check(value, path, state).

local formats = require "std.jsonschema.formats"
local json = require "std.json"
local regex = require "std.regex"
local tables = require "std.table"

local M = {}

function M.is_array(value) return json.is_array(value) end

function M.is_object(value)
  return type(value) == "table" and not json.is_array(value)
end

--- JSON pointer of a child.
function M.join_path(path, name)
  return path .. "/" .. tostring(name):gsub("~", "~0"):gsub("/", "~1")
end

local function is_whole(value)
  return type(value) == "number" and (math.type(value) == "integer" or value % 1 == 0)
end

local IS <const> = {
  null = function(v) return v == json.null end,
  boolean = function(v) return type(v) == "boolean" end,
  string = function(v) return type(v) == "string" end,
  number = function(v) return type(v) == "number" end,
  integer = is_whole,
  array = M.is_array,
  object = M.is_object,
}

local function name_of(value)
  for _, name in ipairs { "null", "boolean", "string", "integer", "number", "array", "object" } do
    if IS[name](value) then return name end
  end
  return type(value)
end

M.type = function(wanted, context)
  local list = type(wanted) == "table" and wanted or { wanted }
  for _, name in ipairs(list) do
    if not IS[name] then context.compiler:fail("unknown type " .. tostring(name)) end
  end
  local words = table.concat(list, " or ")
  return function(value, path, state)
    for _, name in ipairs(list) do
      if IS[name](value) then return true end
    end
    return state:report(path, "type", ("must be %s, is %s"):format(words, name_of(value)))
  end
end

local function same(a, b)
  if type(a) == "table" and type(b) == "table" and json.is_array(a) ~= json.is_array(b) then
    return false
  end
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for k, v in pairs(a) do
    if b[k] == nil or not same(v, b[k]) then return false end
  end
  return tables.count(a) == tables.count(b)
end

local function shown(value)
  local ok, text = pcall(json.encode, value)
  text = ok and text or tostring(value)
  return #text > 60 and text:sub(1, 57) .. "..." or text
end

M.enum = function(list)
  return function(value, path, state)
    for _, allowed in ipairs(list) do
      if same(value, allowed) then return true end
    end
    return state:report(path, "enum", ("%s is not one of %s"):format(shown(value), shown(list)))
  end
end

M.const = function(wanted)
  return function(value, path, state)
    if same(value, wanted) then return true end
    return state:report(path, "const", ("must be %s"):format(shown(wanted)))
  end
end

-- A keyword that compares one number: `measure` gives it (nil: not of that type), `fits` judges.
local function compare(keyword, measure, fits, words)
  M[keyword] = function(limit)
    return function(value, path, state)
      local n = measure(value)
      if n == nil or fits(n, limit) then return true end
      return state:report(path, keyword, words:format(tostring(limit), tostring(n)))
    end
  end
end

local function number(v) return type(v) == "number" and v or nil end
local function length(v) return type(v) == "string" and (utf8.len(v) or #v) or nil end
local function item_count(v) return M.is_array(v) and #v or nil end
local function name_count(v) return M.is_object(v) and tables.count(v) or nil end
local function at_least(n, limit) return n >= limit end
local function at_most(n, limit) return n <= limit end

compare("minimum", number, at_least, "must be at least %s, is %s")
compare("maximum", number, at_most, "must be at most %s, is %s")
compare("exclusiveMinimum", number, function(n, l) return n > l end, "must be above %s, is %s")
compare("exclusiveMaximum", number, function(n, l) return n < l end, "must be below %s, is %s")
compare("minLength", length, at_least, "must have at least %s characters, has %s")
compare("maxLength", length, at_most, "must have at most %s characters, has %s")
compare("minItems", item_count, at_least, "must have at least %s items, has %s")
compare("maxItems", item_count, at_most, "must have at most %s items, has %s")
compare("minProperties", name_count, at_least, "must have at least %s properties, has %s")
compare("maxProperties", name_count, at_most, "must have at most %s properties, has %s")
compare("multipleOf", number, function(n, step)
  local q = n / step
  if q - q ~= 0 then return false end
  return math.abs(q - math.floor(q + 0.5)) <= 1e-9 * math.max(1, math.abs(q)) and
    (math.abs(q) > 1e6 or math.abs(q - math.floor(q + 0.5)) < 1e-7)
end, "must be a multiple of %s, is %s")

M.pattern = function(pattern, context)
  local re, err = regex.compile(pattern, "e")
  if not re then context.compiler:fail(err.message) end
  return function(value, path, state)
    if type(value) ~= "string" or re:test(value) then return true end
    return state:report(path, "pattern", ("%s does not match %s"):format(shown(value), pattern))
  end
end

M.format = function(name, context)
  local fits = context.compiler.formats and formats[name]
  if not fits then return nil end
  return function(value, path, state)
    if type(value) ~= "string" or fits(value) then return true end
    return state:report(path, "format", ("%s is not a valid %s"):format(shown(value), name))
  end
end

M.uniqueItems = function(wanted)
  if not wanted then return nil end
  return function(value, path, state)
    if not M.is_array(value) then return true end
    local seen = {}
    for i, item in ipairs(value) do
      local key = json.encode(item)
      if seen[key] then
        return state:report(path, "uniqueItems", ("items %d and %d are equal"):format(
          seen[key] - 1, i - 1))
      end
      seen[key] = i
    end
    return true
  end
end

local function missing(names, value, path, state, keyword)
  local all = true
  for _, name in ipairs(names) do
    if value[name] == nil then
      all = state:report(path, keyword, ("%s is missing"):format(name))
    end
  end
  return all
end

M.required = function(names)
  return function(value, path, state)
    return not M.is_object(value) or missing(names, value, path, state, "required")
  end
end

M.dependentRequired = function(map)
  return function(value, path, state)
    if not M.is_object(value) then return true end
    local all = true
    for name, names in pairs(map) do
      if value[name] ~= nil then
        all = missing(names, value, path, state, "dependentRequired") and all
      end
    end
    return all
  end
end

return M
