-- SPDX-License-Identifier: Apache-2.0
-- What a template says beside its resources' properties, and what becomes of it.
local expr = require "std.normalize.expr"
local intrinsics = require "std.normalize.cfn.intrinsics"
local names = require "std.normalize.names"

local M = {}

local SECTIONS = { AWSTemplateFormatVersion = true, Description = true, Metadata = true,
  Parameters = true, Mappings = true, Conditions = true, Resources = true, Outputs = true,
  Transform = true, Rules = true }

local MAPS = { "Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Rules" }

local EXPANDED = { ["AWS::LanguageExtensions"] = true, ["AWS::Serverless-2016-10-31"] = true }

local function check_transform(scope, transform)
  if transform == nil then return end
  local list = type(transform) == "table" and #transform > 0 and transform or { transform }
  for _, macro in ipairs(list) do
    local name = type(macro) == "table" and macro.Name or macro
    if not EXPANDED[name] then
      scope:unsupported("Transform", "macro " .. (type(name) == "string" and name or "by a value"))
    end
  end
end

---The first section that is no map of names, as CloudFormation wants it; nil where all are.
---@return string|nil
function M.misshapen(template)
  for _, name in ipairs(MAPS) do
    local section = template[name]
    local is_absent = section == nil or type(section) == "userdata"
    if not is_absent and (type(section) ~= "table" or #section > 0) then return name end
  end
end

---Names the sections that are left out or not known.
function M.check(scope, template)
  for _, key in ipairs(names.sorted_keys(template)) do
    if not SECTIONS[key] then scope:unsupported(tostring(key), "section of the template") end
  end
  if template.Metadata ~= nil then
    scope:assume("section Metadata is left out: it describes the template and deploys nothing")
  end
  check_transform(scope, template.Transform)
end

-- --- attributes of resources -------------------------------------------------------------------

local CONVERTED = { Type = true, Properties = true, Condition = true, DependsOn = true }

-- Reviewed: what each says is about CloudFormation's own work, not about what is deployed.
local WITHOUT_MEANING = {
  DeletionPolicy = "destroying the root has to remove everything",
  UpdateReplacePolicy = "it says what CloudFormation keeps when it replaces a resource",
  UpdatePolicy = "it says how CloudFormation rolls out a change",
  CreationPolicy = "it waits for signals of software and deploys nothing",
}

local function note_metadata(scope, id, metadata)
  if type(metadata) == "table" and metadata["AWS::CloudFormation::Init"] ~= nil then
    scope:assume(("%s.Metadata is left out: cfn-init has no stack to read it from"):format(id))
  else
    scope:assume("Metadata of resources is left out: it describes and deploys nothing")
  end
end

---Names the attributes of a resource that are left out or not known.
function M.attributes(scope, id, resource)
  local props = resource.Properties
  if props ~= nil and type(props) ~= "table" and type(props) ~= "userdata" then
    scope.unsupported_list[#scope.unsupported_list + 1] = { id = id, type = resource.Type,
      property = "Properties", reason = "not a map of names" }
  end
  for _, key in ipairs(names.sorted_keys(resource)) do
    local why = WITHOUT_MEANING[key]
    if key == "Metadata" then
      note_metadata(scope, id, resource.Metadata)
    elseif why and resource[key] ~= "Delete" then
      local what = type(resource[key]) == "string" and " " .. resource[key] or ""
      scope:assume(("%s.%s%s is left out: %s"):format(id, key, what, why))
    elseif not why and not CONVERTED[key] then
      scope.unsupported_list[#scope.unsupported_list + 1] = { id = id, type = resource.Type,
        property = tostring(key), reason = "attribute of the resource" }
    end
  end
end

-- --- mappings ----------------------------------------------------------------------------------

-- Values of mappings are strings or lists of strings, however they are written.
local function mapping_value(value)
  if type(value) ~= "table" then return expr.scalar(value) end
  local items = {}
  for i, item in ipairs(value) do items[i] = expr.scalar(item) end
  return expr.list(items)
end

-- Lists hold texts; within one there is no further structure.
local function is_mapped(value)
  if type(value) ~= "table" then return type(value) ~= "userdata" end
  for _, item in ipairs(value) do
    if type(item) == "table" or type(item) == "userdata" then return false end
  end
  return next(value) == nil or #value > 0
end

local function mapping_node(scope, mapping)
  local tops = {}
  for top, values in pairs(mapping) do
    local entries = {}
    if type(values) ~= "table" then scope:unsupported(tostring(top), "not a map of names") end
    for key, value in pairs(type(values) == "table" and values or {}) do
      if not is_mapped(value) then
        scope:unsupported(nil, "a value that is neither text nor list")
      else
        entries[tostring(key)] = mapping_value(value)
      end
    end
    tops[tostring(top)] = expr.map(entries)
  end
  return expr.map(tops)
end

---@return table|nil node of the mappings in use
function M.mappings(scope)
  local used = {}
  for _, name in ipairs(names.sorted_keys(scope.mappings)) do
    scope.current_id, scope.current_type = name, "Mapping"
    if not scope.used_mappings[name] then
      scope:assume(("mapping %s is left out: nothing refers to it"):format(name))
    elseif type(scope.mappings[name]) == "table" then
      used[name] = mapping_node(scope, scope.mappings[name])
    else
      scope:unsupported(nil, "not a map of names")
    end
  end
  scope.current_id, scope.current_type = nil, nil
  return next(used) and expr.map(used) or nil
end

-- --- conditions, rules, outputs ------------------------------------------------------------------

---@return {name: string, text: string}[]
function M.conditions(scope)
  local out = {}
  for _, name in ipairs(names.sorted_keys(scope.conditions)) do
    scope.current_id, scope.current_type = name, "Condition"
    out[#out + 1] = { name = scope.condition_names[name],
      text = intrinsics.condition(scope.conditions[name], scope) }
  end
  scope.current_id, scope.current_type = nil, nil
  return out
end

-- Functions that only rules have; what reads other accounts' values cannot be said.
local function has_unknown_function(value)
  if type(value) ~= "table" then return nil end
  for key, inner in pairs(value) do
    if key == "Fn::ValueOf" or key == "Fn::ValueOfAll" or key == "Fn::RefAll" then return key end
    local found = has_unknown_function(inner)
    if found then return found end
  end
end

local function assertion(scope, rule, entry)
  if type(entry) ~= "table" then entry = {} end
  local text = intrinsics.condition(entry.Assert, scope)
  if rule.RuleCondition ~= nil then
    text = ("!%s || %s"):format(intrinsics.condition(rule.RuleCondition, scope), text)
  end
  local described = entry.AssertDescription
  return { condition = text, message = type(described) == "string" and described or "a rule" }
end

---Rules of the template as checks.
---@return {name: string, assertions: {condition: string, message: string}[]}[]
function M.rules(scope, template)
  local out, taken = {}, {}
  local rules = type(template.Rules) == "table" and template.Rules or {}
  for _, name in ipairs(names.sorted_keys(rules)) do
    scope.current_id, scope.current_type = name, "Rule"
    local rule = rules[name]
    local unknown = has_unknown_function(rule)
    local entries = type(rule) == "table" and type(rule.Assertions) == "table" and rule.Assertions
    if name == "CheckBootstrapVersion" then
      scope:assume("rule CheckBootstrapVersion is left out: there is no bootstrap stack")
    elseif unknown or not entries then
      scope:assume(("rule %s is left out: %s"):format(name,
        unknown and unknown .. " asks the account" or "it asserts nothing"))
    else
      local check = { name = names.unique(taken, names.identifier(name)), assertions = {} }
      for i, entry in ipairs(entries) do check.assertions[i] = assertion(scope, rule, entry) end
      out[#out + 1] = check
    end
  end
  scope.current_id, scope.current_type = nil, nil
  return out
end

local function note_export(scope, name, export)
  local node = type(export) == "table" and intrinsics.eval(export.Name, scope)
  if not node or node == expr.none then return end
  local text = scope:constant(node) or expr.text(node)
  scope.exports[text] = scope.output_names[name]
  scope:assume(("export %s is the output %s"):format(text, scope.output_names[name]))
end

---@return {name: string, node: any, description: string|nil}[]
function M.outputs(scope, template)
  local out, taken = {}, {}
  local outputs = type(template.Outputs) == "table" and template.Outputs or {}
  for _, name in ipairs(names.sorted_keys(outputs)) do
    local output = outputs[name]
    scope.current_id, scope.current_type = name, "Output"
    if type(output) == "table" and output.Value ~= nil then
      local node = intrinsics.eval(output.Value, scope)
      if output.Condition then
        node = expr.cond(scope:condition(output.Condition), node, expr.none)
      end
      local label = names.unique(taken, names.identifier(name))
      scope.output_names[name] = label
      note_export(scope, name, output.Export)
      out[#out + 1] = { name = label, node = node,
        description = type(output.Description) == "string" and output.Description or nil }
    else
      scope:unsupported(nil, "not an output: it has no Value")
    end
  end
  scope.current_id, scope.current_type = nil, nil
  return out
end

return M
