-- SPDX-License-Identifier: Apache-2.0
-- CloudFormation's functions of strings, lists and numbers. Each takes (argument, scope, eval) and
-- gives a node; what is known at conversion is worked out, the rest becomes an expression.
local expr = require "std.normalize.expr"

local M = {}

local text = expr.text

local function bad(scope, reason)
  scope:unsupported(nil, reason)
  return expr.none
end

local function is_literal(node) return node ~= nil and type(node) ~= "table" end

-- --- strings ---------------------------------------------------------------------------------

local is_uncertain
is_uncertain = function(item)
  return type(item) == "table" and (item.k == "list" or item.t == "list" or item.k == "cond"
    and (item.yes == expr.none or item.no == expr.none or is_uncertain(item.yes)
      or is_uncertain(item.no)))
end

---Fn::Join
function M.join(arg, scope, eval)
  if type(arg) ~= "table" or arg[2] == nil then return bad(scope, "Join takes a list") end
  local delimiter, items = eval(arg[1], scope), eval(arg[2], scope)
  if not is_literal(delimiter) then return bad(scope, "Join takes a delimiter") end
  delimiter = expr.scalar(delimiter)
  if is_literal(items) then return items end
  if items.k ~= "list" then
    return expr.raw(("join(%s, %s)"):format(expr.quote(delimiter), text(items)), "string")
  end
  local parts = {}
  for _, item in ipairs(items.items) do
    if is_uncertain(item) then
      return expr.raw(("join(%s, flatten(%s))"):format(expr.quote(delimiter), text(items)),
        "string")
    end
    if item ~= expr.none then
      if #parts > 0 then parts[#parts + 1] = delimiter end
      parts[#parts + 1] = item
    end
  end
  return expr.template(parts)
end

---Fn::Split
function M.split(arg, scope, eval)
  local delimiter, value = eval(arg[1], scope), eval(arg[2], scope)
  if value == expr.none then return expr.none end
  if not is_literal(delimiter) or delimiter == "" then
    return bad(scope, "Split takes a delimiter and a string")
  end
  if not is_literal(value) then
    return expr.raw(("split(%s, %s)"):format(text(expr.scalar(delimiter)), text(value)), "list")
  end
  local items, pos = {}, 1
  value, delimiter = expr.scalar(value), expr.scalar(delimiter)
  while true do
    local start, stop = value:find(delimiter, pos, true)
    items[#items + 1] = value:sub(pos, (start or 0) - 1)
    if not start then return expr.list(items) end
    pos = stop + 1
  end
end

---Fn::Select
function M.select(arg, scope, eval)
  if type(arg) ~= "table" or arg[2] == nil then return bad(scope, "Select takes a list") end
  local index, items = eval(arg[1], scope), eval(arg[2], scope)
  local n = math.tointeger(tonumber(index))
  if items == expr.none then return expr.none end
  if is_literal(items) or is_literal(index) and not n then
    return bad(scope, "Select takes an index and a list")
  end
  if n and items.k == "list" then
    local certain = true
    for i = 1, math.min(n + 1, #items.items) do
      certain = certain and items.items[i] ~= expr.none and not is_uncertain(items.items[i])
    end
    if certain then return items.items[n + 1] or bad(scope, "Select index is out of range") end
  end
  local position = n and ("%d"):format(n) or "tonumber(" .. text(index) .. ")"
  return expr.raw(("element(%s, %s)"):format(text(items), position), "string")
end

---Fn::Base64
function M.base64(arg, scope, eval)
  return expr.raw("base64encode(" .. text(eval(arg, scope)) .. ")", "string")
end

---Fn::ToJsonString
function M.to_json(arg, scope, eval)
  if type(arg) ~= "table" then return bad(scope, "ToJsonString takes a structure") end
  return expr.raw("jsonencode(" .. text(eval(arg, scope), 0, true) .. ")", "string")
end

---Fn::Length
function M.length(arg, scope, eval)
  local node = eval(arg, scope)
  if node == expr.none then return expr.none end
  if is_literal(node) then return bad(scope, "Length takes a list") end
  if node.k == "list" and not text(node):find("^%[for ") then return #node.items end
  return expr.raw("length(" .. text(node) .. ")", "number")
end

-- --- lookups ---------------------------------------------------------------------------------

-- The value that constant keys lead to, or nil.
local function known_value(scope, map, top, second)
  local found = scope.mappings[map]
  found = type(found) == "table" and found[top]
  return type(found) == "table" and found[second] or nil
end

local function sample(mapping)
  local _, top = next(type(mapping) == "table" and mapping or {})
  local _, value = next(type(top) == "table" and top or {})
  return value
end

local function default_of(arg)
  local options = arg[4]
  if type(options) == "table" then return options.DefaultValue end
end

---Fn::FindInMap, with the DefaultValue of the language extensions.
function M.find_in_map(arg, scope, eval)
  if type(arg) ~= "table" or arg[3] == nil then return bad(scope, "FindInMap takes three names") end
  local map, top, second = eval(arg[1], scope), eval(arg[2], scope), eval(arg[3], scope)
  local name = scope:constant(map)
  if is_literal(map) and type(scope.mappings[name]) ~= "table" then
    return bad(scope, "FindInMap of '" .. name .. "', which the template does not declare")
  end
  scope:use_mapping(is_literal(map) and name or nil)
  local value = known_value(scope, name, scope:constant(top), scope:constant(second))
  local default = default_of(arg)
  if is_literal(map) and is_literal(top) and is_literal(second) and value == nil
      and default == nil then
    return bad(scope, ("mapping %s has no %s.%s"):format(name, top, second))
  end
  local path = ("local.mappings[%s][%s][%s]"):format(text(map), text(top), text(second))
  local kind = type(value or sample(scope.mappings[name])) == "table" and "list" or nil
  if default ~= nil then
    return expr.raw(("try(%s, %s)"):format(path, text(eval(default, scope))), kind)
  end
  local node = expr.raw(path, kind)
  node.value = value ~= nil and type(value) ~= "table" and expr.scalar(value) or nil
  return node
end

---Fn::GetAZs; another region than the provider's own cannot be asked for its zones.
function M.get_azs(arg, scope, eval)
  local region = eval(arg, scope)
  if region == "" or region == expr.none or scope:is_region(region) then
    scope.data.aws_availability_zones = true
    return expr.raw("data.aws_availability_zones.current.names", "list")
  end
  scope:assume(("availability zones of region %s: a, b and c"):format(text(region)))
  local zones = {}
  for i, letter in ipairs { "a", "b", "c" } do zones[i] = expr.template { region, letter } end
  return expr.list(zones)
end

-- Bits of an address of the same family as the block.
local function address_bits(node, scope)
  local known = scope:constant(node)
  if known then return known:find(":", 1, true) and "128" or "32" end
  return ('(strcontains(%s, ":") ? 128 : 32)'):format(text(node))
end

---Fn::Cidr; eight bits for each block where the template does not say.
function M.cidr(arg, scope, eval)
  if type(arg) ~= "table" or arg[2] == nil then return bad(scope, "Cidr takes a list") end
  local node, count, bits = eval(arg[1], scope), eval(arg[2], scope), eval(arg[3] or 8, scope)
  local block = text(node)
  local function number(value)
    return tonumber(value) and ("%d"):format(tonumber(value)) or "tonumber(" .. text(value) .. ")"
  end
  local added = ('%s - %s - tonumber(split("/", %s)[1])'):format(address_bits(node, scope),
    number(bits), block)
  return expr.raw(("[for i in range(%s) : cidrsubnet(%s, %s, i)]"):format(number(count), block,
    added), "list")
end

return M
