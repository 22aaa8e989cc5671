-- SPDX-License-Identifier: Apache-2.0
-- A Serverless Framework service as the CloudFormation template that it stands for: layers,
-- functions, their events, the shared role, `resources`. What is not known here is unsupported by
-- name. The parts are modules: serverless_<part>.lua.
local Service = require "std.normalize.serverless_service"
local events = require "std.normalize.serverless_events"
local functions = require "std.normalize.serverless_function"
local names = require "std.normalize.names"
local packages = require "std.normalize.serverless_package"
local resolve = require "std.resolve"
local resources = require "std.normalize.serverless_resources"
local roles = require "std.normalize.serverless_role"
local variables = require "std.normalize.serverless_variables"
local yaml = require "std.yaml"
local word = require "std.normalize.word"

local M = {}

local table_or_empty = Service.table_or_empty

local TOP = Service.set [[service provider functions resources package frameworkVersion custom
  configValidationMode useDotenv variablesResolutionMode org app tenant plugins stages params layers
  deprecationNotificationMode disabledDeprecations build outputs console dashboard licenseKey
  projectDir]]

-- Settings of the provider that other modules read.
local PROVIDER = Service.set [[name runtime stage region memorySize timeout environment iam tags
  iamRoleStatements iamManagedPolicies role rolePermissionsBoundary architecture stackName tracing
  logRetentionInDays logDataProtectionPolicy logs apiGateway httpApi websocket websocketsApiName
  websocketsApiRouteSelectionExpression websocketsDescription endpointType vpc vpcEndpointIds
  apiName apiKeys usagePlan resourcePolicy kmsKeyArn layers ecr versionFunctions runtimeManagement
  s3 alb cloudFront]]

-- Settings that say how the framework works, or that belong to the stack as a whole.
local WITHOUT_MEANING = { profile = "whose account", credentials = "whose account",
  deploymentBucket = "where the framework keeps packages",
  deploymentPrefix = "where the framework keeps packages",
  deploymentMethod = "how the stack is updated", disableRollback = "how the stack is updated",
  rollbackConfiguration = "how the stack is updated", stackPolicy = "how the stack is updated",
  notificationArns = "who hears of the stack's updates", cfnRole = "who updates the stack",
  lambdaHashingVersion = "how versions are named", kinesis = "how consumers are named",
  eventBridge = "how rules are made", deletionProtection = "how the stack is removed",
  pruneFunctionVersions = "how old versions are removed", stackTags = "tags of the stack",
  stackParameters = "values for parameters of the stack" }

local function check_provider(service)
  for _, key in ipairs(names.sorted_keys(service.provider)) do
    local usual = tostring(key):sub(1, 1):lower() .. tostring(key):sub(2)
    if WITHOUT_MEANING[key] then
      service:assume(("provider.%s is left out: %s"):format(key, WITHOUT_MEANING[key]))
    elseif not PROVIDER[key] and PROVIDER[usual] then
      service:assume(("provider.%s has no effect: the framework knows only %s"):format(key, usual))
    elseif not PROVIDER[key] then
      service:refuse("provider", key, "provider setting")
    end
  end
end

local function check_plugins(service, plugins)
  local rules = resolve.load("weekly", "rules.serverless")
  plugins = table_or_empty(plugins)
  local list = Service.list(plugins.modules or plugins)
  for _, plugin in ipairs(list) do
    plugin = word.of(plugin)
    service.plugins[plugin] = true
    if rules.harmless[plugin] then
      service:assume(("plugin %s is left out: it %s"):format(plugin, rules.harmless[plugin]))
    elseif not rules.native[plugin] then
      service:refuse("plugins", plugin, "plugin")
    end
  end
end

local function check(service, document)
  for _, key in ipairs(names.sorted_keys(document)) do
    if not TOP[key] then service:refuse("service", key, "section of the service") end
  end
  check_plugins(service, document.plugins)
  check_provider(service)
end

-- Keys in the order of the file, where it is known.
local function keys_of(map, marks)
  local at = marks[map]
  return at and at.order or names.sorted_keys(map)
end

