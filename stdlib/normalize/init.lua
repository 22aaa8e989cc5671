-- SPDX-License-Identifier: Apache-2.0
-- Templates of several kinds to Terraform roots.
local cfn = require "std.normalize.cfn"
local cfn_rules = require "std.normalize.cfn.rules"
local detect = require "std.normalize.detect"
local error_of = require "std.error"
local expr = require "std.normalize.expr"
local fs = require "std.fs"
local include = require "std.normalize.cfn.include"
local json = require "std.json"
local names = require "std.normalize.names"
local resolve = require "std.resolve"
local result = require "std.normalize.result"
local yaml = require "std.yaml"

local M = { detect = detect.detect }

local PIPELINE = "weekly"

local function load_rules(service)
  local name = "rules/cloudformation/" .. service .. ".lua"
  if not resolve.find(PIPELINE, name) then return nil end
  local rules, why = resolve.load(PIPELINE, name)
  if rules == nil then error(why, 0) end
  return rules
end

local finder

---The finder of CloudFormation rules: a type's rule, or nil.
---@return fun(type: string): table|nil
function M.rules()
  finder = finder or cfn_rules.finder(load_rules)
  return finder
end

-- YAML and JSON keep the difference between [] and {}.
local function empty(value)
  return json.is_array(value) and expr.list {} or expr.map {}
end

local function local_package(base)
  return function(key)
    local dir = fs.join(base, key)
    local info = fs.stat(dir)
    if not info or key:find("..", 1, true) then return nil end
    if info.type == "dir" then
      local files = fs.walk(dir)
      return files and #files > 0 and { dir = dir } or nil
    end
    return key:find("%.zip$") and { copy = dir } or nil
  end
end

-- Text of a file beside the template.
local function local_file(base)
  return function(path)
    if path:find("..", 1, true) or path:sub(1, 1) == "/" then return nil end
    return fs.read(fs.join(base, path))
  end
end

local function convert_template(template, job, find_package)
  if type(template.Resources) ~= "table" then
    return nil, error_of.new { op = "normalize", code = "invalid", file = job.path, line = 1,
      col = 1, message = "the template has no Resources" }
  end
  local read_file = local_file(fs.dirname(job.path))
  template = include.expand(template, read_file)
  return cfn.convert(template, { rules = M.rules(), stack_name = job.slug, empty = empty,
    read_file = read_file,
    local_package = find_package or local_package(fs.dirname(job.path)) })
end

local converters = {}

function converters.cfn(job)
  local template, err = yaml.decode(job.text, { file = job.path, tags = "cloudformation" })
  if not template then return nil, err end
  if type(template) ~= "table" then
    return nil, error_of.new { op = "normalize", code = "invalid", file = job.path, line = 1,
      col = 1, message = "not a template" }
  end
  return convert_template(template, job)
end

converters.cdk = converters.cfn

function converters.sam(job)
  local template, err = yaml.decode(job.text, { file = job.path, tags = "cloudformation" })
  if not template then return nil, err end
  local sam = require "std.normalize.sam"
  local expanded
  expanded, err = sam.expand(template, job)
  if not expanded then return nil, err end
  if expanded.unsupported then return expanded end
  return convert_template(expanded.template, job)
end

function converters.serverless(job)
  local document, err = yaml.decode(job.text, { file = job.path, tags = "cloudformation" })
  if not document then return nil, err end
  local serverless = require "std.normalize.serverless"
  local built = serverless.template(document, job)
  if built.unsupported then return built end
  local converted
  converted, err = convert_template(built.template, job, function(key)
    return key == serverless.PACKAGE and built.package or nil
  end)
  if not converted then return nil, err end
  for _, text in ipairs(built.assumptions) do
    converted.assumptions[#converted.assumptions + 1] = text
  end
  return converted
end

function converters.terraform(job)
  return require("std.normalize.terraform").convert(job)
end

local function read(job)
  local info, err = fs.stat(job.path)
  if not info then return nil, err end
  if info.type == "dir" and job.format ~= "terraform" then
    local found
    found, err = detect.find(job.path, job.format)
    if not found then return nil, err end
    if found == job.path then job.format = "terraform" end
    job.path = found
  end
  if info.type == "dir" and job.format == "terraform" then return true end
  job.text, err = fs.read(job.path)
  if not job.text then return nil, err end
  if job.format == "auto" then job.format = detect.detect(job.path, job.text) end
  if job.format == "terraform" then job.path = fs.dirname(job.path) end
  if not job.format then
    return nil, error_of.new { op = "normalize", code = "invalid", file = job.path, line = 1,
      col = 1, message = "no template of a known kind" }
  end
  return true
end

local function check(options)
  if type(options) ~= "table" then error("normalize: options must be a table", 3) end
  if type(options.path) ~= "string" then error("normalize: path must be a string", 3) end
  if type(options.out) ~= "string" then error("normalize: out must be a string", 3) end
  local format = options.format or "auto"
  if format ~= "auto" and not converters[format] then
    error("normalize: unknown format '" .. tostring(format) .. "'", 3)
  end
end

---Converts one input into a Terraform root in `out`. Never raises for what is in the input: the
---record says what happened.
---@param options {path: string, format: string|nil, out: string}
---@return table record {input, format, status, out, resources, unsupported, assumptions, services,
---  resource_count, complexity, slug, provider_aliases?, error?}
function M.normalize(options)
  check(options)
  local job = { path = options.path, format = options.format or "auto", out = options.out,
    slug = names.slug(options.path) }
  local ok, err = read(job)
  if not ok then return result.failed(job, err) end
  local converted
  converted, err = converters[job.format](job)
  if not converted then return result.failed(job, err) end
  return result.finish(job, converted)
end

M.slug = names.slug

return M
