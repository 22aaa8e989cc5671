-- SPDX-License-Identifier: Apache-2.0
-- One CloudFormation resource to Terraform blocks: the rule of its type where the rule says
-- something, names that match the provider's schema for the rest, everything else by name.
local Body = require "std.normalize.cfn.body"
local arn = require "std.normalize.cfn.arn"
local counterpart = require "std.normalize.cfn.counterpart"
local document = require "std.normalize.cfn.document"
local expr = require "std.normalize.expr"
local intrinsics = require "std.normalize.cfn.intrinsics"
local names = require "std.normalize.names"
local provider = require "std.normalize.provider"
local values = require "std.normalize.cfn.values"

local Resource = { counterpart = counterpart.of }
Resource.__index = Resource

-- --- values of one property ------------------------------------------------------------------

local apply

---Evaluates a template value.
function Resource:value(value) return intrinsics.eval(value, self.scope) end

---Its expression text.
function Resource:text(value, depth) return expr.text(self:value(value), depth or 1) end

function Resource:unsupported(property, reason) self.scope:unsupported(property, reason) end

local function is_computed(attribute) return attribute and attribute.mode == "c" end

local function set_attribute(self, body, name, spec, value)
  local attribute = body.schema.attrs[name]
  if is_computed(attribute) then
    return self:unsupported(nil, ("%s is read-only in Terraform"):format(name))
  end
  if attribute and attribute.nested then
    return self:unsupported(nil, name .. " needs a rule of its own")
  end
  if spec.pluck then value = values.pluck(self, value, spec.pluck, spec.props) end
  if spec.document then return body:set(name, document.node(self, value, spec)) end
  local node = values.attribute(self, value, spec, attribute or { kind = "dynamic" })
  body:set(name, arn.wanted(self, name, node))
end

-- What CloudFormation fills in where the template says nothing and Terraform asks.
local function fill(body, name, value)
  if type(value) ~= "table" then return body:raw(name, value) end
  local inner = body:single(name)
  for _, key in ipairs(names.sorted_keys(value)) do fill(inner, key, value[key]) end
end

local function set_defaults(self, spec, body)
  for _, name in ipairs(names.sorted_keys(spec.defaults or {})) do
    if not body:has(name) then
      local value = spec.defaults[name]
      self.scope:assume(("%s has no %s: %s"):format(self.id, name,
        type(value) == "table" and "what CloudFormation takes" or value))
      fill(body, name, value)
    end
  end
end

local function fill_block(self, body, name, spec, value, test)
  local list = spec.scalar and values.is_intrinsic(value) and self:value(value)
  if type(list) == "table" and list.t == "list" then
    return body:each(name, spec.scalar, expr.text(list), test)
  end
  local inner = body:block(name, test)
  if spec.scalar and type(value) ~= "table" or values.is_intrinsic(value) then
    if not spec.scalar then
      return self:unsupported(nil, "a structure known only at deploy time")
    end
    return inner:set(spec.scalar, self:value(value))
  end
  if type(value) ~= "table" then
    return self:unsupported(nil, "a structure is expected")
  end
  if spec.set then
    for _, key in ipairs(names.sorted_keys(spec.set)) do inner:raw(key, spec.set[key]) end
  end
  self:map(value, spec.props or {}, inner)
  set_defaults(self, spec, inner)
end

local function both(a, b) return a and b and ("(%s && %s)"):format(a, b) or a or b end

local function inline(self, spec, value, body)
  if values.is_no_value(value) then return end
  local structure = values.structure_of(value)
  if not structure then
    return self:unsupported(nil, "a structure known only at deploy time")
  end
  self:map(structure, spec.props or {}, body)
end

-- The list inside of a structure that holds nothing else, and what to do with its items.
local function inner_list(self, spec, value)
  for key in pairs(value) do
    local beside = spec.beside and spec.beside[key]
    if beside then
      self.scope:drop(self.id, key, beside)
    elseif key ~= spec.each then
      self:unsupported(tostring(key), "no counterpart")
    end
  end
  return setmetatable({ each = false }, { __index = spec }), value[spec.each]
end

-- A map with free keys: one block for each, the key as an attribute.
local function named_blocks(self, body, name, spec, value, test)
  for _, key in ipairs(names.sorted_keys(value)) do
    self.scope:at(tostring(key), function()
      local inner = body:block(name, test)
      inner:set(spec.named, tostring(key))
      if spec.scalar then return set_attribute(self, inner, spec.scalar, {}, value[key]) end
      inline(self, spec, value[key], inner)
    end)
  end
end