-- Functions may be a list of groups (of files, mostly).
local function declare_functions(service, groups, marks)
  groups = table_or_empty(groups)
  for _, group in ipairs(#groups > 0 and groups or { groups }) do
    for _, name in ipairs(keys_of(table_or_empty(group), marks)) do
      if type(group[name]) == "table" then functions.declare(service, name, group[name]) end
    end
  end
end

-- A function with statements of its own gets a role of its own, with the rights of its events.
local function with_own_role(service, fn, build)
  local shared = service.statements
  service.statements = {}
  local copy = { role = fn.normal .. "IamRoleLambdaExecution" }
  for key, value in pairs(fn.definition) do copy[key] = copy[key] or value end
  fn.definition = copy
  build()
  roles.own(service, fn)
  service.statements = shared
end

local function add_events(service, fn)
  for position, event in ipairs(table_or_empty(fn.definition.events)) do
    fn.position = position
    service.place = { id = fn.name, property = ("events.%d"):format(position - 1) }
    events.add(service, fn, event)
  end
end

local function add_functions(service)
  for _, fn in ipairs(service.order) do
    service.place = { id = fn.name }
    local own = fn.definition.iamRoleStatements
    if own and not service.plugins["serverless-iam-roles-per-function"] then
      service:refuse(fn.name, "iamRoleStatements", "function setting")
      own = nil
    end
    if own then
      with_own_role(service, fn, function()
        functions.add(service, fn)
        add_events(service, fn)
      end)
    else
      functions.add(service, fn)
    end
    fn.has_own_role = own ~= nil
  end
  for _, fn in ipairs(service.order) do
    if not fn.has_own_role then add_events(service, fn) end
  end
  service.place = nil -- what follows is put together of all functions
end

local function new_service(resolved, job)
  local provider = resolved.document.provider
  if type(provider) == "string" then provider = { name = provider } end
  local service = Service.new(resolved.document, table_or_empty(provider))
  service.package, service.packages = packages.collect(job), {}
  service.package_settings = table_or_empty(resolved.document.package)
  service.plugins, service.keys = {}, {}
  local title = table_or_empty(resolved.document.service)
  service.provider.kmsKeyArn = service.provider.kmsKeyArn or title.awsKmsKeyArn
  for _, entry in ipairs(resolved.unsupported) do
    service.unsupported[#service.unsupported + 1] = entry
  end
  for _, text in ipairs(resolved.assumptions) do service:assume(text) end
  if service.provider.logRetentionInDays == nil then
    service.provider.logRetentionInDays = service.custom.logRetentionInDays
  end
  return service
end

local function build(service, document, marks)
  check(service, document)
  service.declared = resources.declared(document.resources)
  declare_functions(service, document.functions, marks)
  functions.add_layers(service)
  add_functions(service)
  events.finish(service)
  roles.add(service)
  local problem = service.needs_package and packages.problem(service.package)
  if problem then service:refuse("service", "package", problem) end
end

---What a service in JavaScript or TypeScript becomes; nil for others.
---@param path string
function M.program(path)
  local name = path:match("[^/]+$") or path
  if not name:find("^serverless%.[cm]?[jt]s$") then return nil end
  return { unsupported = { { id = "service", type = "serverless", property = name,
    reason = "a service that is a program, which would have to be run" } } }
end

-- What the document is expanded to, or what of it is refused. `place.service` says how far it came.
local function expand(resolved, job, marks, place)
  local service = new_service(resolved, job)
  place.service = service
  if service.provider.name ~= "aws" then
    return { unsupported = { { id = "provider", type = "serverless", property = "name",
      reason = "cloud " .. word.of(service.provider.name) } } }
  end
  build(service, resolved.document, marks)
  local template = resources.merge(service, resolved.document.resources)
  template.Parameters = resources.merged(template.Parameters or {}, resolved.parameters)
  if service.plugins["serverless-pseudo-parameters"] or service.plugins["serverless-cf-vars"] then
    template = resources.pseudo(template)
  end
  if #service.unsupported > 0 then return { unsupported = service.unsupported } end
  return { assumptions = service.assumptions, packages = service.packages,
    template = variables.finish(template) }
end

---@param document table parsed
---@param job {path: string, out: string, text: string}
---@return table|nil built {template=, assumptions=, packages=} or {unsupported=}
---@return table|nil err variables that refer to each other
function M.template(document, job)
  -- Read again for the order of functions and the places of variables.
  local marked, marks = yaml.decode(job.text, { file = job.path, tags = "cloudformation",
    marks = true })
  if marked == nil then marked, marks = document, {} end
  local resolved, err = variables.resolve(marked, job, marks)
  if not resolved then return nil, err end
  local place, built = {}, nil
  local ok = word.guard(function() built = expand(resolved, job, marks, place) end)
  if ok then return built end
  local at = place.service and place.service.place or {}
  return { unsupported = { { id = at.id or "service", type = "serverless", property = at.property,
    reason = "no text where one is expected" } } }
end

return M
