-- SPDX-License-Identifier: Apache-2.0
-- What one template's values refer to: parameters, conditions, mappings, resources; and what came
-- up while converting: data sources used, things unsupported, assumptions made.
local Body = require "std.normalize.cfn.body"
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local counterpart = require "std.normalize.cfn.counterpart"
local nested = require "std.normalize.cfn.nested"
local provider = require "std.normalize.provider"

local Scope = {}
Scope.__index = Scope

local function section(template, name)
  return type(template[name]) == "table" and template[name] or {}
end

---@param template table
---@param options {empty: fun(value: table): any}|nil
function Scope.new(template, options)
  options = options or {}
  return setmetatable({
    template = template, mappings = section(template, "Mappings"),
    conditions = section(template, "Conditions"), job = options.job or {},
    parameters = {}, resources = {}, data = {}, condition_names = {}, imports = {},
    unsupported_list = {}, assumptions = {}, seen = {}, packages = {}, used_mappings = {},
    network = {}, part_labels = {}, references = {}, secrets = {}, stand_ins = {},
    stand_in_keys = {},
    files = {}, exports = {}, output_names = {}, given = options.given or {},
    linked = options.linked or {}, open = options.open, read_file = options.read_file,
    local_package = options.local_package, stack_name = options.stack_name or "stack",
    empty = options.empty or function() return expr.list {} end,
  }, Scope)
end

