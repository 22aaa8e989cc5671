-- SPDX-License-Identifier: Apache-2.0
-- http events of Serverless functions: one REST API for the service, with its resources, methods,
-- keys, deployment and stage.
local Service = require "std.normalize.serverless_service"
local authorizers = require "std.normalize.serverless_authorizers"
local methods = require "std.normalize.serverless_methods"
local word = require("std.normalize.word").of

local M = {}
local handlers = {}
M.handlers = handlers

local join, list, table_or_empty = Service.join, Service.list, Service.table_or_empty

local HTTP = Service.set [[path method cors private authorizer async integration request response
  operationId timeoutInMillis connectionId connectionType]]

---"GET /path" or {path=, method=} → event with both.
function M.route(event)
  if type(event) ~= "string" then return event end
  local method, path = event:match("^(%S+)%s+(%S+)$")
  return { method = method or "any", path = path or event }
end

function handlers.http(service, fn, event)
  event = M.route(event)
  service:check(fn.name, "setting of an http event", event, HTTP)
  if type(event.path) ~= "string" or type(event.method) ~= "string" then
    return service:refuse(fn.name, "http", "an http event without path and method")
  end
  local path = event.path:gsub("^/+", ""):gsub("/+$", "")
  local method = event.method == "*" and "ANY" or event.method:upper()
  service.http_events = service.http_events or {}
  table.insert(service.http_events, { fn = fn, event = event, path = path, method = method,
    name = Service.path_name(path) })
end

-- --- the API and its resources -------------------------------------------------------------------

local function settings_of(service) return table_or_empty(service.provider.apiGateway) end

local API_SETTINGS = Service.set [[apiKeys apiKeySourceType binaryMediaTypes description
  disableDefaultEndpoint metrics minimumCompressionSize resourcePolicy restApiId restApiResources
  restApiRootResourceId request shouldStartNameWithService stage timeoutInMillis usagePlan
  websocketApiId endpoint]]

local function api_name(service)
  if service.provider.apiName then return word(service.provider.apiName) end
  if settings_of(service).shouldStartNameWithService then return service.prefix end
  return service.stage .. "-" .. service.name
end

