-- SPDX-License-Identifier: Apache-2.0
-- A Serverless Framework service as the CloudFormation template that it stands for: functions,
-- their events, `resources`. What is not known here is unsupported by name.
local code = require "std.normalize.code"
local events = require "std.normalize.serverless_events"
local names = require "std.normalize.names"
local packages = require "std.normalize.serverless_package"
local variables = require "std.normalize.serverless_variables"

-- PACKAGE is the key of the service's files in the bucket code.LOCAL.
local M = { PACKAGE = "service" }

local TOP = { service = true, provider = true, functions = true, resources = true, package = true,
  frameworkVersion = true, custom = true, configValidationMode = true, useDotenv = true,
  variablesResolutionMode = true, org = true, app = true, plugins = true, stages = true,
  deprecationNotificationMode = true, disabledDeprecations = true, params = true, layers = true }

-- Plugins that change how one works with a service, not what it deploys.
local HARMLESS = { ["serverless-offline"] = true, ["serverless-python-requirements"] = true,
  ["serverless-webpack"] = true, ["serverless-bundle"] = true, ["serverless-esbuild"] = true,
  ["serverless-plugin-typescript"] = true, ["serverless-dotenv-plugin"] = true,
  ["serverless-dynamodb-local"] = true, ["serverless-localstack"] = true,
  ["serverless-offline-scheduler"] = true, ["serverless-rust"] = true }

local PROVIDER = { name = true, runtime = true, stage = true, region = true, memorySize = true,
  timeout = true, environment = true, iam = true, iamRoleStatements = true, tags = true,
  stackTags = true, deploymentBucket = true, versionFunctions = true, architecture = true,
  profile = true, lambdaHashingVersion = true, logRetentionInDays = true, stackName = true,
  apiGateway = true, httpApi = true, tracing = true, eventBridge = true, deploymentMethod = true,
  endpointType = true, vpc = true, apiName = true, usagePlan = false, apiKeys = false }

local FUNCTION = { handler = "Handler", runtime = "Runtime", memorySize = "MemorySize",
  timeout = "Timeout", description = "Description", reservedConcurrency =
  "ReservedConcurrentExecutions", layers = "Layers", role = false, environment = false,
  events = false, name = false, tags = false, package = false, vpc = false, architecture = false,
  tracing = false, image = false, versionFunction = false, module = false }

local Service = {}
Service.__index = Service

function Service:refuse(id, property, reason)
  self.unsupported[#self.unsupported + 1] = { id = id, type = "serverless", property = property,
    reason = reason }
end

---Adds a resource under a logical id.
function Service:add(id, kind, props, depends_on)
  self.resources[id] = { Type = kind, Properties = props, DependsOn = depends_on }
  return id
end

---"hello-world" → "HelloDashworld", as the framework normalises names.
function Service.normal(name)
  local s = name:gsub("%-", "Dash"):gsub("_", "Underscore"):gsub("[^%w]", "")
  return s:sub(1, 1):upper() .. s:sub(2)
end

local function table_or_empty(value) return type(value) == "table" and value or {} end

local function check_keys(service, document)
  for _, key in ipairs(names.sorted_keys(document)) do
    if not TOP[key] then service:refuse("service", key, "section of the service") end
  end
  for _, key in ipairs(names.sorted_keys(service.provider)) do
    if not PROVIDER[key] then service:refuse("provider", key, "provider setting") end
  end
  local plugins = table_or_empty(document.plugins)
  for _, plugin in ipairs(plugins.modules or plugins) do
    if not HARMLESS[plugin] then service:refuse("plugins", tostring(plugin), "plugin") end
  end
end

local function statements(provider)
  local role = table_or_empty(table_or_empty(provider.iam).role)
  local list = provider.iamRoleStatements or role.statements
  return table_or_empty(list), table_or_empty(role.managedPolicies)
end

