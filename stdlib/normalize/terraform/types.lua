-- SPDX-License-Identifier: Apache-2.0
-- Terraform's type constraints: converting values to them, and making up values for them.
local hcl = require "std.hcl"
local json = require "std.json"

local M = {}

-- "list", its element's expression; "string"; "object", the attributes' expression.
local function split(expr)
  if expr.kind == "call" then return expr.name, expr.args[1] end
  return expr.kind == "var" and expr.name or "any"
end

-- The constraint and the default of an attribute that may be optional.
local function attribute(expr)
  if expr.kind ~= "call" or expr.name ~= "optional" then return expr, false end
  return expr.args[1], true, expr.args[2]
end

local function key_of(pair)
  return pair.key.kind == "var" and pair.key.name or pair.key.value
end

local convert

local function each(value, element)
  local out = {}
  for key, item in pairs(value) do out[key] = convert(item, element) end
  return setmetatable(out, getmetatable(value))
end

local converters = {}

function converters.list(value, element) return type(value) == "table" and each(value, element) end

function converters.set(value, element)
  if type(value) ~= "table" then return nil end
  return hcl.eval("toset(v)", { v = each(value, element) })
end

converters.map = converters.list

function converters.object(value, fields)
  if type(value) ~= "table" or not fields or fields.kind ~= "object" then return nil end
  local out = {}
  for _, pair in ipairs(fields.items) do
    local name = key_of(pair)
    local kind, _, default = attribute(pair.value)
    local item = value[name]
    if item == nil or (item == hcl.null and default) then
      item = default and hcl.eval(default.text) or hcl.null
    end
    out[name] = convert(item, kind)
  end
  return setmetatable(out, getmetatable(hcl.eval "{}"))
end

function converters.tuple(value) return value end
function converters.string(value) return (hcl.eval("tostring(v)", { v = value })) end
function converters.number(value) return (hcl.eval("tonumber(v)", { v = value })) end
function converters.bool(value) return (hcl.eval("tobool(v)", { v = value })) end

---A value as the constraint makes it; unchanged where it does not fit or is not known.
convert = function(value, expr)
  if value == hcl.unknown or value == hcl.null or expr == nil then return value end
  local kind, element = split(expr)
  local made = converters[kind] and converters[kind](value, element)
  if made == nil or made == false and value ~= false and value ~= "false" then return value end
  return made
end

M.convert = convert

---A value for a constraint, from `text(kind)` for the plain ones. What is optional is left out.
function M.make(expr, text)
  local kind, element = split(expr)
  if kind == "list" or kind == "set" then
    local inner = element and split(element)
    if inner == "string" or inner == "number" then
      return json.array { M.make(element, text) }
    end
    return json.array {}
  end
  if kind == "map" then return {} end
  if kind == "tuple" then
    local out = {}
    for i, item in ipairs(element and element.items or {}) do out[i] = M.make(item, text) end
    return json.array(out)
  end
  if kind ~= "object" then return text(kind) end
  local out = {}
  for _, pair in ipairs(element and element.items or {}) do
    local inner, optional = attribute(pair.value)
    local name = key_of(pair)
    if not optional then out[name] = M.make(inner, function(k) return text(k, name) end) end
  end
  return out
end

return M
