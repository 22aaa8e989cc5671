-- SPDX-License-Identifier: Apache-2.0
-- Values of attributes: documents, tags, lists of pairs, enumerations, and what the schema asks.
local arn = require "std.normalize.cfn.arn"
local expr = require "std.normalize.expr"
local intrinsics = require "std.normalize.cfn.intrinsics"

local M = {}

---Whether a template value is a function call.
function M.is_intrinsic(value)
  if type(value) ~= "table" then return false end
  if getmetatable(value) == intrinsics.ready then return true end
  local name = next(value)
  return type(name) == "string" and next(value, name) == nil
    and (name == "Ref" or name:sub(1, 4) == "Fn::")
end

function M.is_no_value(value)
  return value == nil or type(value) == "userdata"
    or type(value) == "table" and value.Ref == "AWS::NoValue"
end

---{condition, yes, no} of an If.
function M.if_arms(value)
  local arms = type(value) == "table" and value["Fn::If"]
  return type(arms) == "table" and #arms == 3 and arms or nil
end

---Calls fn(item, test, i) for each item of a list, with the condition that an If puts on it.
function M.each(self, value, fn)
  if M.is_no_value(value) then return end
  if type(value) ~= "table" or M.is_intrinsic(value) and not M.if_arms(value) then
    return self:unsupported(nil, "a list known only at deploy time")
  end
  local function visit(item, test, i)
    local arms = M.if_arms(item)
    if not arms then
      if not M.is_no_value(item) then
        if type(item) == "table" and #item > 0 then
          for n, inner in ipairs(item) do visit(inner, test, i * 10 + n) end
        elseif type(item) ~= "table" or next(item) ~= nil then
          fn(item, test, i)
        end
      end
      return
    end
    local condition = self.scope:condition(arms[1])
    local yes = test and ("(%s && %s)"):format(test, condition) or condition
    local no = test and ("(%s && !%s)"):format(test, condition) or "!" .. condition
    visit(arms[2], yes, i)
    visit(arms[3], no, i)
  end
  if M.if_arms(value) then return visit(value, nil, 1) end
  for i, item in ipairs(value) do
    self.scope:at(tostring(i - 1), function() visit(item, nil, i) end)
  end
end

local function is_plain(value) return type(value) == "table" and not M.is_intrinsic(value) end

---As each(), for a list of structures: anything else is named and passed over.
function M.structures(self, value, fn)
  M.each(self, value, function(item, test, i)
    if is_plain(item) then return fn(item, test, i) end
    self:unsupported(nil, "a structure known only at deploy time")
  end)
end

local function arm_of(structure, key)
  if structure[key] == nil then return { Ref = "AWS::NoValue" } end
  return structure[key]
end

-- An If around a structure becomes an If around each of its properties.
local function distributed(arms)
  local yes, no = M.structure_of(arms[2]), M.structure_of(arms[3])
  if not yes or not no then return nil end
  local out = {}
  for _, arm in ipairs { yes, no } do
    for key in pairs(arm) do
      out[key] = { ["Fn::If"] = { arms[1], arm_of(yes, key), arm_of(no, key) } }
    end
  end
  return out
end

---The properties of a structure, also of one in an If.
---@return table|nil structure nil where only a deployment knows them
function M.structure_of(value)
  if M.is_no_value(value) then return {} end
  local arms = M.if_arms(value)
  if arms then return distributed(arms) end
  return is_plain(value) and value or nil
end

---Wraps a rule's function for a property that has to be a structure.
---@param fn fun(self: table, value: table, body: table)
function M.structure(fn)
  return function(self, value, body)
    if M.is_no_value(value) then return end
    if is_plain(value) then return fn(self, value, body) end
    self:unsupported(nil, "a structure known only at deploy time")
  end
end

-- --- lists of pairs --------------------------------------------------------------------------

local function pair(self, item, spec)
  local key, value = self:value(item[spec.key or "Key"]), self:value(item[spec.value or "Value"])
  if type(key) == "string" then return expr.map { [key] = value } end
  local key_text = type(key) == "table" and expr.text(key) or expr.quote(expr.scalar(key))
  return expr.raw(("{ (%s) = %s }"):format(key_text, expr.text(value)))
end

local function merged(parts)
  if #parts == 1 then return parts[1] end
  local all = {}
  for _, part in ipairs(parts) do
    if part.k ~= "map" then
      local texts = {}
      for i, p in ipairs(parts) do texts[i] = expr.text(p) end
      return expr.raw("merge(" .. table.concat(texts, ", ") .. ")")
    end
    for key, value in pairs(part.vals) do all[key] = value end
  end
  return expr.map(all)
end

