-- SPDX-License-Identifier: Apache-2.0
-- What the CDK adds to CloudFormation: assemblies of several stacks that import from each other,
-- assets beside the templates, and notes of its own. Synthesising is in cdk_synth.lua.
local code = require "std.normalize.code"
local fs = require "std.fs"
local json = require "std.json"
local names = require "std.normalize.names"
local nearby = require "std.normalize.nearby"
local nested = require "std.normalize.cfn.nested"

local M = {}

local MAX_MANIFEST = 16 << 20

local function read_json(path)
  local text = fs.read(path, { max = MAX_MANIFEST })
  local value = text and json.decode(text)
  return type(value) == "table" and value or nil
end

-- --- assemblies --------------------------------------------------------------------------------

local function manifest_of(dir)
  local manifest = read_json(fs.join(dir, "manifest.json"))
  return manifest and type(manifest.artifacts) == "table" and manifest or nil
end

---Whether a folder is what `cdk synth` writes.
function M.is_assembly(dir) return manifest_of(dir) ~= nil end

local function property(artifact, name)
  local properties = type(artifact.properties) == "table" and artifact.properties or {}
  local value = properties[name]
  return type(value) == "string" and fs.below(value) or nil
end

---The stacks of an assembly, those of its stages as well.
---@param dir string
---@return {name: string, path: string}[]
function M.stacks(dir)
  local list = {}
  local artifacts = (manifest_of(dir) or { artifacts = {} }).artifacts
  for _, id in ipairs(names.sorted_keys(artifacts)) do
    local artifact = type(artifacts[id]) == "table" and artifacts[id] or {}
    local file, inner = property(artifact, "templateFile"), property(artifact, "directoryName")
    if artifact.type == "aws:cloudformation:stack" and file then
      list[#list + 1] = { name = id, path = fs.join(dir, file) }
    elseif artifact.type == "cdk:cloud-assembly" and inner then
      for _, stack in ipairs(M.stacks(fs.join(dir, inner))) do list[#list + 1] = stack end
    end
  end
  return list
end

-- --- what stacks import from each other ---------------------------------------------------------

local function exports_of(stack)
  local template = read_json(stack.path) or {}
  local found = {}
  for name, output in pairs(type(template.Outputs) == "table" and template.Outputs or {}) do
    local export = type(output) == "table" and type(output.Export) == "table" and output.Export.Name
    if export then found[nearby.text(export, template)] = name end
  end
  return found, template
end

local function imports_in(value, found)
  if type(value) ~= "table" then return found end
  local import = value["Fn::ImportValue"]
  if type(import) == "string" then found[import] = true end
  for _, inner in pairs(value) do imports_in(inner, found) end
  return found
end

-- Stacks of the same assembly that this one needs become nested ones.
local function link(template, job)
  local linked, wanted, stacks = {}, imports_in(template, {}), M.stacks(fs.dirname(job.path))
  local added, more = {}, next(wanted) ~= nil
  while more do
    more = false
    for _, stack in ipairs(stacks) do
      local exports, other = exports_of(stack)
      for export, output in pairs(stack.path ~= job.path and exports or {}) do
        if wanted[export] and not linked[export] then
          local id = added[stack.path] or "Stack" .. stack.name:gsub("%W", "")
          linked[export], more = { id = id, output = output }, true
          if not added[stack.path] then imports_in(other, wanted) end
          added[stack.path] = id
        end
      end
    end
  end
  for path, id in pairs(added) do
    template.Resources[id] = { Type = nested.TYPE,
      Properties = { TemplateURL = fs.basename(path) } }
  end
  return linked
end

-- --- assets ------------------------------------------------------------------------------------

local HASH = ("%x"):rep(64)
local PACKAGED = { ["AWS::Lambda::Function"] = "Code", ["AWS::Lambda::LayerVersion"] = "Content" }

-- Every text below a value, one after the other.
local function texts_in(value, out)
  if type(value) == "string" then out[#out + 1] = value end
  if type(value) == "table" then
    for _, inner in pairs(value) do texts_in(inner, out) end
  end
  return out
end

local function asset_path(job, resource, value)
  local metadata = type(resource.Metadata) == "table" and resource.Metadata or {}
  local named = metadata["aws:asset:path"]
  if type(named) == "string" then
    local path = fs.normalize(fs.join(fs.dirname(job.path), named))
    if fs.exists(path) then return path end
  end
  local hash = table.concat(texts_in(value, {}), " "):match(HASH)
  if not hash then return nil end
  for _, ending in ipairs { "", ".zip", ".jar" } do
    local path = fs.join(fs.dirname(job.path), "asset." .. hash .. ending)
    if fs.exists(path) then return path, hash end
  end
  return nil, hash
end

local function is_within(job, path)
  local root, real = fs.realpath(nearby.root(job)), fs.realpath(path)
  return root and real and real:sub(1, #root + 1) == root .. "/"
end

local function use_assets(template, job, packages)
  for id, resource in pairs(template.Resources) do
    local key = type(resource) == "table" and PACKAGED[resource.Type]
    local value = key and type(resource.Properties) == "table" and resource.Properties[key]
    if type(value) == "table" and value.S3Bucket ~= nil then
      local path, hash = asset_path(job, resource, value)
      if path and is_within(job, path) then
        packages[id] = fs.is_dir(path) and { dir = path } or { copy = path }
        resource.Properties[key] = { S3Bucket = code.LOCAL, S3Key = id }
      elseif hash then
        resource.Properties[key] = { S3Bucket = code.LOCAL, S3Key = "asset." .. hash }
      end
    end
  end
end

-- --- notes of the CDK --------------------------------------------------------------------------

local function is_used(template, name)
  local function visit(value)
    if value == name then return true end
    if type(value) == "string" and value:find("${" .. name, 1, true) then return true end
    if type(value) ~= "table" then return false end
    for _, inner in pairs(value) do
      if visit(inner) then return true end
    end
    return false
  end
  return visit(template.Resources) or visit(template.Outputs) or visit(template.Conditions)
end

-- Parameters that only say where the CDK put its files.
local function drop_parameters(template)
  local parameters = type(template.Parameters) == "table" and template.Parameters or {}
  for name, parameter in pairs(parameters) do
    local default = type(parameter) == "table" and parameter.Default
    local own = tostring(name):find("^AssetParameters%x+") or type(default) == "string"
      and default:find("^/cdk%-bootstrap/")
    if own and not is_used(template, name) then parameters[name] = nil end
  end
end

-- What was left out, in words.
local function drop_metadata(template)
  local resources, dropped = template.Resources, {}
  for _, id in ipairs(names.sorted_keys(resources)) do
    local resource = resources[id]
    if type(resource) == "table" and resource.Type == "AWS::CDK::Metadata" then
      resources[id] = nil
      dropped[#dropped + 1] = id .. " (AWS::CDK::Metadata): usage statistics, deploys nothing"
    end
  end
  if #dropped > 0 and type(template.Conditions) == "table"
      and not is_used(template, "CDKMetadataAvailable") then
    template.Conditions.CDKMetadataAvailable = nil
  end
  return dropped
end

---Takes out of a template what only the CDK's own deployment needs.
---@param template table changed in place
---@param job {path: string, text: string|nil, chain: table|nil}
---@return {linked: table|nil, find_package: function|nil, assumptions: string[]}
function M.prepare(template, job)
  local text = job.text or ""
  local first = not job.chain and M.is_assembly(fs.dirname(job.path))
  if not first and not text:find("cdk", 1, true) and not text:find("AssetParam", 1, true) then
    return { assumptions = {} }
  end
  local packages = {}
  use_assets(template, job, packages)
  local assumptions = drop_metadata(template)
  drop_parameters(template)
  return { linked = first and link(template, job) or nil, assumptions = assumptions,
    find_package = next(packages) and function(key) return packages[key] end or nil }
end

return M
