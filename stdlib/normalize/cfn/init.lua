-- SPDX-License-Identifier: Apache-2.0
-- A CloudFormation template (already parsed) to Terraform files.
local Resource = require "std.normalize.cfn.resource"
local Scope = require "std.normalize.cfn.scope"
local emit = require "std.normalize.cfn.emit"
local expr = require "std.normalize.expr"
local intrinsics = require "std.normalize.cfn.intrinsics"
local names = require "std.normalize.names"
local params = require "std.normalize.cfn.params"

local M = {}

local SECTIONS = { AWSTemplateFormatVersion = true, Description = true, Metadata = true,
  Parameters = true, Mappings = true, Conditions = true, Resources = true, Outputs = true,
  Transform = true, Rules = true, Hooks = true, Globals = true }

-- Attributes of a resource that say how CloudFormation works, not what is deployed.
local WITHOUT_MEANING = { Metadata = true, DeletionPolicy = true, UpdateReplacePolicy = true,
  UpdatePolicy = true, CreationPolicy = true }
local ATTRIBUTES = { Type = true, Properties = true, Condition = true, DependsOn = true }

local function check_sections(template, scope)
  for _, key in ipairs(names.sorted_keys(template)) do
    if not SECTIONS[key] then scope:unsupported(key, "section of the template") end
  end
  if template.Rules then scope:assume("section Rules has no Terraform meaning") end
  local transform = template.Transform
  local list = type(transform) == "table" and transform or { transform }
  if transform and #list == 0 then scope:unsupported("Transform", "a macro") end
  for _, name in ipairs(list) do
    if name ~= "AWS::LanguageExtensions" and name ~= "AWS::Serverless-2016-10-31" then
      scope:unsupported("Transform", "macro " .. (type(name) == "string" and name or "include"))
    end
  end
end