---Names something that has no translation. `property` nil: the place being converted.
function Scope:unsupported(property, reason)
  property = property ~= nil and tostring(property) or self.current_property
  local entry = { id = self.current_id, type = self.current_type, property = property,
    reason = reason }
  local key = table.concat({ tostring(entry.id), tostring(entry.property), reason }, "\0")
  if self.seen[key] then return end
  self.seen[key] = true
  self.unsupported_list[#self.unsupported_list + 1] = entry
end

function Scope:assume(text)
  if self.seen[text] then return end
  self.seen[text] = true
  self.assumptions[#self.assumptions + 1] = text
end

---Names a property that has no meaning in Terraform and says why that loses nothing.
function Scope:drop(id, property, reason)
  self:assume(("%s.%s is left out: %s"):format(id, self.current_property or property, reason))
end

---Runs `fn` with the place that messages name set, and sets it back.
function Scope:at(property, fn)
  local before = self.current_property
  self.current_property = before and property and before .. "." .. property or property
  local result = fn()
  self.current_property = before
  return result
end

---The text of a node where parameters stand for their defaults, or nil.
---@param node any
---@param known table<string, string>|nil texts of further expressions
---@return string|nil
function Scope:constant(node, known)
  if type(node) ~= "table" then return node ~= nil and expr.scalar(node) or nil end
  if node.k == "raw" then return node.value or known and known[node.text] or nil end
  if node.k ~= "tpl" then return nil end
  local out = {}
  for i, part in ipairs(node.parts) do
    out[i] = self:constant(part, known)
    if not out[i] then return nil end
  end
  return table.concat(out)
end

---Notes that a mapping is needed; nil: any of them.
function Scope:use_mapping(name)
  if name then
    self.used_mappings[name] = true
    return
  end
  for key in pairs(self.mappings) do self.used_mappings[key] = true end
end

---Whether a node is the region that the provider works in.
function Scope:is_region(node)
  return type(node) == "table" and node.text == "data.aws_region.current.name"
end

---@param name string
---@return string expression
function Scope:condition(name)
  if self.conditions[name] == nil then
    local is_text = type(name) ~= "table" and type(name) ~= "userdata"
    local shown = is_text and "'" .. tostring(name) .. "'" or "a value"
    self:unsupported(nil, "condition " .. shown .. " is not declared")
    return "false"
  end
  return "local." .. self.condition_names[name]
end

local function suffix(path) return path:match("^%[") and path or "." .. path end

-- A resource under a condition is a list of none or one: the reference is null when it is absent.
local function address(target, attribute)
  local head = target.type .. "." .. target.label
  if not target.count then return head .. suffix(attribute) end
  return ("one(%s[*]%s)"):format(head, suffix(attribute))
end

local function target_expression(self, target, attribute)
  if type(attribute) == "function" then return attribute(target, address, self) end
  if type(attribute) == "table" then
    local parts = {}
    for i, name in ipairs(attribute) do parts[i] = "${" .. address(target, name) .. "}" end
    return '"' .. table.concat(parts, "|") .. '"'
  end
  return address(target, attribute)
end

-- The identity of a nested stack says nothing but its name.
local function stack_id(scope, id)
  return ("arn:aws:cloudformation:us-east-1:000000000000:stack/%s-%s/00000000-0000-4000-8000-"
    .. "000000000000"):format(scope.stack_name, id)
end

---The label of the first further block of a resource with a suffix, also before it is made.
---@param target table entry of scope.resources
---@param what string
---@return string
function Scope:part_label(target, what)
  local key = target.id .. "." .. what
  self.part_labels[key] = self.part_labels[key]
    or names.unique(self.labels, names.identifier(target.label .. "_" .. what))
  return self.part_labels[key]
end

---Node for Ref of a resource.
function Scope:reference(id)
  local target = self.resources[id]
  if target.module then return stack_id(self, id) end
  if target.address and (self.current_property or ""):find("UserData") then
    return target.address
  end
  if not target.type then
    self:unsupported(nil, "refers to " .. id .. ", which is not converted")
    return expr.none
  end
  if target.rule.ref == false then
    self:unsupported(nil, ("Ref of %s has no counterpart"):format(target.cfn_type))
    return expr.none
  end
  local attribute = target.rule.ref or "id"
  return expr.raw(target_expression(self, target, attribute), "string")
end

local function known_attribute(target, name)
  local schema = provider.resource(target.type)
  local snake = names.snake((name:gsub("%.", "")))
  if not schema then return nil end
  if schema.attrs[snake] then return snake end
  -- A property is an attribute too: BucketName, ModelName.
  local spec = (target.rule.props or {})[name]
  if spec == nil then spec = counterpart.of(name, schema, target.cfn_type) end
  if type(spec) == "table" then spec = not spec.fn and spec.to end
  return schema.attrs[spec] and spec or nil
end

---Node for GetAtt.
function Scope:attribute(id, name)
  local target = self.resources[id]
  if target.module then return nested.attribute(self, target, name) end
  if not target.type then
    self:unsupported(nil, "refers to " .. id .. ", which is not converted")
    return expr.none
  end
  local attributes = target.rule.attributes
  local attribute = attributes and attributes[name]
  if attribute == nil then attribute = known_attribute(target, name) end
  if not attribute then
    self:unsupported(nil, ("attribute %s of %s has no counterpart"):format(name, target.cfn_type))
    return expr.none
  end
  local schema = provider.resource(target.type)
  local kind = type(attribute) == "string" and schema and schema.attrs[attribute]
  local text, t = target_expression(self, target, attribute)
  if kind and kind.kind == "set" then text = "tolist(" .. text .. ")" end
  if kind and (kind.kind == "list" or kind.kind == "set") then t = "list" end
  return expr.raw(text, t or "string")
end

---Address of something that an account has outside of the template, made once: as a resource,
---since a fresh account has none.
---@param type_name string
---@param label string wanted label
---@param arguments table<string, any> nodes by argument
---@return string
function Scope:stand_in(type_name, label, arguments)
  local body = Body.new()
  for _, name in ipairs(names.sorted_keys(arguments)) do body:set(name, arguments[name]) end
  local lines = { type_name }
  body:write(lines, 0)
  local key = table.concat(lines, "\n")
  if not self.stand_in_keys[key] then
    local entry = { type = type_name, body = body,
      label = names.unique(self.labels, names.identifier(label)) }
    self.stand_ins[#self.stand_ins + 1] = entry
    self.stand_in_keys[key] = ("%s.%s"):format(type_name, entry.label)
  end
  return self.stand_in_keys[key]
end

---Node for a value that another stack exports: a variable with a stand-in value.
function Scope:import(export)
  local link = self.linked[export]
  local target = link and self.resources[link.id]
  if target and target.module then
    return nested.attribute(self, target, "Outputs." .. link.output)
  end
  local name = names.identifier("import_" .. export):gsub("_+", "_")
  if not self.imports[name] then
    self.imports[name] = export
    self:assume(("import %s: variable %s"):format(export, name))
  end
  return expr.raw("var." .. name, "string")
end

return Scope