-- The role that all functions share when they name none.
local function shared_role(service)
  local extra, managed = statements(service.provider)
  local allow = { { Effect = "Allow", Resource = "*", Action = { "logs:CreateLogStream",
    "logs:CreateLogGroup", "logs:PutLogEvents", "logs:TagResource" } } }
  for _, statement in ipairs(extra) do allow[#allow + 1] = statement end
  for _, statement in ipairs(service.statements) do allow[#allow + 1] = statement end
  service:add("IamRoleLambdaExecution", "AWS::IAM::Role", {
    AssumeRolePolicyDocument = { Version = "2012-10-17", Statement = { { Effect = "Allow",
      Principal = { Service = { "lambda.amazonaws.com" } }, Action = { "sts:AssumeRole" } } } },
    Policies = { { PolicyName = service.prefix .. "-lambda", PolicyDocument = {
      Version = "2012-10-17", Statement = allow } } },
    ManagedPolicyArns = #managed > 0 and managed or nil,
  })
end

local function environment(service, definition)
  local merged = {}
  for key, value in pairs(table_or_empty(service.provider.environment)) do merged[key] = value end
  for key, value in pairs(table_or_empty(definition.environment)) do merged[key] = value end
  return next(merged) and { Variables = merged } or nil
end

local function vpc(service, definition)
  local settings = definition.vpc or service.provider.vpc
  if type(settings) ~= "table" then return nil end
  return { SecurityGroupIds = settings.securityGroupIds, SubnetIds = settings.subnetIds }
end

local function role_of(service, definition)
  local iam = table_or_empty(service.provider.iam)
  local role = definition.role or type(iam.role) == "string" and iam.role or service.provider.role
  if role == nil then
    service.needs_role = true
    return { ["Fn::GetAtt"] = { "IamRoleLambdaExecution", "Arn" } }
  end
  if type(role) == "string" and not role:find(":") then
    return { ["Fn::GetAtt"] = { role, "Arn" } }
  end
  return role
end

-- One package for all functions, as the framework makes it; a handler that is not there is named.
local function package_key(service, props)
  local found, file = packages.find_handler(service.package, props.Runtime, props.Handler)
  service.needs_package = service.needs_package or found
  return found and M.PACKAGE or "of " .. file
end

local function add_function(service, name, definition)
  local id = Service.normal(name) .. "LambdaFunction"
  local architecture = definition.architecture or service.provider.architecture
  local props = { FunctionName = definition.name or service.prefix .. "-" .. name,
    Runtime = service.provider.runtime or "nodejs20.x", MemorySize = service.provider.memorySize
    or 1024, Timeout = service.provider.timeout or 6,
    Environment = environment(service, definition),
    VpcConfig = vpc(service, definition), Role = role_of(service, definition),
    Architectures = architecture and { architecture } or nil }
  for _, key in ipairs(names.sorted_keys(definition)) do
    local target = FUNCTION[key]
    if target then props[target] = definition[key] end
    if target == nil then service:refuse(name, key, "function setting") end
  end
  props.Code = { S3Bucket = code.LOCAL, S3Key = package_key(service, props) }
  if definition.image then service:refuse(name, "image", "a function from an image") end
  local tracing = table_or_empty(service.provider.tracing).lambda
  if definition.tracing or tracing then props.TracingConfig = { Mode = "Active" } end
  service:add(id, "AWS::Lambda::Function", props)
  service:add(Service.normal(name) .. "LogGroup", "AWS::Logs::LogGroup", {
    LogGroupName = "/aws/lambda/" .. tostring(props.FunctionName),
    RetentionInDays = service.provider.logRetentionInDays })
  return id
end

local function add_functions(service, functions)
  local list = #functions > 0 and functions or { functions }
  for _, group in ipairs(list) do
    for _, name in ipairs(names.sorted_keys(group)) do
      local definition = group[name]
      if type(definition) == "table" then
        local id = add_function(service, name, definition)
        for i, event in ipairs(table_or_empty(definition.events)) do
          events.add(service, { name = name, id = id, index = i }, event)
        end
      end
    end
  end
end

local function merge_resources(service, section)
  local list = #table_or_empty(section) > 0 and section or { table_or_empty(section) }
  for _, part in ipairs(list) do
    for id, resource in pairs(table_or_empty(part.Resources)) do
      service.resources[id] = resource
    end
    for id, output in pairs(table_or_empty(part.Outputs)) do service.outputs[id] = output end
    for id, value in pairs(table_or_empty(part.Conditions)) do service.conditions[id] = value end
    if part.extensions then service:refuse("resources", "extensions", "extensions") end
  end
end

---@param document table parsed
---@param job {path: string, out: string, slug: string}
---@return table {template=, assumptions=, package=} or {unsupported=}
function M.template(document, job)
  local resolved, missing = variables.resolve(document, job)
  local provider = resolved.provider
  if type(provider) == "string" then provider = { name = provider } end
  local service = setmetatable({ provider = table_or_empty(provider), unsupported = {},
    resources = {}, outputs = {}, conditions = {}, statements = {}, assumptions = {},
    package = packages.collect(job) }, Service)
  if service.provider.name ~= "aws" then
    service:refuse("provider", "name", "cloud " .. tostring(service.provider.name))
    return { unsupported = service.unsupported }
  end
  for _, name in ipairs(missing) do service:refuse("variables", name, "variable not known here") end
  local title = type(resolved.service) == "table" and resolved.service.name or resolved.service
  service.prefix = tostring(title) .. "-" .. tostring(service.provider.stage or "dev")
  check_keys(service, resolved)
  if resolved.layers then service:refuse("layers", nil, "layers of the service") end
  add_functions(service, table_or_empty(resolved.functions))
  events.finish(service)
  merge_resources(service, resolved.resources)
  local problem = service.needs_package and packages.problem(service.package)
  if problem then service:refuse("service", "package", problem) end
  if service.needs_role then shared_role(service) end
  if #service.unsupported > 0 then return { unsupported = service.unsupported } end
  return { assumptions = service.assumptions, package = service.package,
    template = { Resources = service.resources, Outputs = service.outputs,
      Conditions = service.conditions } }
end

return M
