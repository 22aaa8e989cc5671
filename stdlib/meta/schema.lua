-- SPDX-License-Identifier: Apache-2.0
-- Turns field tables, those of std.meta.records or a pipeline's own, into JSON Schema 2020-12.
-- Unknown fields stay allowed unless `closed` is asked for: a later version may add some, none is
-- ever renamed.

local json = require "std.json"
local records = require "std.meta.records"
local types = require "std.meta.types"

local M = {}

local object_schema, field_schema

local LIMITS = { min = "minimum", max = "maximum", above = "exclusiveMinimum",
  min_items = "minItems", max_items = "maxItems", help = "description" }

local function string_schema(kind)
  return { type = "string", pattern = types[kind].pattern }
end

local shapes = {
  any = function() return {} end,
  record = function(field) return { ["$ref"] = "#/$defs/" .. field.of } end,
  array = function(field, scope)
    return { type = "array", items = field_schema(field.items, scope) }
  end,
  map = function(field, scope)
    return {
      type = "object",
      additionalProperties = field_schema(field.values, scope),
      propertyNames = field.keys and { pattern = types[field.keys].pattern } or nil,
    }
  end,
  object = function(field, scope)
    return field.fields and object_schema(field.fields, scope) or { type = "object" }
  end,
}

-- scope: {defs = made so far, records = the field tables, closed = no other fields}
function field_schema(field, scope)
  local kind, defs = field[2], scope.defs
  if kind == "record" and not defs[field.of] then
    defs[field.of] = true -- taken before descending
    defs[field.of] = object_schema(scope.records[field.of], scope)
  end
  local shape = shapes[kind]
  local out = shape and shape(field, scope)
    or types[kind] and string_schema(kind) or { type = kind }
  if field.enum then out.enum = json.array { table.unpack(field.enum) } end
  for key, keyword in pairs(LIMITS) do out[keyword] = field[key] end
  return out
end

local function condition(field)
  local name, values = field.required_when[1], field.required_when[2]
  return {
    ["if"] = { properties = { [name] = { enum = json.array { table.unpack(values) } } },
      required = json.array { name } },
    ["then"] = { required = json.array { field[1] } },
  }
end

function object_schema(fields, scope)
  local out = { type = "object", properties = {}, required = json.array {} }
  if scope.closed then out.additionalProperties = false end
  local rules = {}
  for _, field in ipairs(fields) do
    out.properties[field[1]] = field_schema(field, scope)
    if field.required then table.insert(out.required, field[1]) end
    if field.required_when then rules[#rules + 1] = condition(field) end
  end
  if #rules > 0 then out.allOf = json.array(rules) end
  return out
end

---The JSON Schema of one record.
---@param name string a key of the field tables
---@param options table|nil {records = field tables instead of std.meta.records, closed = boolean}
---@return table schema
function M.of(name, options)
  local scope = { defs = {}, records = options and options.records or records,
    closed = options and options.closed }
  local record, defs = scope.records[name], scope.defs
  if not record then error("no record named '" .. tostring(name) .. "'", 2) end
  local out
  if record.list_of then
    out = { type = "array", items = field_schema({ "", "record", of = record.list_of }, scope) }
  else
    out = object_schema(record, scope)
  end
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema"
  out.title = record.title
  out.description = record.file
  if next(defs) then out["$defs"] = defs end
  return out
end

return M
