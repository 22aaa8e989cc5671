-- SPDX-License-Identifier: Apache-2.0
-- Templates of several kinds to Terraform roots.
local cdk = require "std.normalize.cdk"
local cfn = require "std.normalize.cfn"
local cfn_rules = require "std.normalize.cfn.rules"
local detect = require "std.normalize.detect"
local document = require "std.normalize.document"
local expr = require "std.normalize.expr"
local fs = require "std.fs"
local json = require "std.json"
local names = require "std.normalize.names"
local positions = require "std.normalize.positions"
local resolve = require "std.resolve"
local result = require "std.normalize.result"
local sections = require "std.normalize.cfn.sections"
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
    return (key:find("%.zip$") or key:find("%.jar$")) and { copy = dir } or nil
  end
end

local function add_all(list, more)
  for _, item in ipairs(more or {}) do list[#list + 1] = item end
end

-- Text of a file beside the template.
local function local_file(base)
  return function(path)
    if path:find("..", 1, true) or path:sub(1, 1) == "/" then return nil end
    return fs.read(fs.join(base, path))
  end
end

local function misshapen(template, job)
  local section = sections.misshapen(template)
  if section then
    local line, col = positions.find(job, { property = section })
    return document.invalid(job, section .. " is not a map of names", { line = line, col = col })
  end
  if type(template.Resources) ~= "table" then
    return document.invalid(job, "the template has no Resources")
  end
end

local convert_nested

local function convert_template(template, job, more)
  local problem = misshapen(template, job)
  if problem then return nil, problem end
  more = more or {}
  local prepared = cdk.prepare(template, job)
  prepared.find_package = prepared.find_package or local_package(fs.dirname(job.path))
  local converted, err = cfn.convert(template, { rules = M.rules(),
    stack_name = names.stack(job.slug),
    empty = empty, job = job, given = more.given, open = convert_nested, linked = prepared.linked,
    read_file = local_file(fs.dirname(job.path)),
    local_package = more.find_package or prepared.find_package })
  if not converted then return nil, err end
  add_all(converted.assumptions, prepared.assumptions)
  return converted
end

local converters = {}

-- What a reader found wrong: an error, or the names of what cannot be done.
local function refuse(problem)
  if problem.unsupported then return problem end
  return nil, problem
end

function converters.cfn(job, more)
  local template, problem = document.parse(job)
  if not template then return refuse(problem) end
  return convert_template(template, job, more)
end

converters.cdk = converters.cfn

function converters.sam(job, more)
  local template, problem = document.parse(job)
  if not template then return refuse(problem) end
  local sam = require "std.normalize.sam"
  local expanded, err = sam.expand(template, job)
  if not expanded then return nil, err end
  if expanded.unsupported then return expanded end
  local converted
  converted, err = convert_template(expanded.template, job, more)
  if not converted then return nil, err end
  add_all(converted.assumptions, expanded.assumptions)
  return converted
end

function converters.serverless(job)
  local serverless = require "std.normalize.serverless"
  local program = serverless.program(job.path)
  if program then return program end
  local service, problem = document.parse(job)
  if not service then return refuse(problem) end
  local built, err = serverless.template(service, job)
  if not built then return nil, err end
  if built.unsupported then return built end
  local converted
  converted, err = convert_template(built.template, job, { find_package = function(key)
    return built.packages[key]
  end })
  if not converted then return nil, err end
  add_all(converted.assumptions, built.assumptions)
  return converted
end

function converters.terraform(job)
  return require("std.normalize.terraform").convert(job)
end

-- A template that another one nests.
convert_nested = function(job, more)
  local err
  job.text, err = document.read(job.path)
  if not job.text then return nil, err end
  local kind = detect.detect(job.path, job.text) == "sam" and "sam" or "cfn"
  return converters[kind](job, more)
end

-- A text that is not even YAML says more by where it is broken.
local function unknown_kind(job)
  local value, err = yaml.decode(job.text, { file = job.path, tags = "ignore" })
  if value == nil and err and err.line then return err end
  return document.invalid(job, job.text == "" and "the file is empty"
    or "no template of a known kind")
end

-- An assembly of one stack is that stack.
local function single_stack(job)
  local stacks, found = cdk.stacks(job.path), {}
  for i, stack in ipairs(stacks) do found[i] = stack.name end
  if #stacks ~= 1 then
    return nil, document.invalid(job, "several stacks: " .. table.concat(found, ", "))
  end
  job.path, job.format = stacks[1].path, "cdk"
  return true
end

local function read(job)
  local info, err = fs.stat(job.path)
  if not info then return nil, err end
  if info.type == "dir" and job.format ~= "terraform" and cdk.is_assembly(job.path) then
    info = fs.stat(job.path .. "/manifest.json")
    local ok
    ok, err = single_stack(job)
    if not ok then return nil, err end
  end
  if info.type == "dir" and job.format ~= "terraform" then
    local found
    found, err = detect.find(job.path, job.format)
    if not found then return nil, err end
    if found == job.path then job.format = "terraform" end
    job.path = found
  end
  if info.type == "dir" and job.format == "terraform" then return true end
  job.text, err = document.read(job.path)
  if not job.text then return nil, err end
  if job.format == "auto" then job.format = detect.detect(job.path, job.text) end
  if job.format == "terraform" then job.path = fs.dirname(job.path) end
  if not job.format then return nil, unknown_kind(job) end
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
---@param options {path: string, format: string|nil, out: string, slug: string|nil, input:
---  string|nil, error: table|nil} input: the name in the record; error: why the input could not be
---  got ready
---@return table record {input, format, status, out, resources, unsupported, assumptions, services,
---  resource_count, complexity, slug, provider_aliases? ({name, region}[]), error?}
function M.normalize(options)
  check(options)
  local job = { path = options.path, format = options.format or "auto", out = options.out,
    input = options.input,
    slug = options.slug or names.slug(options.path) }
  if options.error then return result.failed(job, options.error) end
  local ok, err = read(job)
  if not ok then return result.failed(job, err) end
  local converted
  converted, err = converters[job.format](job)
  if not converted then return result.failed(job, err) end
  return result.finish(job, converted)
end

M.slug = names.slug

return M
