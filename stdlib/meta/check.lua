-- SPDX-License-Identifier: Apache-2.0
-- Checks a record before it is written: cheap enough for every write, and one clear sentence.

local records = require "std.meta.records"
local tables = require "std.table"
local types = require "std.meta.types"

local M = {}

local check_fields, check_value

local basic = {
  string = function(v) return type(v) == "string" end,
  integer = function(v) return math.type(v) == "integer" end,
  number = function(v) return type(v) == "number" and v == v end,
  boolean = function(v) return type(v) == "boolean" end,
  object = function(v) return type(v) == "table" end,
  array = function(v) return type(v) == "table" end,
  map = function(v) return type(v) == "table" end,
  record = function(v) return type(v) == "table" end,
}

local function check_type(field, value)
  local kind = field[2]
  local named = types[kind]
  if named then
    if type(value) == "string" and named.test(value) then return nil end
    return "must be " .. named.what
  end
  if not basic[kind](value) then return "must be " .. (kind == "map" and "object" or kind) end
end

local function check_limits(field, value)
  if field.enum and not tables.contains(field.enum, value) then
    return "must be one of " .. table.concat(field.enum, ", ")
  end
  if field.min and value < field.min then return "must be at least " .. field.min end
  if field.max and value > field.max then return "must be at most " .. field.max end
  if field.above and value <= field.above then return "must be above " .. field.above end
  if field.min_items and #value < field.min_items then
    return "must have " .. field.min_items .. " or more items"
  end
  if field.max_items and #value > field.max_items then
    return "must have at most " .. field.max_items .. " items"
  end
end

-- What is asked of a field besides its type; found out once, ten thousand records ask.
local LIMITS <const> = { "enum", "min", "max", "above", "min_items", "max_items" }
local INSIDE <const> = { record = true, object = true, array = true, map = true }
local limited = {}

local function is_limited(field)
  if limited[field] == nil then
    limited[field] = false
    for _, name in ipairs(LIMITS) do
      if field[name] then limited[field] = true end
    end
  end
  return limited[field]
end

-- A problem is two values: where, and what is wrong there. The way to it is put together only when
-- there is one.
local function check_inside(field, value)
  local kind = field[2]
  if kind == "record" then return check_fields(records[field.of], value) end
  if kind == "object" and field.fields then return check_fields(field.fields, value) end
  if kind == "array" then
    for i, item in ipairs(value) do
      local where, what = check_value(field.items, item)
      if what then return "[" .. i .. "]" .. where, what end
    end
  elseif kind == "map" then
    for key, item in pairs(value) do
      local where, what = check_value(field.values, item)
      if what then return "." .. tostring(key) .. where, what end
    end
  end
end

function check_value(field, value)
  local problem = check_type(field, value)
    or is_limited(field) and check_limits(field, value) or nil
  if problem then return "", problem end
  if INSIDE[field[2]] then return check_inside(field, value) end
end

local function is_needed(field, record)
  if field.required then return true end
  local when = field.required_when
  return when ~= nil and tables.contains(when[2], record[when[1]])
end

function check_fields(fields, record)
  for _, field in ipairs(fields) do
    local value = record[field[1]]
    if value ~= nil then
      local where, what = check_value(field, value)
      if what then return "." .. field[1] .. where, what end
    elseif is_needed(field, record) then
      return "." .. field[1], "is missing"
    end
  end
end

local function check_sum(summary)
  local sum = summary.passed + summary.partial + summary.failed + summary.timeout + summary.error
  if sum ~= summary.total then
    return ("total is %d but the statuses add up to %d"):format(summary.total, sum)
  end
end

---@param name string a key of std.meta.records
---@param value table
---@return string|nil problem nil when the record is sound
function M.problem(name, value)
  local record = records[name]
  if not record then error("no record named '" .. tostring(name) .. "'", 2) end
  if type(value) ~= "table" then return "must be a table" end
  local where, what
  if record.list_of then
    local list = { "", "array", items = { "", "record", of = record.list_of } }
    where, what = check_inside(list, value)
  else
    where, what = check_fields(record, value)
  end
  if what then return where:gsub("^%.", "") .. " " .. what end
  return name == "summary" and check_sum(value) or nil
end

return M
