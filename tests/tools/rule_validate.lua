-- SPDX-License-Identifier: Apache-2.0
-- Converts one resource of each type that has a rule, with all properties that CloudFormation's
-- schema has and the rule reaches, with Ref and every GetAtt as outputs, and lets Terraform
-- validate the results: names, nesting, kinds of values.
--   lsqm exec tests/tools/rule_validate.lua INDEX [TYPE-OR-PREFIX...]
-- INDEX is made by tests/tools/cloudformation_index.py. Values are unknown until deployment, so
-- that a provider does not judge them; a type whose properties exclude each other is named here
-- too, as are properties that only make sense together: read the list. Exit 1: not all are valid.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local coverage = require "std.normalize.cfn.coverage"
local entries_of = dofile(HERE .. "/entries.lua")
local fs = require "std.fs"
local json = require "std.json"
local normalize = require "std.normalize"
local python = require "std.python"
local terraform = require "std.terraform"
local validity = dofile(HERE .. "/../corpus/validity.lua")

local arguments = { ... }
local entries = entries_of(table.remove(arguments, 1) or error("which index?", 0), arguments)

local UNKNOWN = { ["Fn::GetAtt"] = { "Unknown", "Value" } }
-- Where a rule decides by the value, it is given one.
local SAID = { Market = "ON_DEMAND", InstanceRole = "TASK", InstanceFleetType = "TASK",
  IpProtocol = "tcp", DeviceIndex = "0", CreateAlias = false, UpstreamRegistry = "quay",
  PropagateTagsToVolumeOnCreation = true, Primary = true, Enabled = true }
local SAID_OF = { ["AWS::EC2::FlowLog"] = { ResourceType = "VPC" },
  ["AWS::ECS::Service"] = { Strategy = "ROLLING" },
  ["AWS::FSx::FileSystem"] = { FileSystemType = "LUSTRE" },
  ["AWS::FSx::Volume"] = { VolumeType = "ONTAP" } }
local said

local value_of

local function members(shape, path, left_out)
  local out = {}
  for key, inner in pairs(shape) do
    local here = path == "" and key or path .. "." .. key
    if key == "{}" then
      out.key = value_of(inner, here, left_out, "")
    elseif not left_out[here] then
      out[key] = value_of(inner, here, left_out, key)
    end
  end
  return next(out) and out or nil
end

value_of = function(shape, path, left_out, key)
  if type(shape) == "string" then
    if shape:sub(1, 1) == "@" then return nil end
    if said[key] ~= nil then return said[key] end
    return shape == "j" and { key = UNKNOWN } or UNKNOWN
  end
  if shape[1] == nil then return members(shape, path, left_out) end
  local item = value_of(shape[1], path, left_out, key)
  return item ~= nil and { item } or nil
end

local function set_of(list)
  local set = {}
  for _, path in ipairs(list) do set[path:match("^([^:]+): ") or path] = true end
  return set
end

local function outputs_of(entry, rule, missing)
  local outputs = { Ref = rule.ref ~= false and { Value = { Ref = "R" } } or nil }
  for i, name in ipairs(entry.get) do
    if not missing[name] then
      outputs["Get" .. i] = { Value = { ["Fn::GetAtt"] = { "R", name } } }
    end
  end
  return outputs
end

local function template_of(entry, left_out, outputs)
  return { Outputs = outputs, Resources = {
    R = { Type = entry.type, Properties = members(entry.props, "", left_out) },
    Unknown = { Type = "AWS::SSM::Parameter", Properties = { Type = "String", Value = "x" } } } }
end

-- What is named as unsupported, so that the rest can be tried without it.
local function give_up(record, entry, left_out, outputs)
  local more = false
  for _, item in ipairs(record.unsupported) do
    local path = item.property and item.property:gsub("%.%d+%f[.\0]", "")
    if item.id == "R" and path and not left_out[path] then
      left_out[path], more = true, true
      print(("unsupported %s %s: %s"):format(entry.type, path, item.reason))
    elseif outputs[item.id] then
      outputs[item.id], more = nil, true
    end
  end
  return more
end

local function convert(dir, id, entry, rule)
  local report, path = coverage.of(entry, rule), fs.join(dir, id .. ".json")
  local left_out = set_of(report.missing)
  for name in pairs(set_of(report.wrong)) do left_out[name] = true end
  local outputs = outputs_of(entry, rule, set_of(report.attributes))
  local record
  said = setmetatable(SAID_OF[entry.type] or {}, { __index = SAID })
  repeat
    assert(fs.write(path, json.encode(template_of(entry, left_out, outputs))))
    record = normalize.normalize { path = path, format = "cfn", out = fs.join(dir, id) }
    if record.status == "normalized" then return { id = id, dir = fs.join(dir, id) } end
  until not give_up(record, entry, left_out, outputs)
  local first = record.unsupported[1] or { reason = record.error and record.error.message }
  print(("not converted %s: %s"):format(entry.type, first.reason))
end

local work <close> = assert(fs.tempdir("rule-validate"))
local find, roots, types = normalize.rules(), {}, {}
for _, entry in ipairs(entries) do
  local rule = find(entry.type)
  if rule and not rule.drop and not rule.part_of then
    local id = tostring(#roots + 1)
    local root = convert(work.path, id, entry, rule)
    if root then
      roots[#roots + 1] = root
      types[id] = entry.type
    end
  end
end

local home <close> = assert(fs.tempdir("rule-validate-tool"))
local tool = assert(terraform.find { home = home.path, cache = python.cache_dir() })
local errors, bad = validity.check(tool, work.path, roots), 0
for _, root in ipairs(roots) do
  if errors[root.id] then
    bad = bad + 1
    print(("invalid %s: %s"):format(types[root.id], errors[root.id]))
  end
end
print(("%d types, %d invalid"):format(#roots, bad))
os.exit(bad == 0 and 0 or 1)
