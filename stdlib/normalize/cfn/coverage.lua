-- SPDX-License-Identifier: Apache-2.0
-- Compares a rule with CloudFormation's own schema of the type: what is not answered, and what the
-- rule names that does not exist. Reads no template; used by tests and by who writes rules.
local Resource = require "std.normalize.cfn.resource"
local names = require "std.normalize.names"
local provider = require "std.normalize.provider"

local M = {}

local EMPTY = { attrs = {}, blocks = {} }

local function spec_of(specs, key, schema, cfn_type)
  local spec = specs[key]
  if spec == nil then spec = Resource.counterpart(key, schema, cfn_type) end
  if type(spec) == "string" then return { to = spec } end
  if type(spec) == "function" then return { fn = spec } end
  return spec
end

-- The body that a dotted name leads to, or nil for an attribute.
local function inner_schema(schema, path)
  for name in path:gmatch("[^.]+") do
    schema = schema and provider.block(schema, name)
  end
  return schema
end

local walk

local function visit(report, spec, shape, schema, path, cfn_type)
  if spec.drop or spec.fn or spec.json or spec.pairs or spec.wrap or spec.scalar then return end
  if type(shape) == "table" and shape[1] ~= nil then shape = shape[1] end
  if type(shape) ~= "table" or shape["{}"] then return end
  if spec.each then shape = shape[spec.each] or shape end
  local inner
  if spec.separate then
    inner = provider.resource(spec.separate)
    if spec.into then inner = inner_schema(inner, spec.into) end
  elseif spec.inline then
    inner = schema
  else
    inner = inner_schema(schema, spec.to)
  end
  if type(shape) == "table" and shape[1] ~= nil then shape = shape[1] end
  if inner and type(shape) == "table" then
    walk(report, shape, spec.props or {}, inner, path .. ".", cfn_type)
  end
end

walk = function(report, props, specs, schema, path, cfn_type)
  for _, key in ipairs(names.sorted_keys(props)) do
    local spec = spec_of(specs, key, schema, cfn_type)
    if spec == nil then
      report.missing[#report.missing + 1] = path .. key
    elseif spec then
      visit(report, spec, props[key], schema, path .. key, cfn_type)
    end
  end
  for _, key in ipairs(names.sorted_keys(specs)) do
    if props[key] == nil then report.unknown[#report.unknown + 1] = path .. key end
  end
end

local function attributes(report, entry, rule, schema)
  for _, name in ipairs(entry.get) do
    local own = rule.attributes and rule.attributes[name]
    if not own and not schema.attrs[names.snake((name:gsub("%.", "")))] then
      report.attributes[#report.attributes + 1] = name
    end
  end
end

---@param entry table a line of the index that tests/tools/cloudformation_index.py makes
---@param rule table
---@return {missing: string[], attributes: string[], unknown: string[]}
function M.of(entry, rule)
  local report = { missing = {}, attributes = {}, unknown = {} }
  if rule.drop or rule.build or rule.part_of then return report end
  local schema = provider.resource(rule.type) or EMPTY
  walk(report, entry.props, rule.props or {}, schema, "", entry.type)
  attributes(report, entry, rule, schema)
  return report
end

return M
