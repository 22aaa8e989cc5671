-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local shared = require "std.normalize.cfn.shared"
local tables = require "std.table"
local values = require "std.normalize.cfn.values"

-- The keys that a method and everything under it share.
local function linked(self, type_name, suffix, test)
  local body = self:block(type_name, suffix, test)
  for _, key in ipairs { "rest_api_id", "resource_id", "http_method" } do
    body:raw(key, self:own(key))
  end
  return body
end

local function responses(self, value)
  shared.structures(self, value, function(item, test, i)
    local body = linked(self, "aws_api_gateway_method_response", "response_" .. i, test)
    self:map(item, {}, body)
  end)
end

local function integration_responses(self, value, first)
  shared.structures(self, value, function(item, test, i)
    local body = linked(self, "aws_api_gateway_integration_response",
      "integration_response_" .. i, test)
    self:map(item, {}, body)
    body:depend { first }
  end)
end

local INTEGRATION = { IntegrationResponses = shared.elsewhere,
  TimeoutInMillis = "timeout_milliseconds", ConnectionType = "connection_type",
  ResponseTransferMode = { drop = "the only mode of the provider", only = { "BUFFERED" } } }

local function integration(self, value)
  if values.is_no_value(value) then return end
  if type(value) ~= "table" or values.is_intrinsic(value) then
    return self:unsupported(nil, "a structure known only at deploy time")
  end
  local body = linked(self, "aws_api_gateway_integration", "integration")
  local address = self.addresses[#self.addresses]
  self:map(value, INTEGRATION, body)
  self.scope:at("IntegrationResponses", function()
    integration_responses(self, value.IntegrationResponses, address)
  end)
end

local METHOD = { AuthorizationType = "authorization", Integration = integration,
  MethodResponses = responses }

local SETTING = { ResourcePath = shared.elsewhere, HttpMethod = shared.elsewhere }

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

local function methods_of(item)
  if type(item) ~= "table" then return nil end
  local path, method = item.ResourcePath, item.HttpMethod
  return type(path) == "string" and type(method) == "string" and method .. " " .. path or nil
end

-- Entries for the same methods add up; as resources of their own they would undo each other.
local function by_method(list)
  if type(list) ~= "table" or list[1] == nil then return list end
  local out, place = {}, {}
  for _, item in ipairs(list) do
    local key = methods_of(item)
    local at = key and place[key]
    if at then
      out[at] = tables.merge(out[at], item)
    else
      out[#out + 1] = item
      if key then place[key] = #out end
    end
  end
  return out
end

local function method_settings(owner)
  return function(self, value)
    shared.structures(self, by_method(value), function(item, test, i)
      local body = self:block("aws_api_gateway_method_settings", "settings_" .. i, test)
      for _, key in ipairs { "rest_api_id", "stage_name" } do body:raw(key, owner(self, key)) end
      body:set("method_path", method_path(self, item))
      self:map(item, SETTING, body:single("settings"))
    end)
  end
end

-- A canary without a deployment of its own has that of its stage.
local function canary(self, value, body)
  if values.is_no_value(value) then return end
  local block = body:block("canary_settings")
  self:map(value, {}, block)
  if block:has("deployment_id") then return end
  if self.type == "aws_api_gateway_deployment" then
    block:raw("deployment_id", self:own("id"))
  else
    block:set("deployment_id", self:value(self.props.DeploymentId))
  end
end

local STAGE = {
  TracingEnabled = "xray_tracing_enabled",
  AccessLogSetting = { to = "access_log_settings" },
  MethodSettings = method_settings(function(self, key) return self:own(key) end),
  CanarySetting = canary,
}

-- What a deployment says of all methods of its stage.
local ALL_METHODS = { "CacheDataEncrypted", "CacheTtlInSeconds", "CachingEnabled",
  "DataTraceEnabled", "LoggingLevel", "MetricsEnabled", "ThrottlingBurstLimit",
  "ThrottlingRateLimit" }

local function stage_of_deployment(self, description, body)
  local stage = self.addresses[#self.addresses]
  local function of_stage(_, key) return stage .. "." .. key end
  local specs = { MethodSettings = method_settings(of_stage), CanarySetting = canary,
    TracingEnabled = "xray_tracing_enabled", AccessLogSetting = STAGE.AccessLogSetting }
  local all = {}
  for _, key in ipairs(ALL_METHODS) do
    specs[key], all[key] = shared.elsewhere, description[key]
  end
  self.scope:at("StageDescription", function()
    self:map(description, specs, body)
    if next(all) then method_settings(of_stage)(self, { all }) end
  end)
end

-- A deployment that names a stage makes that stage too.
local function finish_deployment(self, props)
  if props.StageName == nil then return end
  local body = self:block("aws_api_gateway_stage", "stage")
  body:raw("rest_api_id", self:own("rest_api_id"))
  body:raw("deployment_id", self:own("id"))
  body:set("stage_name", self:value(props.StageName))
  if type(props.StageDescription) == "table" then
    stage_of_deployment(self, props.StageDescription, body)
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

-- The name and id of a private domain are in its ARN.
local function domain_arn(self, value, body)
  local text = self:text(value)
  local resource = text:match("^(.*)%.arn$")
  local name = ('split("+", split("/", %s)[2])'):format(text)
  body:raw("domain_name", resource and resource .. ".domain_name" or name .. "[0]")
  body:raw("domain_name_id", resource and resource .. ".domain_name_id" or name .. "[1]")
end

local ROUTING = { drop = "the only mode of the provider",
  only = { "BASE_PATH_MAPPING_ONLY" } }

local function api_stages(self, value, body)
  shared.structures(self, value, function(item, test)
    local block = body:block("api_stages", test)
    self:map(item, { Throttle = function(_, throttle)
      shared.entries(self, throttle, function(path, limits)
        local inner = block:block("throttle")
        inner:set("path", path)
        self:map(limits, {}, inner)
      end)
    end }, block)
  end)
end

return {
  ["AWS::ApiGateway::RestApi"] = {
    type = "aws_api_gateway_rest_api", name = "name",
    attributes = { RootResourceId = "root_resource_id", RestApiId = "id" },
    props = {
      Body = { to = "body", json = true }, Policy = { to = "policy", json = true },
      ApiKeySourceType = "api_key_source", Mode = "put_rest_api_mode",
    },
    finish = finish_api,
  },
  ["AWS::ApiGateway::Resource"] = { type = "aws_api_gateway_resource",
    attributes = { ResourceId = "id" }, props = {} },
  ["AWS::ApiGateway::Method"] = { type = "aws_api_gateway_method", props = METHOD,
    defaults = { authorization = '"NONE"' } },
  ["AWS::ApiGateway::Deployment"] = { type = "aws_api_gateway_deployment",
    attributes = { DeploymentId = "id" },
    props = { StageName = shared.elsewhere, StageDescription = shared.elsewhere,
      DeploymentCanarySettings = { to = "canary_settings" } }, finish = finish_deployment },
  ["AWS::ApiGateway::Stage"] = { type = "aws_api_gateway_stage", ref = "stage_name",
    props = STAGE },
  ["AWS::ApiGateway::Account"] = { type = "aws_api_gateway_account", props = {} },
  ["AWS::ApiGateway::Model"] = { type = "aws_api_gateway_model", ref = "name", name = "name",
    props = { Schema = { to = "schema", json = true } },
    defaults = { content_type = '"application/json"' } },
  ["AWS::ApiGateway::RequestValidator"] = { type = "aws_api_gateway_request_validator",
    name = "name", attributes = { RequestValidatorId = "id" }, props = {} },
  ["AWS::ApiGateway::Authorizer"] = { type = "aws_api_gateway_authorizer",
    attributes = { AuthorizerId = "id" },
    props = { AuthType = { drop = "only exported documents show it" } } },
  ["AWS::ApiGateway::ApiKey"] = { type = "aws_api_gateway_api_key", name = "name",
    attributes = { APIKeyId = "id" }, set = { description = '""' },
    props = { StageKeys = { drop = "the service reads usage plans in its place" },
      GenerateDistinctId = { drop = "the service makes distinct ids always" } },
    defaults = { enabled = "false" } },
  ["AWS::ApiGateway::UsagePlan"] = { type = "aws_api_gateway_usage_plan", name = "name",
    props = { UsagePlanName = "name", ApiStages = api_stages, Quota = { to = "quota_settings" },
      Throttle = { to = "throttle_settings" } } },
  ["AWS::ApiGateway::UsagePlanKey"] = { type = "aws_api_gateway_usage_plan_key", props = {} },
  ["AWS::ApiGateway::GatewayResponse"] = { type = "aws_api_gateway_gateway_response", props = {} },
  ["AWS::ApiGateway::VpcLink"] = { type = "aws_api_gateway_vpc_link",
    attributes = { VpcLinkId = "id" }, props = {} },
  ["AWS::ApiGateway::DomainName"] = { type = "aws_api_gateway_domain_name", ref = "domain_name",
    attributes = { DistributionDomainName = "cloudfront_domain_name",
      DistributionHostedZoneId = "cloudfront_zone_id", RegionalDomainName = "regional_domain_name",
      RegionalHostedZoneId = "regional_zone_id", DomainNameArn = "arn" },
    props = { RoutingMode = ROUTING } },
  ["AWS::ApiGateway::DomainNameV2"] = { type = "aws_api_gateway_domain_name", ref = "arn",
    attributes = { DomainNameArn = "arn", DomainNameId = "domain_name_id" },
    props = { RoutingMode = ROUTING } },
  ["AWS::ApiGateway::DomainNameAccessAssociation"] = {
    type = "aws_api_gateway_domain_name_access_association", ref = "arn",
    attributes = { DomainNameAccessAssociationArn = "arn" }, props = {} },
  ["AWS::ApiGateway::BasePathMapping"] = { type = "aws_api_gateway_base_path_mapping",
    props = { RestApiId = "api_id", Stage = "stage_name" } },
  ["AWS::ApiGateway::BasePathMappingV2"] = { type = "aws_api_gateway_base_path_mapping",
    props = { RestApiId = "api_id", Stage = "stage_name", DomainNameArn = domain_arn } },
  ["AWS::ApiGateway::ClientCertificate"] = { type = "aws_api_gateway_client_certificate",
    attributes = { ClientCertificateId = "id" }, props = {} },
  ["AWS::ApiGateway::DocumentationPart"] = { type = "aws_api_gateway_documentation_part",
    ref = "documentation_part_id", props = {} },
  ["AWS::ApiGateway::DocumentationVersion"] = { type = "aws_api_gateway_documentation_version",
    ref = "version", props = { DocumentationVersion = "version" } },
}
