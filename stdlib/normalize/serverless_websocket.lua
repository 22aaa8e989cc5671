-- SPDX-License-Identifier: Apache-2.0
-- websocket events of Serverless functions: one WebSocket API for the service.
local Service = require "std.normalize.serverless_service"
local rest = require "std.normalize.serverless_rest"
local word = require("std.normalize.word").of

local M = {}
local handlers = {}
M.handlers = handlers

local join, list, table_or_empty = Service.join, Service.list, Service.table_or_empty

local EVENT = Service.set "route routeResponseSelectionExpression authorizer"

function handlers.websocket(service, fn, event)
  if type(event) ~= "table" then event = { route = event } end
  service:check(fn.name, "setting of a websocket event", event, EVENT)
  service.websocket_events = service.websocket_events or {}
  table.insert(service.websocket_events, { fn = fn, event = event, route = word(event.route) })
end

local function route_name(route)
  return (route:gsub("%$", "S"):gsub("/", "Slash"):gsub("%-", "Dash"):gsub("_", "Underscore")
    :gsub("%.", "Period"))
end

local function add_api(service)
  local provider = service.provider
  local shared = table_or_empty(provider.apiGateway).websocketApiId
  if shared then return shared end
  local tags = table_or_empty(provider.websocket).useProviderTags ~= false and provider.tags or nil
  service:add("WebsocketsApi", "AWS::ApiGatewayV2::Api", { ProtocolType = "WEBSOCKET",
    Name = provider.websocketsApiName or service.stage .. "-" .. service.name .. "-websockets",
    Description = provider.websocketsDescription or "Serverless Websockets", Tags = tags,
    RouteSelectionExpression = provider.websocketsApiRouteSelectionExpression
      or "$request.body.action" })
  service:output("ServiceEndpointWebsocket", "URL of the service endpoint", join("wss://",
    { Ref = "WebsocketsApi" }, ".execute-api.", Service.REGION, ".", { Ref = "AWS::URLSuffix" },
    "/" .. service.stage))
  service:allow({ "execute-api:ManageConnections" }, { { ["Fn::Sub"] =
    "arn:${AWS::Partition}:execute-api:*:*:*/@connections/*" } })
  return { Ref = "WebsocketsApi" }
end

-- Any source may call: the framework names none.
local function allow(service, fn)
  local id = fn.normal .. "LambdaPermissionWebsockets"
  if service.resources[id] then return end
  service:permission(fn, "Websockets", "apigateway.amazonaws.com")
end

local function integration(service, api, fn)
  local id = fn.normal .. "WebsocketsIntegration"
  if service.resources[id] then return id end
  allow(service, fn)
  return service:add(id, "AWS::ApiGatewayV2::Integration", { ApiId = api,
    IntegrationType = "AWS_PROXY", IntegrationUri = Service.invocation_uri(Service.target(fn)) },
    Service.calls(fn))
end

local function authorizer(service, api, item)
  local value = item.event.authorizer
  if not value then return "NONE" end
  if value == "aws_iam" then return "AWS_IAM" end
  local options = type(value) == "table" and value or { name = value }
  service:check(item.fn.name, "setting of an authorizer", options,
    Service.set "name arn identitySource")
  local target, name = options.arn, options.name
  if type(value) == "string" and value:find(":") then target, name = value, nil end
  name = name or Service.name_of(target)
  if not target then
    local fn = service:function_named(name, item.fn.name)
    if not fn then return "NONE" end
    target = Service.target(fn)
    allow(service, fn)
  end
  local id = Service.normal(name) .. "WebsocketsAuthorizer"
  local source = list(options.identitySource or "route.request.header.Auth")
  service:add(id, "AWS::ApiGatewayV2::Authorizer", { ApiId = api, Name = name,
    AuthorizerType = "REQUEST", AuthorizerUri = Service.invocation_uri(target),
    IdentitySource = source })
  return "CUSTOM", { Ref = id }
end

local function add_route(service, api, item)
  local id = route_name(item.route) .. "WebsocketsRoute"
  local target = integration(service, api, item.fn)
  local kind, authorizer_id = authorizer(service, api, item)
  local answers = item.event.routeResponseSelectionExpression
  service:add(id, "AWS::ApiGatewayV2::Route", { ApiId = api, RouteKey = item.route,
    AuthorizationType = kind, AuthorizerId = authorizer_id,
    RouteResponseSelectionExpression = answers,
    Target = { ["Fn::Join"] = { "/", { "integrations", { Ref = target } } } } })
  local made = { id }
  if answers then
    made[2] = service:add(id .. "Response", "AWS::ApiGatewayV2::RouteResponse", { ApiId = api,
      RouteId = { Ref = id }, RouteResponseKey = "$default" })
  end
  return made
end

local LOG_FORMAT = table.concat { "$context.identity.sourceIp $context.identity.caller ",
  "$context.identity.user [$context.requestTime] \"$context.eventType $context.routeKey ",
  "$context.connectionId\" $context.requestId" }

local function add_stage(service, api, deployment)
  local logs = table_or_empty(service.provider.logs).websocket
  local props = { ApiId = api, StageName = service.stage, DeploymentId = { Ref = deployment },
    Description = service.provider.websocketsDescription or "Serverless Websockets" }
  local account
  if logs then
    logs = table_or_empty(logs)
    local access
    access, account = rest.access_log(service, logs, "WebsocketsLogGroup",
      "/aws/websocket/" .. service.prefix, LOG_FORMAT)
    if logs.accessLogging ~= false then props.AccessLogSettings = access end
    if logs.executionLogging ~= false then
      props.DefaultRouteSettings = { LoggingLevel = logs.level or "INFO",
        DataTraceEnabled = logs.fullExecutionData ~= false }
    end
  end
  service:add("WebsocketsDeploymentStage", "AWS::ApiGatewayV2::Stage", props,
    { DependsOn = account and { account } or nil })
end

---Adds the API of all websocket events.
function M.finish(service)
  if not service.websocket_events then return end
  local api, routes = add_api(service), {}
  for _, item in ipairs(service.websocket_events) do
    for _, id in ipairs(add_route(service, api, item)) do routes[#routes + 1] = id end
  end
  local deployment = service:add("WebsocketsDeployment", "AWS::ApiGatewayV2::Deployment",
    { ApiId = api, Description = service.provider.websocketsDescription or
      "Serverless Websockets" }, { DependsOn = routes })
  add_stage(service, api, deployment)
end

return M
