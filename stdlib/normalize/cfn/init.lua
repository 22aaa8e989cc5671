-- SPDX-License-Identifier: Apache-2.0
-- A CloudFormation template (already parsed) to Terraform files.
local Resource = require "std.normalize.cfn.resource"
local Scope = require "std.normalize.cfn.scope"
local document = require "std.normalize.document"
local emit = require "std.normalize.cfn.emit"
local expand = require "std.normalize.cfn.expand"
local graph = require "std.normalize.cfn.graph"
local intrinsics = require "std.normalize.cfn.intrinsics"
local names = require "std.normalize.names"
local nested = require "std.normalize.cfn.nested"
local params = require "std.normalize.cfn.params"
local positions = require "std.normalize.positions"
local sections = require "std.normalize.cfn.sections"

local M = {}

local WAIT = "AWS::CloudFormation::WaitCondition"

-- Types that cannot have a rule, by pattern.
local KINDS = {
  { "^Custom::", "custom resource" },
  { "^AWS::CloudFormation::CustomResource$", "custom resource" },
  { "^AWS::CloudFormation::Macro$", "a macro that a template defines" },
  { "^AWS::Serverless::", "a type of SAM, and the template lacks SAM's Transform" },
  { "::MODULE$", "module of a CloudFormation registry" },
}

local function unsupported_type(scope, id, cfn_type)
  local reason = "no rule for this type"
  for _, kind in ipairs(KINDS) do
    if cfn_type:find(kind[1]) then reason = kind[2] break end
  end
  scope.unsupported_list[#scope.unsupported_list + 1] = { id = id, type = cfn_type,
    reason = reason }
end

-- No type at all, or in JSON what YAML says by a foreign tag: {"Rain::Module": …}.
local function unsupported_kind(scope, id, value)
  local tag = type(value) == "table" and next(value)
  scope.unsupported_list[#scope.unsupported_list + 1] = { id = tostring(id), type = "",
    property = type(tag) == "string" and "!" .. tag or nil,
    reason = type(tag) == "string" and "not a tag of CloudFormation"
      or "not a resource: it has no Type" }
end

-- A wait for a signal deploys nothing. Its address is only good for software that signals.
local function declare_wait(scope, id, cfn_type)
  scope.resources[id] = { cfn_type = cfn_type, dropped = true,
    address = cfn_type == WAIT .. "Handle" and "https://signal.invalid/" .. id or nil }
  scope:assume(("%s (%s) is left out: Terraform does not wait for signals"):format(id, cfn_type))
end

local function declare_one(scope, id, resource, find)
  local cfn_type = type(resource) == "table" and resource.Type
  if type(cfn_type) ~= "string" then return unsupported_kind(scope, id, cfn_type) end
  if cfn_type == nested.TYPE then return nested.declare(scope, id, resource, scope.open) end
  if cfn_type == WAIT or cfn_type == WAIT .. "Handle" then
    return declare_wait(scope, id, cfn_type)
  end
  local rule = find(cfn_type)
  if rule and rule.variants then
    local props = type(resource.Properties) == "table" and resource.Properties or {}
    rule = rule.variants[rule.choose(props)]
  end
  local target = { id = id, cfn_type = cfn_type, rule = rule }
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
  for _, id in ipairs(names.sorted_keys(scope.resources)) do
    local target = scope.resources[id]
    scope.current_id, scope.current_type = id, target.cfn_type
    if target.condition then target.count = scope:condition(target.condition) end
  end
  scope.current_id, scope.current_type = nil, nil
  for _, id in ipairs(names.sorted_keys(scope.resources)) do
    local rule = scope.resources[id].rule
    if rule and rule.part_of then declare_part(scope, id, resources[id]) end
  end
end

