-- SPDX-License-Identifier: Apache-2.0
-- A template and its Terraform, each deployed on an emulator of its own, and what differs between
-- what is there afterwards. differential.lua asks this of many templates.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local emulators = require "std.emulator"
local explained = dofile(HERE .. "/differential_explained.lua")
local fs = require "std.fs"
local json = require "std.json"
local names = require "std.normalize.names"
local normalize = require "std.normalize"
local params = require "std.normalize.cfn.params"
local process = require "std.process"
local python = require "std.python"
local resolve = require "std.resolve"
local sha256 = require "std.sha256"
local state = require "std.terraform.state"
local tables = require "std.table"
local terraform = require "std.terraform"
local yaml = require "std.yaml"

local M = {}

-- AWS::<first word>:: -> services whose things are compared, as boto3 names them.
local SERVICES = {
  ApiGateway = { "apigateway" }, ApiGatewayV2 = { "apigatewayv2" },
  AutoScaling = { "autoscaling" }, CloudWatch = { "cloudwatch" },
  Cognito = { "cognito-idp", "cognito-identity" }, DynamoDB = { "dynamodb" },
  ElasticLoadBalancingV2 = { "elbv2" }, Events = { "events" }, KinesisFirehose = { "firehose" },
  SES = { "sesv2" }, StepFunctions = { "stepfunctions" }, WAFv2 = { "wafv2" },
  ServiceDiscovery = { "servicediscovery" }, SecretsManager = { "secretsmanager" },
}

local function services_of(template)
  local found = {}
  for _, resource in pairs(template.Resources) do
    local word = type(resource) == "table" and tostring(resource.Type):match("^AWS::(%w+)::")
    for _, name in ipairs(word and (SERVICES[word] or { word:lower() }) or {}) do
      found[name] = true
    end
  end
  return tables.sorted_keys(found)
end

-- Parameters without a default get what the Terraform's variables get.
local function parameters_of(template)
  local values = {}
  for name, parameter in pairs(template.Parameters or {}) do
    local default = parameter.Default
    if default == nil or default == ""
      and tostring(parameter.Type):find("AWS::EC2::", 1, true) then
      values[name] = tostring(params.stand_in(name, parameter))
    end
  end
  return values
end

-- The template as an emulator takes it: SAM expanded, the bootstrap check of the CDK removed.
local function original(input)
  local text = assert(fs.read(input.path))
  local template, err = yaml.decode(text, { file = input.path, tags = "cloudformation" })
  if not template then return nil, tostring(err) end
  if input.format == "sam" then
    local expanded, why = require("std.normalize.sam").expand(template, { path = input.path })
    if not expanded or not expanded.template then return nil, tostring(why or "not expanded") end
    template = expanded.template
  end
  template.Rules = nil
  template.Transform = nil
  if template.Parameters then template.Parameters.BootstrapVersion = nil end
  return template
end

local function call(lab, action, job)
  local result = assert(process.run { argv = { lab.python, HERE .. "/deploy.py", action },
    stdin = json.encode(job), timeout = 300, max_output = 64 << 20,
    env = { PYTHONDONTWRITEBYTECODE = "1", AWS_EC2_METADATA_DISABLED = "true" } })
  local answer = result.code == 0 and json.decode(result.stdout)
  if type(answer) ~= "table" then
    return { status = "broken", reason = "deploy.py: " .. result.stderr:sub(-600) }
  end
  return answer
end

-- What the template itself deploys, from the cache where the very same question was asked before.
local function template_side(lab, item, template)
  local job = { stack = names.stack(item.slug), template = template,
    parameters = parameters_of(template), services = services_of(template) }
  local key = sha256.string(lab.tag .. json.encode(job)):sub(1, 24)
  local path = fs.join(lab.cache, key .. ".json")
  local known = json.read(path)
  if known then return known end
  local emulator <close> = assert(emulators.start(lab.plan, { workdir = lab.work }))
  job.endpoint = emulator.endpoint
  local answer = call(lab, "template", job)
  if answer.status ~= "broken" then assert(json.write(path, answer)) end
  return answer
end

-- module.m3.aws_x.y[0] -> 3, aws_x.y
local function module_of(address)
  local n, rest = address:match("^module%.m(%d+)%.(.*)$")
  return tonumber(n), (rest or address):gsub("%[.-%]$", "")
end

-- What each module of a batch deployed: {[n] = {by address = values}}.
local function modules_of(deployed)
  local modules = {}
  for _, resource in ipairs(deployed.resources) do
    local n, address = module_of(resource.address)
    if n then
      modules[n] = modules[n] or {}
      modules[n][address] = modules[n][address] or resource.values
    end
  end
  return modules
end