-- An If around blocks becomes dynamic blocks, one for each arm.
local function set_blocks(self, body, name, spec, value, test)
  if value == nil or type(value) == "userdata" or values.is_no_value(value) then return end
  local arms = values.if_arms(value)
  if arms then
    local condition = self.scope:condition(arms[1])
    set_blocks(self, body, name, spec, arms[2], both(test, condition))
    return set_blocks(self, body, name, spec, arms[3], both(test, "!" .. condition))
  end
  if spec.each and type(value) == "table" and #value == 0 and not values.is_intrinsic(value) then
    spec, value = inner_list(self, spec, value)
    return set_blocks(self, body, name, spec, value, test)
  end
  if spec.named and type(value) == "table" and not values.is_intrinsic(value) then
    return named_blocks(self, body, name, spec, value, test)
  end
  if type(value) ~= "table" or #value == 0 then
    local keep = spec.keep_empty or self.rule.keep_empty
    keep = keep and self.scope.empty(value).k == "map"
    if type(value) == "table" and next(value) == nil and not keep then return end
    return fill_block(self, body, name, spec, value, test)
  end
  for i, item in ipairs(value) do
    self.scope:at(tostring(i - 1), function() set_blocks(self, body, name, spec, item, test) end)
  end
end

local function leaf(self, body, path, spec, value)
  local part, rest = path:match("^([^.]+)%.(.*)$")
  if part then return leaf(self, body:single(part), rest, spec, value) end
  local name = path
  local block = provider.block(body.schema, name)
  if block and not spec.json and not spec.attribute then
    return set_blocks(self, body, name, spec, value)
  end
  if not body.schema.attrs[name] then
    return self:unsupported(nil, "the provider has no " .. name .. " here")
  end
  set_attribute(self, body, name, spec, value)
end

-- A rule's own code meets values of any kind: a template is not checked against the schema. What
-- it does not expect is named and does not end the whole template.
local function call(self, fn, ...)
  local place = self.scope.current_property
  local ok, why = pcall(fn, self, ...)
  if ok then return end
  self.scope.current_property = place
  self:unsupported(nil, "a value that the rule does not expect: "
    .. tostring(why):gsub("^.-:%d+: ", ""))
end

apply = function(self, spec, value, body)
  if spec.fn and not spec.separate then return call(self, spec.fn, value, body) end
  if spec.separate then return self:separate(spec, value) end
  if spec.inline and spec.to == nil then return inline(self, spec, value, body) end
  leaf(self, body, spec.to, spec, value)
end

-- `only`: the values that lose nothing, mostly what Terraform does anyway.
local function leave_out(self, key, spec, value)
  local node = spec.only and self:value(value)
  if node == nil or node == expr.none then return self.scope:drop(self.id, key, spec.drop) end
  for _, allowed in ipairs(spec.only) do
    if type(node) ~= "table" and expr.scalar(node) == expr.scalar(allowed) then
      return self.scope:drop(self.id, key, spec.drop)
    end
  end
  self:unsupported(nil, type(node) == "table" and "a value known only at deploy time"
    or "value " .. expr.scalar(node))
end

---Maps the properties of a structure into a body.
---@param props table template values by property name
---@param specs table<string, any> what the rule says
---@param body table
function Resource:map(props, specs, body)
  if type(props) ~= "table" or values.is_intrinsic(props) then
    return self:unsupported(nil, "a structure known only at deploy time")
  end
  for _, key in ipairs(names.sorted_keys(props)) do
    self.scope:at(tostring(key), function()
      local spec = specs[key]
      if spec == nil then spec = counterpart.of(tostring(key), body.schema, self.cfn_type) end
      if spec == nil then
        return self:unsupported(nil, "no counterpart in " .. (body.label or self.type))
      end
      if type(spec) == "string" then spec = { to = spec } end
      if type(spec) == "function" then spec = { fn = spec } end
      if spec and spec.drop then return leave_out(self, tostring(key), spec, props[key]) end
      if spec then apply(self, spec, props[key], body) end
    end)
  end
end

-- --- blocks ----------------------------------------------------------------------------------