-- Everything of the resources named; one that is left out passes on what it waits for itself.
local function depends_on(scope, value, done, addresses, seen)
  local list = type(value) == "table" and value or { value }
  if #list == 0 and next(list) ~= nil then scope:unsupported("DependsOn", "not a list of names") end
  for _, id in ipairs(list) do
    if type(id) == "table" or type(id) == "userdata" then id = "a value" end
    local target, other = scope.resources[id], done[id]
    if not target then
      scope:unsupported("DependsOn", "'" .. tostring(id) .. "' is not declared")
    elseif not other and not seen[id] then
      seen[id] = true
      depends_on(scope, scope.template.Resources[id].DependsOn, done, addresses, seen)
    end
    for _, address in ipairs(other and (other.depend or other.addresses) or {}) do
      if not seen[address] then addresses[#addresses + 1] = address end
      seen[address] = true
    end
  end
  return addresses
end

local function convert_resources(scope, resources)
  local done, order = {}, {}
  for _, id in ipairs(names.sorted_keys(resources)) do
    local target = scope.resources[id]
    if target and (target.type or target.module) then
      local convert = target.part and Resource.part or target.module and nested.convert
        or Resource.convert
      done[id] = convert(scope, id, resources[id], intrinsics.eval)
      sections.attributes(scope, id, resources[id])
      order[#order + 1] = id
    end
  end
  for _, id in ipairs(order) do
    scope.current_id, scope.current_type = id, scope.resources[id].cfn_type
    done[id].depends_on = depends_on(scope, resources[id].DependsOn, done, {}, {})
  end
  scope.current_id, scope.current_type = nil, nil
  return done, order
end

local function addresses_of(done)
  local map = {}
  for id, resource in pairs(done) do map[id] = resource.addresses end
  return map
end

local CYCLES = {
  { section = "Conditions", kind = "Condition", edges = graph.condition_edges },
  { section = "Resources", kind = "resource", edges = graph.resource_edges },
}

-- An error when parts of the template refer to each other in a circle.
local function circular(template, job)
  for _, check in ipairs(CYCLES) do
    local nodes = template[check.section]
    local cycle = type(nodes) == "table" and graph.cycle(nodes, check.edges)
    if cycle then
      local line, col = positions.find(job, { id = cycle[1], type = check.kind })
      return document.invalid(job, ("circular reference: %s -> %s"):format(
        table.concat(cycle, " -> "), cycle[1]), { line = line, col = col })
    end
  end
end

local function take_expansion(scope, expanded)
  for _, entry in ipairs(expanded.unsupported) do
    scope.unsupported_list[#scope.unsupported_list + 1] = entry
  end
  for _, text in ipairs(expanded.assumptions) do scope:assume(text) end
end

local function variables_of(scope)
  local map = {}
  for name, parameter in pairs(scope.parameters) do map[name] = parameter.variable end
  return map
end

local function result_of(scope, parts)
  for name, text in pairs(emit.files(parts)) do scope.files[name] = text end
  return { files = scope.files, packages = scope.packages, resources = addresses_of(parts.done),
    unsupported = scope.unsupported_list, assumptions = scope.assumptions,
    imports = scope.imports, exports = scope.exports, outputs = scope.output_names,
    variables = variables_of(scope), secrets = parts.secrets }
end

---Converts a parsed template.
---@param template table changed here
---@param options {rules: fun(type: string): table|nil, stack_name: string, job: table,
---  empty: fun(value: table): any, local_package: function|nil, given: table<string, boolean>|nil
---  parameters that get a value from outside, open: function (see std.normalize.cfn.nested)}
---@return table|nil {files=, packages=, resources=, unsupported=, assumptions=, outputs=, …}
---@return table|nil err a template that CloudFormation would refuse as well
function M.convert(template, options)
  local expanded = expand.template(template, options.job)
  local err = circular(template, options.job)
  if err then return nil, err end
  local scope = Scope.new(template, options)
  take_expansion(scope, expanded)
  local resources = type(template.Resources) == "table" and template.Resources or {}
  sections.check(scope, template)
  local parts = { scope = scope, variables = params.convert(template, scope) }
  declare(scope, resources, options.rules)
  if scope.problem then return nil, scope.problem end
  parts.done, parts.order = convert_resources(scope, resources)
  parts.conditions = sections.conditions(scope)
  parts.rules = sections.rules(scope, template)
  parts.outputs = sections.outputs(scope, template)
  parts.mappings = sections.mappings(scope)
  if #parts.order == 0 and #scope.unsupported_list == 0 then
    scope.unsupported_list[1] = { id = "", type = "", reason = "no resource to deploy" }
  end
  return result_of(scope, parts)
end

return M