local function texts_of(values)
  local list = json.array {}
  for _, field in ipairs { "id", "arn", "name", "bucket" } do
    if type(values[field]) == "string" then list[#list + 1] = values[field] end
  end
  return list
end

-- One side of one template as deploy.py wants it: ids of the logical resources that the template's
-- side has too, and all texts that name something of this module.
local function right_side(item, values)
  local ids, owned = {}, json.array {}
  for logical, addresses in pairs(item.record.resources) do
    local found = item.left.ids[logical] and values[addresses[1]]
    if found then ids[logical] = texts_of(found) end
  end
  for _, found in pairs(values) do
    for _, text in ipairs(texts_of(found)) do owned[#owned + 1] = text end
  end
  return { left = item.left, ids = ids, owned = owned }
end

local function write_root(dir, items)
  local blocks = {}
  for n, item in ipairs(items) do
    blocks[n] = ('module "m%d" {\n  source = %q\n}\n'):format(n, "./" .. item.slug)
    if not fs.exists(fs.join(dir, item.slug)) then
      assert(fs.copy(item.out, fs.join(dir, item.slug)))
    end
  end
  assert(fs.write(fs.join(dir, "main.tf"), table.concat(blocks, "\n")))
end

-- The first error of each module that terraform names.
local function errors_of(logs)
  local found = {}
  for chunk in (logs .. "\nError: "):match("Error: (.*)"):gmatch("(.-)\n[^\n]-Error: ") do
    local n, resource = chunk:match("with module%.m(%d+)%.([^,\n]+)")
    n = tonumber(n or chunk:match("module%.m(%d+)[%.%s]"))
    if n and not found[n] then
      local title = chunk:match("^(.-)\n%s*with ") or chunk
      found[n] = ((resource or "") .. ": " .. title):gsub("%s+", " ")
    end
  end
  return found
end

-- Applies as many of the items as possible in one go; what stops a plan is put aside.
local function deploy(lab, items, dir, endpoint)
  local list = table.move(items, 1, #items, 1, {})
  while #list > 0 do
    write_root(dir, list)
    local outcome = lab.tool:deploy { dir = dir, endpoint = endpoint, timeout = 900 }
    if outcome.success then return list, outcome end
    local errors, kept = errors_of("\n" .. outcome.logs), {}
    for n, item in ipairs(list) do
      item.failed = errors[n]
      if not errors[n] then kept[#kept + 1] = item end
    end
    if outcome.resources_created > 0 then return list, outcome end
    if #kept == #list then
      for _, item in ipairs(list) do item.failed = (outcome.error or outcome.logs):sub(1, 300) end
      return {}, outcome
    end
    list = kept
  end
  return {}, nil
end

local function explanation(item, difference)
  for _, entry in ipairs(explained) do
    if difference.kind:find(entry.kind) and difference.path:find(entry.path)
      and (not entry.template or item.path:find(entry.template, 1, true))
      and (not entry.when or entry.when(difference)) then
      return entry.reason
    end
  end
end

local function judge(item, result)
  result.item, result.open = item, 0
  for _, difference in ipairs(result.differences) do
    difference.reason = explanation(item, difference)
    if not difference.reason then result.open = result.open + 1 end
  end
  result.status = result.open > 0 and "different" or "same"
  return result
end

--- Applies the Terraform of all items on one fresh emulator and compares each with its template.
---@return table[] results {item=, status="same"|"different"|"apply", reason?, resources?,
---  attributes?, differences?, open?}
function M.compare(lab, items)
  local emulator <close> = assert(emulators.start(lab.plan, { workdir = lab.work }))
  local dir = assert(fs.tempdir(fs.join(lab.work, "root-")))
  local list = deploy(lab, items, dir.path, emulator.endpoint)
  local modules, sides, services = modules_of(state.read(dir.path)), json.array {}, json.array {}
  for n, item in ipairs(list) do
    sides[n] = right_side(item, modules[n] or {})
    if item.failed then sides[n].left = false end
    for _, name in ipairs(item.services) do services[#services + 1] = name end
  end
  local answer = call(lab, "compare", { endpoint = emulator.endpoint, sides = sides,
    services = services })
  local results = {}
  for n, item in ipairs(list) do
    if not item.failed then
      results[#results + 1] = answer.results and judge(item, answer.results[n])
        or { item = item, status = "apply", reason = answer.reason }
    end
  end
  local strangers = answer.strangers or {}
  for _, item in ipairs(items) do
    if item.failed then
      results[#results + 1] = { item = item, status = "apply", reason = item.failed }
      strangers = {} -- what a failed apply left half made is in no state
    end
  end
  dir:close()
  return results, strangers
end

--- Normalises one input. The SAM translator serves one caller at a time: not two of these at once.
---@return table? result where it ends here: {item=, status="unsupported"|"refused", reason=}
function M.convert(lab, item)
  item.out = fs.join(lab.work, "roots", item.slug)
  item.record = normalize.normalize { path = item.path, format = item.format, out = item.out }
  if item.record.status ~= "normalized" then
    return { item = item, status = "unsupported", reason = item.record.status }
  end
  local template, err = original(item)
  if not template then return { item = item, status = "refused", reason = err } end
  item.template, item.services = template, services_of(template)
end

--- Deploys the original; fills item.left.
---@return table? result where it ends here: {item=, status="refused", reason=}
function M.template(lab, item)
  item.left = template_side(lab, item, item.template)
  if item.left.status ~= "CREATE_COMPLETE" then
    return { item = item, status = "refused", reason = item.left.reason }
  end
end

local function open_lab(options, work)
  local interpreter = python.find(os.getenv("LSQM_PYTHON"))
  local cache = fs.join(python.cache_dir(), "differential")
  local tool, err = terraform.find { home = fs.join(work.path, "terraform"),
    cache = python.cache_dir() }
  if not tool then return nil, err end
  local plan
  local name = options.emulator or "ministack"
  plan, err = emulators.plan { name = name, spec = resolve.load("weekly",
    "rules.emulators")[name], driver = options.driver or "process", image = options.image,
    version = options.version, python = interpreter }
  if not plan then return nil, err end
  assert(fs.mkdir(cache))
  return { work = work.path, python = interpreter, tool = tool, plan = plan, cache = cache,
    tag = name .. plan.version .. sha256.file(HERE .. "/inventory.py"),
    close = function() work:close() end }
end

--- What all comparisons share; close it.
---@param options {emulator?: string, driver?: string, image?: string, version?: string}
---@return table? lab
---@return table? err what is not installed
function M.lab(options)
  local work = assert(fs.tempdir("differential-"))
  local lab, err = open_lab(options, work)
  if not lab then work:close() end
  return lab, err
end

return M