local function add_api(service, settings)
  local provider = service.provider
  local endpoint = word(provider.endpointType or "EDGE"):upper()
  local vpc_ids = list(provider.vpcEndpointIds)
  local policy = settings.resourcePolicy or provider.resourcePolicy
  local types = { Types = { endpoint }, VpcEndpointIds = #vpc_ids > 0 and vpc_ids or nil }
  service:add("ApiGatewayRestApi", "AWS::ApiGateway::RestApi", { Name = api_name(service),
    EndpointConfiguration = types, Description = settings.description,
    BinaryMediaTypes = settings.binaryMediaTypes, ApiKeySourceType = settings.apiKeySourceType,
    MinimumCompressionSize = settings.minimumCompressionSize,
    DisableExecuteApiEndpoint = settings.disableDefaultEndpoint,
    Policy = policy and { Version = "2012-10-17", Statement = list(policy) } or nil,
    Tags = Service.tag_list(table_or_empty(provider.tags)) })
  if settings.endpoint then service:refuse("apiGateway", "endpoint", "provider setting") end
end

-- Resources that another stack made, by path.
local function shared_resources(settings)
  local out = {}
  for key, value in pairs(table_or_empty(settings.restApiResources)) do
    local path, id = key, value
    if type(value) == "table" and value.path then path, id = value.path, value.resourceId end
    if type(path) == "string" then out[path:gsub("^/+", "")] = id end
  end
  return out
end

local function add_resources(service, api)
  local made = shared_resources(api.settings)
  for _, item in ipairs(service.http_events) do
    local parent, so_far = api.root, ""
    for part in item.path:gmatch("[^/]+") do
      so_far = so_far == "" and part or so_far .. "/" .. part
      if not made[so_far] then
        local id = "ApiGatewayResource" .. Service.path_name(so_far)
        if not service.resources[id] then
          service:add(id, "AWS::ApiGateway::Resource", { ParentId = parent, PathPart = part,
            RestApiId = api.id })
        end
        made[so_far] = { Ref = id }
      end
      parent = made[so_far]
    end
    item.resource = parent
  end
end

local function api_of(service)
  local settings = settings_of(service)
  service:check("apiGateway", "provider setting", settings, API_SETTINGS)
  if settings.restApiId then
    return { id = settings.restApiId, root = settings.restApiRootResourceId, settings = settings }
  end
  add_api(service, settings)
  return { id = { Ref = "ApiGatewayRestApi" }, settings = settings,
    root = { ["Fn::GetAtt"] = { "ApiGatewayRestApi", "RootResourceId" } } }
end

---The source of calls that a permission names.
local function call_source(api)
  return join("arn:", Service.PARTITION, ":execute-api:", Service.REGION, ":", Service.ACCOUNT, ":",
    api.id, "/*/*")
end

local CALLS_FUNCTION = { AWS = true, AWS_PROXY = true }

local function add_permissions(service, api)
  local done = {}
  for _, item in ipairs(service.http_events) do
    if CALLS_FUNCTION[methods.kind(item.event)] and not done[item.fn] then
      done[item.fn] = service:permission(item.fn, "ApiGateway", "apigateway.amazonaws.com",
        call_source(api))
    end
  end
end

-- --- deployment and stage ------------------------------------------------------------------------

local LOG_FORMAT = table.concat { "requestId: $context.requestId, ip: $context.identity.sourceIp, ",
  "caller: $context.identity.caller, user: $context.identity.user, requestTime: ",
  "$context.requestTime, httpMethod: $context.httpMethod, resourcePath: $context.resourcePath, ",
  "status: $context.status, protocol: $context.protocol, responseLength: ",
  "$context.responseLength" }

-- The framework sets the account's role by a custom resource; Terraform has a resource for it.
local function account_role(service, logs)
  if logs.roleManagedExternally then return nil end
  local role = logs.role
  if not role then
    role = Service.arn_of(service:add("IamRoleApiGatewayLogs", "AWS::IAM::Role", {
      AssumeRolePolicyDocument = { Version = "2012-10-17", Statement = { {
        Effect = "Allow", Principal = { Service = { "apigateway.amazonaws.com" } },
        Action = { "sts:AssumeRole" } } } },
      ManagedPolicyArns = { join("arn:", Service.PARTITION,
        ":iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs") } }))
  end
  if service.resources.ApiGatewayAccount then return "ApiGatewayAccount" end
  return service:add("ApiGatewayAccount", "AWS::ApiGateway::Account", { CloudWatchRoleArn = role })
end

---A log group of an API and the role that writes it.
---@return table access {DestinationArn, Format}
---@return string|nil account id of the resource that sets the role
function M.access_log(service, logs, id, group, format)
  service:add(id, "AWS::Logs::LogGroup", { LogGroupName = group,
    RetentionInDays = service.provider.logRetentionInDays })
  return { DestinationArn = Service.arn_of(id), Format = logs.format or format },
    account_role(service, logs)
end

local function method_settings(logs, settings)
  local execution = logs and logs.executionLogging ~= false
  return { { HttpMethod = "*", ResourcePath = "/*", MetricsEnabled = settings.metrics,
    LoggingLevel = execution and (logs.level or "INFO") or nil,
    DataTraceEnabled = execution and logs.fullExecutionData ~= false or nil } }
end

-- The stage is part of the deployment unless it has settings of its own.
local function add_stage(service, api, deployment)
  local logs = table_or_empty(service.provider.logs).restApi
  local tracing = table_or_empty(service.provider.tracing).apiGateway
  if not logs and not tracing and api.settings.metrics == nil then return false end
  local props = { RestApiId = api.id, DeploymentId = { Ref = deployment }, StageName = api.stage,
    TracingEnabled = tracing or nil,
    Tags = Service.tag_list(table_or_empty(service.provider.tags)) }
  local waits
  if logs then
    logs = table_or_empty(logs)
    local access, account = M.access_log(service, logs, "ApiGatewayLogGroup",
      "/aws/api-gateway/" .. service.prefix, LOG_FORMAT)
    if logs.accessLogging ~= false then props.AccessLogSetting = access end
    waits = { account }
  end
  if logs or api.settings.metrics ~= nil then
    props.MethodSettings = method_settings(logs, api.settings)
  end
  service:add("ApiGatewayStage", "AWS::ApiGateway::Stage", props,
    { DependsOn = waits and #waits > 0 and waits or nil })
  return true
end

local function add_deployment(service, api)
  local id = service:add("ApiGatewayDeployment", "AWS::ApiGateway::Deployment",
    { RestApiId = api.id, StageName = api.stage, Description = api.settings.description },
    { DependsOn = service.http_methods })
  if add_stage(service, api, id) then
    service.resources[id].Properties.StageName = nil
    return "ApiGatewayStage"
  end
  return id
end

-- --- keys and usage plans ------------------------------------------------------------------------

local function add_key(service, key, plan, index, deployment)
  if type(key) ~= "table" then key = { name = key } end
  service:check("apiKeys", "setting of an API key", key,
    Service.set "name value description customerId enabled")
  local prefix = plan and Service.normal(plan) or ""
  local id = service:add("ApiGatewayApiKey" .. prefix .. index, "AWS::ApiGateway::ApiKey", {
    Enabled = key.enabled ~= false, Name = key.name, Value = key.value,
    Description = key.description, CustomerId = key.customerId }, { DependsOn = { deployment } })
  service:add("ApiGatewayUsagePlanKey" .. prefix .. index, "AWS::ApiGateway::UsagePlanKey", {
    KeyId = { Ref = id }, KeyType = "API_KEY",
    UsagePlanId = { Ref = "ApiGatewayUsagePlan" .. prefix } })
end

local function add_plan(service, api, plan, settings, deployment)
  local quota, throttle = settings.quota, settings.throttle
  local name = plan and service.name .. "-" .. plan .. "-" .. service.stage or service.prefix
  local about = plan and ('Usage plan "%s" for %s %s stage'):format(plan, service.name,
    service.stage) or ("Usage plan for %s %s stage"):format(service.name, service.stage)
  service:add("ApiGatewayUsagePlan" .. (plan and Service.normal(plan) or ""),
    "AWS::ApiGateway::UsagePlan", { UsagePlanName = name, Description = about,
      ApiStages = { { ApiId = api.id, Stage = api.stage } },
      Quota = quota and { Limit = quota.limit, Offset = quota.offset, Period = quota.period },
      Throttle = throttle and { BurstLimit = throttle.burstLimit,
        RateLimit = throttle.rateLimit } },
    { DependsOn = { deployment } })
end

-- Keys are a list; where plans have names, a list of {plan = keys}.
local function add_keys(service, api, deployment)
  local keys = list(api.settings.apiKeys or service.provider.apiKeys)
  local plans = api.settings.usagePlan or service.provider.usagePlan
  if #keys == 0 and not plans then return end
  plans = table_or_empty(plans)
  if #plans == 0 then add_plan(service, api, nil, plans, deployment) end
  for _, plan in ipairs(plans) do
    local name, settings = next(plan)
    add_plan(service, api, name, settings, deployment)
  end
  for i, key in ipairs(keys) do
    local name, group = nil, nil
    if #plans > 0 and type(key) == "table" then name, group = next(key) end
    if type(group) == "table" then
      for n, item in ipairs(group) do add_key(service, item, name, n, deployment) end
    else
      add_key(service, key, nil, i, deployment)
    end
  end
end

---Adds the API of all http events.
function M.finish(service)
  if not service.http_events then return end
  local api = api_of(service)
  api.stage = api.settings.stage or service.stage
  api.source = call_source(api)
  add_resources(service, api)
  service.http_methods = {}
  add_permissions(service, api)
  methods.preflights(service, api)
  for _, item in ipairs(service.http_events) do
    item.authorizer = authorizers.rest(service, api, item)
    methods.add(service, api, item)
  end
  methods.add_models(service, api)
  local deployment = add_deployment(service, api)
  add_keys(service, api, deployment)
  if service.resources.ApiGatewayRestApi then
    service:output("ServiceEndpoint", "URL of the service endpoint", join("https://", api.id,
      ".execute-api.", Service.REGION, ".", { Ref = "AWS::URLSuffix" }, "/" .. api.stage))
  end
end

return M
