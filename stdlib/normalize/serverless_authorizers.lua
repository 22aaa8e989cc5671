-- SPDX-License-Identifier: Apache-2.0
-- Authorizers of the REST API of a Serverless service: functions, user pools, IAM, and those that
-- are there already.
local Service = require "std.normalize.serverless_service"
local word = require("std.normalize.word").of

local M = {}

local KEYS = Service.set [[arn authorizerId claims identitySource identityValidationExpression
  managedExternally name resultTtlInSeconds scopes type]]

-- The last word of the function's or pool's name, as the framework names its authorizer.
local function name_from(arn)
  if type(arn) ~= "string" then return Service.name_of(arn) end
  return (arn:match("([^:/]+)$") or arn):match("([^-]+)$")
end

-- "name", an ARN, "aws_iam" or a structure → a structure.
local function normalised(value)
  if type(value) == "table" and not Service.is_intrinsic(value) then return value, true end
  if type(value) == "string" and value:upper() == "AWS_IAM" then return { type = "AWS_IAM" } end
  if type(value) == "string" and not value:find(":") then return { name = value } end
  return { arn = value }
end

local function is_pool(options)
  if options.type and word(options.type):upper() == "COGNITO_USER_POOLS" then return true end
  return type(options.arn) == "string" and options.arn:find(":cognito-idp:", 1, true) ~= nil
end

local function allow_function(service, api, name, target, fn)
  local id = Service.normal(fn and fn.name or name) .. "LambdaPermissionApiGateway"
  if service.resources[id] then return end
  service:add(id, "AWS::Lambda::Permission", { FunctionName = target,
    Action = "lambda:InvokeFunction", Principal = "apigateway.amazonaws.com",
    SourceArn = api.source })
end

local function from_function(service, api, item, name, options, props)
  local target, alias, fn = options.arn, nil, nil
  if not target then
    fn = service:function_named(name, item.fn.name)
    if not fn then return nil end
    target, alias = Service.arn_of(fn.id), fn.alias
  end
  local kind = word(options.type or "TOKEN"):upper()
  props.Type = kind == "CUSTOM" and "TOKEN" or kind
  props.AuthorizerUri = Service.invocation_uri(target, alias)
  props.IdentityValidationExpression = options.identityValidationExpression
  if not options.managedExternally then
    allow_function(service, api, name, fn and Service.target(fn) or target, fn)
  end
  return "CUSTOM"
end

---Adds the authorizer of an event.
---@return table {type=, id=, scopes=, claims=}
function M.rest(service, api, item)
  local value = item.event.authorizer
  if not value then return { type = "NONE" } end
  local options, is_structure = normalised(value)
  service:check(item.fn.name, "setting of an authorizer", options, KEYS)
  local kind = options.type and word(options.type):upper()
  if kind == "AWS_IAM" then return { type = kind } end
  local result = { scopes = options.scopes, claims = options.claims }
  if options.authorizerId then
    result.id = options.authorizerId
    result.type = kind == "COGNITO_USER_POOLS" and kind or "CUSTOM"
    return result
  end
  local name = options.name or name_from(options.arn)
  local id = Service.normal(name) .. "ApiGatewayAuthorizer"
  local source = options.identitySource
  if source == nil and not (kind == "REQUEST" and options.resultTtlInSeconds == 0) then
    source = "method.request.header.Authorization"
  end
  local ttl = options.resultTtlInSeconds
  if ttl == nil and (is_structure or options.arn) then ttl = 300 end
  local props = { Name = name, RestApiId = api.id, IdentitySource = source,
    AuthorizerResultTtlInSeconds = ttl }
  if is_pool(options) then
    result.type, props.Type, props.ProviderARNs = "COGNITO_USER_POOLS", "COGNITO_USER_POOLS",
      { options.arn }
  else
    result.type = from_function(service, api, item, name, options, props)
  end
  result.id, result.added = { Ref = id }, id
  service:add(id, "AWS::ApiGateway::Authorizer", props)
  return result
end

return M