---A list of {Key, Value} (or a map) as a map.
function M.pairs_map(self, value, spec)
  if M.is_intrinsic(value) and not M.if_arms(value) then return self:value(value) end
  if type(value) == "table" and #value == 0 and not M.if_arms(value) then
    return next(value) and self:value(value) or expr.none
  end
  local parts = {}
  M.each(self, value, function(item, test)
    if type(item) ~= "table" or M.is_intrinsic(item) then
      return self:unsupported(nil, "a pair known only at deploy time")
    end
    local part = item[spec.key or "Key"] ~= nil and pair(self, item, spec) or self:value(item)
    if test then part = expr.raw(("(%s ? %s : {})"):format(test, expr.text(part))) end
    parts[#parts + 1] = part
  end)
  return #parts > 0 and merged(parts) or expr.none
end

---A list of structures as the list of one property of each.
---@param key string
---@param specs table<string, any>|nil properties that may stand beside it
function M.pluck(self, value, key, specs)
  if M.is_no_value(value) then return value end
  local arms = M.if_arms(value)
  if arms then
    return { ["Fn::If"] = { arms[1], M.pluck(self, arms[2], key, specs),
      M.pluck(self, arms[3], key, specs) } }
  end
  if type(value) ~= "table" or M.is_intrinsic(value) then
    self:unsupported(nil, "a structure known only at deploy time")
    return nil
  end
  if #value == 0 then
    for name in pairs(value) do
      if name ~= key and not (specs and specs[name]) then
        self:unsupported(nil, tostring(name) .. " has no counterpart")
      end
    end
    return value[key]
  end
  local items = {}
  for _, item in ipairs(value) do items[#items + 1] = M.pluck(self, item, key, specs) end
  return items
end

-- --- single values ---------------------------------------------------------------------------

local function enum(self, spec, node)
  if type(node) == "table" and node.k == "cond" then
    return expr.cond(node.test, enum(self, spec, node.yes), enum(self, spec, node.no))
  end
  if node == expr.none then return node end
  if type(node) == "table" then
    return expr.raw(("%s[%s]"):format(expr.text(expr.map(spec.enum), 1), expr.text(node)))
  end
  local mapped = spec.enum[expr.scalar(node)]
  if mapped == nil then
    self:unsupported(nil, "value " .. expr.scalar(node))
    return expr.none
  end
  return mapped
end

local SINGLE = { string = true, number = true, bool = true }
local MANY = { list = true, set = true }

local function is_structure(node)
  return type(node) == "table" and (node.k == "map" or node.k == "list")
end

local function has_structure(node)
  if type(node) ~= "table" then return false end
  if node.k == "cond" then return has_structure(node.yes) or has_structure(node.no) end
  return is_structure(node)
end

local function one_of_list(self, node)
  if #node.items == 1 then return node.items[1] end
  self:unsupported(nil, "a list where Terraform takes one value")
  return expr.none
end

-- CloudFormation takes "True" and 1 too.
local BOOLS = { ["0"] = false, ["1"] = true, ["false"] = false, ["true"] = true }

local function as_bool(node)
  if type(node) == "table" then return node end
  local bool = BOOLS[expr.scalar(node):lower()]
  if bool == nil then return node end
  return bool
end

-- A structure where Terraform takes a string is a document (policies, definitions).
local function coerce(self, node, attribute)
  if SINGLE[attribute.kind] and has_structure(node) then
    if attribute.kind == "string" and node.k ~= "list" then return expr.raw(expr.json(node, 1)) end
    if node.k == "list" then return one_of_list(self, node) end
  end
  if MANY[attribute.kind] and SINGLE[attribute.element.kind] and type(node) ~= "table" then
    return expr.list { node }
  end
  if attribute.kind == "bool" then return as_bool(node) end
  return node
end

-- Names that a service keeps in small letters, which Terraform wants written so.
local function lowered(node)
  if type(node) == "string" then return node:lower() end
  return type(node) == "table" and expr.raw("lower(" .. expr.text(node) .. ")", "string") or node
end

local IAM_ARN = "arn:${AWS::Partition}:iam::${AWS::AccountId}:"

---The ARN of a role where CloudFormation takes a name too.
---@param kind "role"|"instance-profile"|nil
function M.role_arn(self, value, kind)
  kind = kind or "role"
  local node = self:value(value)
  local function of_name()
    return self:value { ["Fn::Sub"] = { IAM_ARN .. kind .. "/${name}", { name = value } } }
  end
  local known = type(node) == "table" and node.k == "tpl" and node.parts[1] or node
  if type(known) == "string" then return known:find("^arn:") and node or of_name() end
  local text = type(node) == "table" and node.k == "raw" and node.text or ""
  local reference = arn.reference(text, kind)
  if reference then return expr.raw(reference, "string") end
  if text:find("^var%.[%w_]+$") then
    return expr.cond(('startswith(%s, "arn:")'):format(text), node, of_name())
  end
  return node
end

---Node of an attribute.
---@param self table the resource that is converted
---@param value any template value
---@param spec table what the rule says: json, pairs, edit (of text), lower, single, enum, wrap
---@param attribute table entry of the provider index
function M.attribute(self, value, spec, attribute)
  if spec.pairs or not spec.wrap and (attribute.kind == "map" and type(value) == "table" and
      (#value > 0 or M.if_arms(value))) then
    return M.pairs_map(self, value, type(spec.pairs) == "table" and spec.pairs or {})
  end
  local node = self:value(value)
  if node == expr.none then return node end
  if spec.edit and type(node) == "string" then node = spec.edit(node) end
  if spec.lower then return lowered(node) end
  if spec.single then return expr.list { node } end
  if spec.enum then return enum(self, spec, node) end
  if spec.json then return expr.raw(expr.json(node, 1)) end
  if spec.wrap then return expr.raw(spec.wrap:format(expr.text(node, 1))) end
  return coerce(self, node, attribute)
end

return M
