-- SPDX-License-Identifier: Apache-2.0
-- httpApi events of Serverless functions: one HTTP API for the service.
local Service = require "std.normalize.serverless_service"
local names = require "std.normalize.names"
local word = require("std.normalize.word").of

local M = {}
local handlers = {}
M.handlers = handlers

local join, list, table_or_empty = Service.join, Service.list, Service.table_or_empty

local EVENT = Service.set "path method authorizer"
local METHODS = { "GET", "POST", "PUT", "PATCH", "HEAD", "DELETE" }

local function route(event)
  if event == "*" then return { path = "*" } end
  if type(event) ~= "string" then return event end
  local method, path = event:match("^(%S+)%s+(%S+)$")
  return { method = method or "*", path = path or event }
end

function handlers.httpApi(service, fn, event)
  event = route(event)
  service:check(fn.name, "setting of an httpApi event", event, EVENT)
  local method, path = word(event.method or "*"):upper(), word(event.path or "*")
  if path == "*" then method = "*" end
  service.http_api_events = service.http_api_events or {}
  table.insert(service.http_api_events, { fn = fn, event = event, path = path,
    method = method == "*" and "ANY" or method })
end

local SETTINGS = Service.set [[authorizers cors id name description payload metrics useProviderTags
  disableDefaultEndpoint shouldStartNameWithService]]

local CORS = { allowedOrigins = "AllowOrigins", allowedHeaders = "AllowHeaders",
  allowedMethods = "AllowMethods", exposedResponseHeaders = "ExposeHeaders", maxAge = "MaxAge",
  allowCredentials = "AllowCredentials" }

