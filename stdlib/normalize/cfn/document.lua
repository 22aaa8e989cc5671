-- SPDX-License-Identifier: Apache-2.0
-- Structures that Terraform takes as JSON text in the form of the service's own API: its names
-- begin with a small letter, and a number that the template writes as text has to be a number.
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local values = require "std.normalize.cfn.values"

local M = {}

local CAST = { s = "tostring", n = "tonumber", b = "tobool" }
local BOOL = { ["true"] = true, ["false"] = false }

local function literal(node, kind)
  if kind == "s" then return expr.scalar(node) end
  if kind == "n" then return tonumber(node) or node end
  local bool = BOOL[tostring(node):lower()]
  if bool == nil then return node end
  return bool
end

local function leaf(node, kind)
  if node == expr.none or kind == "j" then return node end
  if type(node) ~= "table" then return literal(node, kind) end
  if node.k == "cond" then
    return expr.cond(node.test, leaf(node.yes, kind), leaf(node.no, kind))
  end
  local is_text = node.k == "tpl" or node.k == "raw" and node.t == "string"
  if kind == "s" and is_text or kind == "n" and node.t == "number" then return node end
  return expr.raw(("%s(%s)"):format(CAST[kind], expr.text(node)))
end

local build

local function object(self, value, shape, spec)
  local free, out = shape["{}"], {}
  for _, key in ipairs(names.sorted_keys(value)) do
    local name = tostring(key)
    self.scope:at(name, function()
      local inner = free or shape[name]
      if not inner then return self:unsupported(nil, "no counterpart in " .. spec.to) end
      local written = spec.rename and spec.rename[name] or name
      if not free and not spec.keep_case then
        written = written:sub(1, 1):lower() .. written:sub(2)
      end
      out[free and name or written] = build(self, value[key], inner, spec)
    end)
  end
  return expr.map(out)
end

local function list(self, value, shape, spec)
  if type(value) ~= "table" or #value == 0 and next(value) ~= nil then value = { value } end
  local items = {}
  for i, item in ipairs(value) do
    self.scope:at(tostring(i - 1), function()
      items[i] = build(self, item, shape[1], spec)
    end)
  end
  return expr.list(items)
end

build = function(self, value, shape, spec)
  if values.is_no_value(value) then return expr.none end
  local arms = values.if_arms(value)
  if arms then
    return expr.cond(self.scope:condition(arms[1]), build(self, arms[2], shape, spec),
      build(self, arms[3], shape, spec))
  end
  if type(shape) == "string" then return leaf(self:value(value), shape) end
  if values.is_intrinsic(value) and (shape["{}"] or type(shape[1]) == "string") then
    return self:value(value)
  end
  if shape[1] and not values.is_intrinsic(value) then return list(self, value, shape, spec) end
  if type(value) ~= "table" or values.is_intrinsic(value) then
    self:unsupported(nil, "a structure known only at deploy time")
    return expr.none
  end
  return object(self, value, shape, spec)
end

---A template structure as JSON text of the service's API.
---@param self table the resource that is converted
---@param value any
---@param spec {to: string, document: any, keep_case: boolean|nil, rename: table|nil}
---  document: the shape, written as in the index of CloudFormation's schemas: "s", "n", "b", "j",
---  {shape} for a list, a table by property name, {["{}"] = shape} for a map with free keys
---@return table node
function M.node(self, value, spec)
  local node = build(self, value, spec.document, spec)
  return node == expr.none and node or expr.raw(expr.json(node, 1), "string")
end

return M
