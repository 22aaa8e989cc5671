-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local values = require "std.normalize.cfn.values"

local INTEGRATION = { IntegrationResponses = false, TimeoutInMillis = "timeout_milliseconds",
  ConnectionType = "connection_type" }

-- The keys that a method and everything under it share.
local function linked(self, type_name, suffix, test)
  local body = self:block(type_name, suffix, test)
  for _, key in ipairs { "rest_api_id", "resource_id", "http_method" } do
    body:raw(key, self:own(key))
  end
  return body
end

local function responses(self, value)
  values.each(self, value, function(item, test, i)
    local body = linked(self, "aws_api_gateway_method_response", "response_" .. i, test)
    self:map(item, {}, body)
  end)
end

local function integration_responses(self, value, first)
  values.each(self, value, function(item, test, i)
    local body = linked(self, "aws_api_gateway_integration_response",
      "integration_response_" .. i, test)
    self:map(item, {}, body)
    body:raw("depends_on", "[" .. first .. "]")
  end)
end

local function integration(self, value)
  if values.is_no_value(value) then return end
  local body = linked(self, "aws_api_gateway_integration", "integration")
  local address = self.addresses[#self.addresses]
  self:map(value, INTEGRATION, body)
  integration_responses(self, value.IntegrationResponses, address)
end

local METHOD = { AuthorizationType = "authorization", ApiKeyRequired = "api_key_required",
  Integration = false, MethodResponses = false }

local function finish_method(self, props, body)
  if props.AuthorizationType == nil then body:set("authorization", "NONE") end
  self.scope:at("MethodResponses", function() responses(self, props.MethodResponses) end)
  self.scope:at("Integration", function() integration(self, props.Integration) end)
end

local SETTING = { ResourcePath = false, HttpMethod = false }

-- "/*" and "*" are "*/*" in Terraform; a path loses its first slash.
local function method_path(self, item)
  local path = self:value(item.ResourcePath or "/*")
  local method = self:value(item.HttpMethod or "*")
  if type(path) == "string" then
    path = path:gsub("^/", ""):gsub("~1", "/"):gsub("^/", "")
    if path == "" then path = "*" end
  else
    path = expr.raw(("trimprefix(%s, \"/\")"):format(expr.text(path)))
  end
  return expr.template { path, "/", method }
end

local function method_settings(owner)
  return function(self, value)
    values.each(self, value, function(item, test, i)
      local body = self:block("aws_api_gateway_method_settings", "settings_" .. i, test)
      for _, key in ipairs { "rest_api_id", "stage_name" } do body:raw(key, owner(self, key)) end
      body:set("method_path", method_path(self, item))
      self:map(item, SETTING, body:single("settings"))
    end)
  end
end

local STAGE = {
  TracingEnabled = "xray_tracing_enabled",
  AccessLogSetting = { to = "access_log_settings" },
  MethodSettings = method_settings(function(self, key) return self:own(key) end),
  CanarySetting = { to = "canary_settings" },
}

-- A deployment that names a stage makes that stage too.
local function finish_deployment(self, props)
  local description = props.StageDescription
  if props.StageName == nil then return end
  local body = self:block("aws_api_gateway_stage", "stage")
  body:raw("rest_api_id", self:own("rest_api_id"))
  body:raw("deployment_id", self:own("id"))
  body:set("stage_name", self:value(props.StageName))
  if type(description) == "table" then
    local stage = self.addresses[#self.addresses]
    local specs = { LoggingLevel = false, MethodSettings = method_settings(function(_, key)
      return stage .. "." .. key
    end), TracingEnabled = "xray_tracing_enabled", AccessLogSetting = STAGE.AccessLogSetting }
    if description.LoggingLevel then
      self:unsupported("StageDescription.LoggingLevel", "no rule")
    end
    self.scope:at("StageDescription", function() self:map(description, specs, body) end)
  end
end

local function title_of(props)
  local body = props.Body
  return type(body) == "table" and type(body.info) == "table" and body.info.title or nil
end

local function finish_api(self, props, body)
  if body:has("name") then return end
  local title = title_of(props)
  if title ~= nil then body:set("name", self:value(title)) end
end

local function api_stages(self, value, body)
  values.each(self, value, function(item, test)
    local block = body:block("api_stages", test)
    self:map(item, { Throttle = function(_, throttle)
      for _, path in ipairs(names.sorted_keys(throttle)) do
        local inner = block:block("throttle")
        inner:set("path", path)
        self:map(throttle[path], {}, inner)
      end
    end }, block)
  end)
end

return {
  ["AWS::ApiGateway::RestApi"] = {
    type = "aws_api_gateway_rest_api", name = "name",
    attributes = { RootResourceId = "root_resource_id", RestApiId = "id" },
    props = {
      Body = { to = "body", json = true }, Policy = { to = "policy", json = true },
      ApiKeySourceType = "api_key_source", EndpointConfiguration = {
        to = "endpoint_configuration" },
    },
    finish = finish_api,
  },
  ["AWS::ApiGateway::Resource"] = { type = "aws_api_gateway_resource",
    attributes = { ResourceId = "id" }, props = {} },
  ["AWS::ApiGateway::Method"] = { type = "aws_api_gateway_method", props = METHOD,
    finish = finish_method },
  ["AWS::ApiGateway::Deployment"] = { type = "aws_api_gateway_deployment",
    attributes = { DeploymentId = "id" },
    props = { StageName = false, StageDescription = false }, finish = finish_deployment },
  ["AWS::ApiGateway::Stage"] = { type = "aws_api_gateway_stage", ref = "stage_name",
    props = STAGE },
  ["AWS::ApiGateway::Account"] = { type = "aws_api_gateway_account", props = {} },
  ["AWS::ApiGateway::Model"] = { type = "aws_api_gateway_model", ref = "name", name = "name",
    props = { Schema = { to = "schema", json = true } } },
  ["AWS::ApiGateway::RequestValidator"] = { type = "aws_api_gateway_request_validator",
    name = "name", attributes = { RequestValidatorId = "id" }, props = {} },
  ["AWS::ApiGateway::Authorizer"] = { type = "aws_api_gateway_authorizer",
    attributes = { AuthorizerId = "id" },
    props = { AuthType = false, ProviderARNs = "provider_arns" } },
  ["AWS::ApiGateway::ApiKey"] = { type = "aws_api_gateway_api_key", name = "name",
    attributes = { APIKeyId = "id" }, props = {} },
  ["AWS::ApiGateway::UsagePlan"] = { type = "aws_api_gateway_usage_plan", name = "name",
    props = { UsagePlanName = "name", ApiStages = api_stages, Quota = { to = "quota_settings" },
      Throttle = { to = "throttle_settings" } } },
  ["AWS::ApiGateway::UsagePlanKey"] = { type = "aws_api_gateway_usage_plan_key", props = {} },
  ["AWS::ApiGateway::GatewayResponse"] = { type = "aws_api_gateway_gateway_response", props = {} },
  ["AWS::ApiGateway::VpcLink"] = { type = "aws_api_gateway_vpc_link", props = {} },
}
