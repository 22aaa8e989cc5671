-- SPDX-License-Identifier: Apache-2.0
-- Turns the field tables of std.meta.records into JSON Schema 2020-12.
-- Unknown fields stay allowed: a later version may add some, none is ever renamed.

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
  record = function(field) return { ["$ref"] = "#/$defs/" .. field.of } end,
  array = function(field, defs)
    return { type = "array", items = field_schema(field.items, defs) }
  end,
  map = function(field, defs)
    return {
      type = "object",
      additionalProperties = field_schema(field.values, defs),
      propertyNames = field.keys and { pattern = types[field.keys].pattern } or nil,
    }
  end,
  object = function(field, defs)
    return field.fields and object_schema(field.fields, defs) or { type = "object" }
  end,
}

function field_schema(field, defs)
  local kind = field[2]
  if kind == "record" and not defs[field.of] then
    defs[field.of] = true -- taken before descending
    defs[field.of] = object_schema(records[field.of], defs)
  end
  local shape = shapes[kind]
  local out = shape and shape(field, defs)
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

function object_schema(fields, defs)
  local out = { type = "object", properties = {}, required = json.array {} }
  local rules = {}
  for _, field in ipairs(fields) do
    out.properties[field[1]] = field_schema(field, defs)
    if field.required then table.insert(out.required, field[1]) end
    if field.required_when then rules[#rules + 1] = condition(field) end
  end
  if #rules > 0 then out.allOf = json.array(rules) end
  return out
end

---The JSON Schema of one record.
---@param name string a key of std.meta.records
---@return table schema
function M.of(name)
  local record = records[name]
  if not record then error("no record named '" .. tostring(name) .. "'", 2) end
  local defs = {}
  local out
  if record.list_of then
    out = { type = "array", items = field_schema({ "", "record", of = record.list_of }, defs) }
  else
    out = object_schema(record, defs)
  end
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema"
  out.title = record.title
  out.description = record.file
  if next(defs) then out["$defs"] = defs end
  return out
end

return M