local function unsupported_type(scope, id, cfn_type)
  local entry = { id = id, type = cfn_type }
  if cfn_type:find("^Custom::") or cfn_type == "AWS::CloudFormation::CustomResource" then
    entry.reason = "custom resource"
  else
    entry.reason = "no rule for this type"
  end
  scope.unsupported_list[#scope.unsupported_list + 1] = entry
end

local function declare_one(scope, id, resource, find)
  local cfn_type = type(resource) == "table" and resource.Type
  if type(cfn_type) ~= "string" then
    scope.unsupported_list[#scope.unsupported_list + 1] = { id = tostring(id), type = "",
      reason = "not a resource: it has no Type" }
    return
  end
  local rule = find(cfn_type)
  if rule and rule.variants then
    local props = type(resource.Properties) == "table" and resource.Properties or {}
    rule = rule.variants[rule.choose(props)]
  end
  local target = { cfn_type = cfn_type, rule = rule }
  scope.resources[id] = target
  if not rule then return unsupported_type(scope, id, cfn_type) end
  if rule.drop then return scope:assume(("%s (%s): %s"):format(id, cfn_type, rule.drop)) end
  if rule.part_of then return end
  target.type = rule.type
  target.label = names.unique(scope.labels, names.identifier(id))
  if resource.Condition then target.condition = resource.Condition end
end

local function id_in(value)
  if type(value) ~= "table" then return nil end
  local att = value["Fn::GetAtt"]
  return value.Ref or type(att) == "table" and att[1]
    or type(att) == "string" and att:match("^[^.]+") or nil
end

-- A version of a function is an attribute of that function.
local function declare_part(scope, id, resource)
  local target = scope.resources[id]
  local owner_id = id_in((resource.Properties or {})[target.rule.part_of])
  local owner = owner_id and scope.resources[owner_id]
  if not owner or not owner.type then
    scope.unsupported_list[#scope.unsupported_list + 1] = { id = id, type = target.cfn_type,
      property = target.rule.part_of, reason = "names no resource of the template" }
    return
  end
  scope.published[owner_id] = true
  owner.parts = owner.parts or {}
  owner.parts[#owner.parts + 1] = id
  target.type, target.label, target.count, target.part = owner.type, owner.label, owner.count, true
end

local function declare(scope, resources, find)
  scope.labels, scope.published = {}, {}
  for _, id in ipairs(names.sorted_keys(resources)) do
    declare_one(scope, id, resources[id], find)
  end
  local taken = { mappings = true }
  for _, name in ipairs(names.sorted_keys(scope.conditions)) do
    scope.condition_names[name] = names.unique(taken, names.identifier("if_" .. name))
  end
  for _, target in pairs(scope.resources) do
    if target.condition then target.count = scope:condition(target.condition) end
  end
  for _, id in ipairs(names.sorted_keys(scope.resources)) do
    local rule = scope.resources[id].rule
    if rule and rule.part_of then declare_part(scope, id, resources[id]) end
  end
end

local function depends_on(scope, value, done)
  local list = type(value) == "string" and { value } or type(value) == "table" and value or {}
  local addresses = {}
  for _, id in ipairs(list) do
    local other = done[id]
    if not scope.resources[id] then
      scope:unsupported("DependsOn", "'" .. tostring(id) .. "' is not declared")
    end
    for _, address in ipairs(other and other.addresses or {}) do
      addresses[#addresses + 1] = address
    end
  end
  return addresses
end

local function note_attributes(scope, id, resource)
  for _, key in ipairs(names.sorted_keys(resource)) do
    if not ATTRIBUTES[key] then
      if not WITHOUT_MEANING[key] then
        scope.unsupported_list[#scope.unsupported_list + 1] = { id = id, type = resource.Type,
          property = key, reason = "attribute of the resource" }
      elseif key ~= "Metadata" then
        scope:assume(("%s of %s has no Terraform meaning"):format(key, id))
      end
    end
  end
end

local function convert_resources(scope, resources)
  local done, order = {}, {}
  for _, id in ipairs(names.sorted_keys(resources)) do
    local target = scope.resources[id]
    if target and target.type then
      local convert = target.part and Resource.part or Resource.convert
      done[id] = convert(scope, id, resources[id])
      note_attributes(scope, id, resources[id])
      order[#order + 1] = id
    end
  end
  for _, id in ipairs(order) do
    scope.current_id, scope.current_type = id, scope.resources[id].cfn_type
    done[id].depends_on = depends_on(scope, resources[id].DependsOn, done)
  end
  scope.current_id, scope.current_type = nil, nil
  return done, order
end

local function convert_conditions(scope)
  local out = {}
  for _, name in ipairs(names.sorted_keys(scope.conditions)) do
    scope.current_id, scope.current_type = name, "Condition"
    out[#out + 1] = { name = scope.condition_names[name],
      text = intrinsics.condition(scope.conditions[name], scope) }
  end
  scope.current_id, scope.current_type = nil, nil
  return out
end

local function convert_outputs(scope, template)
  local out, taken = {}, {}
  local outputs = type(template.Outputs) == "table" and template.Outputs or {}
  for _, name in ipairs(names.sorted_keys(outputs)) do
    local output = outputs[name]
    scope.current_id, scope.current_type = name, "Output"
    if type(output) == "table" then
      local node = intrinsics.eval(output.Value, scope)
      if output.Condition then
        node = expr.cond(scope:condition(output.Condition), node, expr.none)
      end
      out[#out + 1] = { name = names.unique(taken, names.identifier(name)), node = node,
        description = type(output.Description) == "string" and output.Description or nil }
    end
  end
  scope.current_id, scope.current_type = nil, nil
  return out
end

local function addresses_of(done)
  local map = {}
  for id, resource in pairs(done) do map[id] = resource.addresses end
  return map
end

---Converts a parsed template.
---@param template table
---@param options {rules: fun(type: string): table|nil, stack_name: string, base: string|nil}
---@return table {files=, packages=, resources=, unsupported=, assumptions=, resource_count=}
function M.convert(template, options)
  local scope = Scope.new(template, options)
  local resources = type(template.Resources) == "table" and template.Resources or {}
  check_sections(template, scope)
  local parts = { scope = scope, variables = params.convert(template, scope) }
  declare(scope, resources, options.rules)
  parts.done, parts.order = convert_resources(scope, resources)
  parts.conditions = convert_conditions(scope)
  parts.outputs = convert_outputs(scope, template)
  parts.mappings = scope.uses_mappings and intrinsics.eval(scope.mappings, scope) or nil
  if #parts.order == 0 and #scope.unsupported_list == 0 then
    scope.unsupported_list[1] = { id = "", type = "", reason = "no resource to deploy" }
  end
  return { files = emit.files(parts), packages = scope.packages,
    resources = addresses_of(parts.done), unsupported = scope.unsupported_list,
    assumptions = scope.assumptions, imports = scope.imports }
end

return M