---A further resource block of this logical id.
---@param type_name string
---@param suffix string|nil
---@param test string|nil condition beside that of the resource itself
---@return table body
function Resource:block(type_name, suffix, test)
  local label = self.label
  if suffix and self.suffixes[suffix] then
    label = names.unique(self.scope.labels, names.identifier(label .. "_" .. suffix))
  elseif suffix then
    self.suffixes[suffix] = true
    label = self.scope:part_label(self, suffix)
  end
  local body = Body.new(provider.resource(type_name))
  body.label = type_name
  local count = both(self.count, test)
  self.blocks[#self.blocks + 1] = { type = type_name, label = label, body = body, count = count }
  self.addresses[#self.addresses + 1] = type_name .. "." .. label
  return body
end

local function separate_one(self, spec, value, test)
  local body = self:block(spec.separate, spec.suffix or spec.separate:match("_([^_]+)$"), test)
  local link = spec.link or {}
  for _, name in ipairs(names.sorted_keys(link)) do body:raw(name, self:own(link[name])) end
  for _, name in ipairs(names.sorted_keys(spec.set or {})) do body:raw(name, spec.set[name]) end
  if spec.item then return body:set(spec.item, self:value(value)) end
  if spec.into then return leaf(self, body, spec.into, spec, value) end
  inline(self, spec, value, body)
  set_defaults(self, spec, body)
end

-- One resource for each item of a list: by count where only a deployment knows the list.
local function separate_items(self, spec, list, test)
  for _, item in ipairs(list.items or {}) do
    separate_one(self, spec, intrinsics.node(item), test)
  end
  if list.items then return end
  local text = expr.text(list)
  separate_one(self, spec, intrinsics.node(expr.raw(text .. "[count.index]")), test)
  self.blocks[#self.blocks].length = "length(" .. text .. ")"
end

---A property that is a resource of its own in Terraform, linked to the first one. With `item` the
---property is a list of values, each of them that attribute of a resource.
function Resource:separate(spec, value, test)
  if values.is_no_value(value) then return end
  local arms = values.if_arms(value)
  if arms then
    local condition = self.scope:condition(arms[1])
    self:separate(spec, arms[2], both(test, condition))
    return self:separate(spec, arms[3], both(test, "!" .. condition))
  end
  if type(value) == "table" and next(value) == nil and self.scope.empty(value).k == "list" then
    return
  end
  local list = spec.item and values.is_intrinsic(value) and self:value(value)
  if type(list) == "table" and (list.t == "list" or list.k == "list") then
    return separate_items(self, spec, list, test)
  end
  if type(value) == "table" and (spec.item or #value > 0 and not spec.into) then
    return values.each(self, value, function(item, when)
      separate_one(self, spec, item, both(test, when))
    end)
  end
  separate_one(self, spec, value, test)
end

---Expression for an attribute of this resource's first block.
function Resource:own(attribute)
  local index = self.count and "[0]" or ""
  return ("%s.%s%s.%s"):format(self.type, self.label, index, attribute)
end

local function check_required(self)
  for _, block in ipairs(self.blocks) do
    block.body:missing(function(name)
      self:unsupported(nil, ("%s requires %s"):format(block.type, name))
    end, "")
    block.body:excess(function(name, max)
      self:unsupported(nil, ("%s takes at most %d %s"):format(block.type, max, name))
    end, "")
  end
end

-- CloudFormation makes a name where the template gives none; Terraform asks for one.
local function set_name(self, rule, body)
  local name = names.short(self.scope.stack_name .. "-" .. self.id, rule.name_limit or 64)
  if rule.name_lower then name = name:lower() end
  self.scope:assume(("%s has no name: %s"):format(self.id, name))
  body:set(rule.name, name)
end

-- Logical ids that are blocks of this resource in Terraform.
local function add_parts(self, parts, body)
  local scope = self.scope
  for _, id in ipairs(parts or {}) do
    local rule, props = scope.resources[id].rule, {}
    scope.current_id, scope.current_type = id, scope.resources[id].cfn_type
    for key, value in pairs(self.scope.template.Resources[id].Properties or {}) do
      if key ~= rule.part_of then props[key] = value end
    end
    if rule.into then
      local at, last = body, rule.into:match("[^.]*$")
      for name in rule.into:gmatch("([^.]+)%.") do at = at:single(name) end
      self:map(props, rule.props, last == "" and at or at:block(last))
    end
  end
  scope.current_id, scope.current_type = self.id, self.cfn_type
end

local function new(scope, id)
  local target = scope.resources[id]
  return setmetatable({ scope = scope, id = id, label = target.label, type = target.type,
    cfn_type = target.cfn_type, count = target.count, rule = target.rule, blocks = {},
    addresses = {}, suffixes = {} }, Resource)
end

---A logical id that is an attribute or a block of another resource in Terraform; of its own it has
---only further resources.
function Resource.part(scope, id, resource)
  local self, props = new(scope, id), {}
  scope.current_id, scope.current_type = id, self.cfn_type
  self.addresses[1] = self.type .. "." .. self.label
  for key, value in pairs(type(resource.Properties) == "table" and resource.Properties or {}) do
    if key ~= self.rule.part_of then props[key] = value end
  end
  if not self.rule.into then self:map(props, self.rule.props, Body.new()) end
  check_required(self)
  scope.current_id, scope.current_type = nil, nil
  return self
end

---Converts one resource; scope.resources[id] says its type, label and rule.
---@return table {blocks=, addresses=}
function Resource.convert(scope, id, resource)
  local target = scope.resources[id]
  local self = new(scope, id)
  scope.current_id, scope.current_type = id, target.cfn_type
  local given = type(resource.Properties) == "table" and resource.Properties or {}
  local props = values.structure_of(given) or given
  local rule = target.rule
  self.props = props
  local body
  if rule.build then
    call(self, rule.build, props)
  else
    body = self:block(target.type)
    for _, name in ipairs(names.sorted_keys(rule.set or {})) do body:raw(name, rule.set[name]) end
    self:map(props, rule.props or {}, body)
    add_parts(self, target.parts, body)
    if rule.finish then call(self, rule.finish, props, body) end
    if rule.name and not body:has(rule.name) then set_name(self, rule, body) end
    set_defaults(self, rule, body)
  end
  if values.is_intrinsic(props) then
    self:unsupported(nil, "properties known only at deploy time")
  end
  check_required(self)
  scope.current_id, scope.current_type = nil, nil
  return self
end

return Resource