-- Methods that the routes have, where cors does not name them.
local function methods_in_use(service)
  local used, out = {}, { "OPTIONS" }
  for _, item in ipairs(service.http_api_events) do used[item.method] = true end
  for _, method in ipairs(METHODS) do
    if used.ANY or used[method] then out[#out + 1] = method end
  end
  return out
end

local function cors_of(service, cors)
  if not cors then return nil end
  local out = { AllowOrigins = { "*" }, AllowMethods = methods_in_use(service),
    AllowHeaders = { "Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key",
      "X-Amz-Security-Token", "X-Amz-User-Agent", "X-Amzn-Trace-Id" } }
  for key, target in pairs(CORS) do
    local value = table_or_empty(cors)[key]
    if value ~= nil then
      out[target] = (key:find("^allowed") or key:find("^exposed")) and list(value) or value
    end
  end
  return out
end

local LOG_FORMAT = table.concat { '{"requestId":"$context.requestId","ip":"',
  '$context.identity.sourceIp","requestTime":"$context.requestTime","httpMethod":"',
  '$context.httpMethod","routeKey":"$context.routeKey","status":"$context.status","protocol":"',
  '$context.protocol","responseLength":"$context.responseLength"}' }

local function log_settings(service)
  local logs = table_or_empty(service.provider.logs).httpApi
  if not logs then return nil end
  local id = service:add("HttpApiLogGroup", "AWS::Logs::LogGroup", {
    LogGroupName = "/aws/http-api/" .. (service.provider.stackName or service.prefix),
    RetentionInDays = service.provider.logRetentionInDays })
  return { DestinationArn = Service.arn_of(id), Format = table_or_empty(logs).format or LOG_FORMAT }
end

local function name_of(service, settings)
  if settings.name then return word(settings.name) end
  if settings.shouldStartNameWithService then return service.prefix end
  return service.stage .. "-" .. service.name
end

local function add_api(service, settings)
  local tags = service.provider.tags
  tags = type(tags) == "table" and next(tags) and tags or nil
  service:add("HttpApi", "AWS::ApiGatewayV2::Api", { Name = name_of(service, settings),
    ProtocolType = "HTTP", Description = settings.description, Tags = tags,
    DisableExecuteApiEndpoint = settings.disableDefaultEndpoint,
    CorsConfiguration = cors_of(service, settings.cors) })
  service:add("HttpApiStage", "AWS::ApiGatewayV2::Stage", { ApiId = { Ref = "HttpApi" },
    StageName = "$default", AutoDeploy = true, Tags = tags, AccessLogSettings =
    log_settings(service), DefaultRouteSettings = { DetailedMetricsEnabled =
    settings.metrics or false } })
  service:output("HttpApiId", "Id of the HTTP API", { Ref = "HttpApi" })
  service:output("HttpApiUrl", "URL of the HTTP API", join("https://", { Ref = "HttpApi" },
    ".execute-api.", Service.REGION, ".", { Ref = "AWS::URLSuffix" }))
end

local function source_of(api)
  return join("arn:", Service.PARTITION, ":execute-api:", Service.REGION, ":", Service.ACCOUNT, ":",
    api, "/*")
end

-- --- authorizers ---------------------------------------------------------------------------------

local AUTHORIZER = Service.set [[type name identitySource issuerUrl audience functionName
  functionArn managedExternally resultTtlInSeconds enableSimpleResponses payloadVersion]]

local function from_function(service, api, name, options, props)
  local target, call = options.functionArn, options.functionArn
  local fn = not target and service:function_named(options.functionName, name)
  if fn then target, call = Service.arn_of(fn.id), Service.target(fn) end
  props.AuthorizerType = "REQUEST"
  props.AuthorizerUri = Service.invocation_uri(target, fn and fn.alias)
  props.AuthorizerPayloadFormatVersion = word(options.payloadVersion or "2.0")
  props.EnableSimpleResponses = options.enableSimpleResponses
  props.AuthorizerResultTtlInSeconds = options.resultTtlInSeconds
  if options.managedExternally then return end
  service:add(Service.normal(name) .. "LambdaAuthorizerPermissionHttpApi",
    "AWS::Lambda::Permission", { FunctionName = call, Action = "lambda:InvokeFunction",
      Principal = "apigateway.amazonaws.com", SourceArn = source_of(api) })
end

local function add_authorizers(service, api, settings)
  for _, name in ipairs(names.sorted_keys(table_or_empty(settings.authorizers))) do
    local options = settings.authorizers[name]
    service:check(name, "setting of an authorizer", options, AUTHORIZER)
    local sources = list(options.identitySource)
    local props = { ApiId = api, Name = options.name or name,
      IdentitySource = #sources > 0 and sources or nil }
    if options.type == "request" then
      from_function(service, api, name, options, props)
    else
      props.AuthorizerType = "JWT"
      props.JwtConfiguration = { Audience = list(options.audience), Issuer = options.issuerUrl }
    end
    service:add("HttpApiAuthorizer" .. Service.normal(name), "AWS::ApiGatewayV2::Authorizer", props)
  end
end

local function authorize(service, item, settings, props)
  local value = item.event.authorizer
  if not value then return end
  local options = type(value) == "table" and value or { name = value }
  service:check(item.fn.name, "setting of an authorizer", options,
    Service.set "id name scopes type")
  if options.type == "aws_iam" or options.name == "aws_iam" then
    props.AuthorizationType = "AWS_IAM"
    return
  end
  local declared = options.name and table_or_empty(settings.authorizers)[options.name]
  if options.name and not declared then
    return service:refuse(item.fn.name, options.name, "an authorizer that is not declared")
  end
  local kind = options.type or declared and declared.type or "jwt"
  props.AuthorizationType = kind == "request" and "CUSTOM" or "JWT"
  props.AuthorizerId = options.id
    or { Ref = "HttpApiAuthorizer" .. Service.normal(options.name) }
  props.AuthorizationScopes = options.scopes
end

-- --- routes --------------------------------------------------------------------------------------

local function integration(service, api, fn, settings)
  local id = "HttpApiIntegration" .. fn.normal
  if service.resources[id] then return id end
  local payload = table_or_empty(fn.definition.httpApi).payload or settings.payload or "2.0"
  local version = ("%.1f"):format(tonumber(payload) or 2)
  service:add(id, "AWS::ApiGatewayV2::Integration", { ApiId = api, IntegrationType = "AWS_PROXY",
    IntegrationUri = Service.target(fn), PayloadFormatVersion = version,
    TimeoutInMillis = 30000 }, Service.calls(fn))
  service:permission(fn, "HttpApi", "apigateway.amazonaws.com", source_of(api))
  return id
end

local function add_route(service, api, item, settings)
  local is_default = item.path == "*"
  local key = is_default and "$default" or item.method .. " " .. item.path
  local target = integration(service, api, item.fn, settings)
  local props = { ApiId = api, RouteKey = key,
    Target = { ["Fn::Join"] = { "/", { "integrations", { Ref = target } } } } }
  authorize(service, item, settings, props)
  -- The method and its space are one word to the framework: "GET /a" → "GetA".
  local id = is_default and "HttpApiRouteDefault"
    or "HttpApiRoute" .. Service.path_name(item.method:lower() .. "/" .. item.path)
  service:add(id, "AWS::ApiGatewayV2::Route", props, { DependsOn = { target } })
end

---Adds the API of all httpApi events.
function M.finish(service)
  if not service.http_api_events then return end
  local settings = table_or_empty(service.provider.httpApi)
  service:check("httpApi", "provider setting", settings, SETTINGS)
  local api = settings.id or { Ref = "HttpApi" }
  if not settings.id then add_api(service, settings) end
  add_authorizers(service, api, settings)
  for _, item in ipairs(service.http_api_events) do add_route(service, api, item, settings) end
end

return M
