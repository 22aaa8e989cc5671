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

-- Whether Terraform can set what a dotted name leads to.
local function settable(schema, path)
  local before, last = path:match("^(.*)%.([^.]+)$")
  if before then schema = inner_schema(schema, before) end
  if not schema then return false end
  local attribute = schema.attrs[last or path]
  return schema.blocks[last or path] ~= nil or attribute ~= nil and attribute.mode ~= "c"
end

local walk, document

local function first_of(shape)
  while type(shape) == "table" and shape[1] ~= nil do shape = shape[1] end
  return shape
end

document = function(report, wanted, shape, path)
  wanted, shape = first_of(wanted), first_of(shape)
  if type(wanted) ~= "table" or type(shape) ~= "table" then return end
  if shape["{}"] or wanted["{}"] then return end
  for _, key in ipairs(names.sorted_keys(wanted)) do
    if shape[key] == nil then
      report.missing[#report.missing + 1] = path .. key
    else
      document(report, wanted[key], shape[key], path .. key .. ".")
    end
  end
end

local function target_of(report, spec, schema, path)
  local target = spec.to
  if spec.separate then schema, target = provider.resource(spec.separate), spec.into end
  if schema == nil then
    report.wrong[#report.wrong + 1] = path .. ": no type " .. spec.separate
  elseif target and not spec.fn and not settable(schema, target) then
    report.wrong[#report.wrong + 1] = path .. ": cannot set " .. target
  end
  return schema and target and inner_schema(schema, target) or not target and schema or nil
end

local SCALAR = { s = true, n = true, b = true }

local function plucked(report, spec, shape, path)
  for _, key in ipairs(names.sorted_keys(shape)) do
    if key ~= spec.pluck and not (spec.props and spec.props[key]) then
      report.missing[#report.missing + 1] = path .. "." .. key
    end
  end
end

-- A value or a free map where Terraform has a block, a structure where it has an attribute.
local function fits(report, spec, shape, inner, schema, path)
  local function wrong(what) report.wrong[#report.wrong + 1] = path .. ": " .. what end
  if spec.inline or spec.separate and not spec.into then return end
  if inner and SCALAR[shape] then return wrong "a value for a block" end
  if type(shape) ~= "table" or spec.separate then return end
  if inner and shape["{}"] then return wrong "a map for a block" end
  local attribute = schema.attrs[spec.to]
  if not inner and not shape["{}"] and attribute and attribute.kind ~= "map" then
    wrong("a structure for " .. spec.to)
  end
end

local function visit(report, spec, shape, schema, path, cfn_type)
  if spec.drop or spec.fn then return end
  local inner = target_of(report, spec, schema, path)
  if spec.document then return document(report, shape, spec.document, path .. ".") end
  shape = first_of(shape)
  if spec.named and type(shape) == "table" then shape = first_of(shape["{}"] or shape) end
  if spec.json or spec.pairs or spec.wrap or spec.scalar or spec.item then return end
  if spec.pluck then return plucked(report, spec, shape, path) end
  fits(report, spec, shape, inner, schema, path)
  if type(shape) ~= "table" or shape["{}"] then return end
  if spec.each then shape = first_of(shape[spec.each] or shape) end
  if spec.inline then inner = schema end
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

-- Names that the rule itself gives: Ref, GetAtt, what is set always.
local function own_names(report, rule, schema)
  local function check(name, what)
    local first = type(name) == "string" and name:match("^[%w_]+")
    if first and not schema.attrs[first] and not schema.blocks[first] then
      report.wrong[#report.wrong + 1] = ("%s: no %s"):format(what, first)
    end
  end
  local ref = rule.ref == nil and "id" or rule.ref
  for _, name in ipairs(type(ref) == "table" and ref or { ref }) do check(name, "Ref") end
  check(rule.name, "name")
  for key, name in pairs(rule.attributes or {}) do check(name, "GetAtt " .. key) end
  for _, group in ipairs { rule.set or {}, rule.defaults or {} } do
    for name in pairs(group) do check(name, "set") end
  end
  table.sort(report.wrong)
end

local function attributes(report, entry, rule, schema)
  for _, name in ipairs(entry.get) do
    local own = rule.attributes and rule.attributes[name]
    if not own and not schema.attrs[names.snake((name:gsub("%.", "")))] then
      report.attributes[#report.attributes + 1] = name
    end
  end
end

-- A property is missing where no variant of the rule answers it.
local function merge(report, one)
  local function both(kind)
    if not report.merged then return one[kind] end
    local out, seen = {}, {}
    for _, path in ipairs(report[kind]) do seen[path] = true end
    for _, path in ipairs(one[kind]) do if seen[path] then out[#out + 1] = path end end
    return out
  end
  for _, kind in ipairs { "missing", "attributes", "unknown" } do report[kind] = both(kind) end
  table.move(one.wrong, 1, #one.wrong, #report.wrong + 1, report.wrong)
  report.merged = true
end

---@param entry table a line of the index that tests/tools/cloudformation_index.py makes
---@param rule table
---@return {missing: string[], attributes: string[], unknown: string[], wrong: string[]}
function M.of(entry, rule)
  local report = { missing = {}, attributes = {}, unknown = {}, wrong = {} }
  for _, key in ipairs(names.sorted_keys(rule.variants or {})) do
    merge(report, M.of(entry, rule.variants[key]))
  end
  local opaque = rule.build and not rule.props
  if rule.drop or opaque or rule.part_of or rule.variants then return report end
  local schema = provider.resource(rule.type)
  if not schema then report.wrong[1] = "no type " .. tostring(rule.type) end
  schema = schema or EMPTY
  walk(report, entry.props, rule.props or {}, schema, "", entry.type)
  attributes(report, entry, rule, schema)
  own_names(report, rule, schema)
  return report
end

return M
