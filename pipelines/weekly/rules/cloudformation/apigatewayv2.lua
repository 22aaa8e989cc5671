-- SPDX-License-Identifier: Apache-2.0
local json = require "std.json"
local names = require "std.normalize.names"
local shared = require "std.normalize.cfn.shared"

local function route_settings(self, value, body)
  shared.entries(self, value, function(key, item)
    local block = body:block("route_settings")
    block:set("route_key", key)
    self:map(item, {}, block)
  end)
end

-- An API that comes as a document has its name and protocol inside.
local function finish_api(self, props, body)
  if not body:has("protocol_type") then body:set("protocol_type", "HTTP") end
  local info = type(props.Body) == "table" and props.Body.info
  if not body:has("name") and type(info) == "table" and info.title ~= nil then
    body:set("name", self:value(info.title))
  end
end

-- The resources of a type that belong to the same stage, by its name or by a reference to it.
local function of_stage(self, cfn_type, stage_name)
  local wanted, found = json.encode(stage_name), {}
  local stage = shared.resource_of(self, stage_name, "AWS::ApiGatewayV2::Stage")
  for _, id in ipairs(names.sorted_keys(self.scope.template.Resources)) do
    local other = self.scope.template.Resources[id]
    local props = type(other) == "table" and other.Type == cfn_type and other.Properties
    if type(props) == "table" and props.StageName ~= nil and (id == stage
      or json.encode(props.StageName) == wanted
      or shared.logical_id(props.StageName) == self.id) then
      found[#found + 1] = id
    end
  end
  return found
end

-- In Terraform the stage names its deployment.
local function deployed_stage(self, value)
  local stage = of_stage(self, "AWS::ApiGatewayV2::Stage", value)[1]
  if not stage then self:unsupported(nil, "a stage outside of the template") end
end

local function finish_stage(self, props, body)
  if body:has("deployment_id") or props.AutoDeploy ~= nil then return end
  local id = of_stage(self, "AWS::ApiGatewayV2::Deployment", props.StageName)[1]
  if id then body:set("deployment_id", self:value { Ref = id }) end
end

local function response_parameters(self, value, body)
  shared.entries(self, value, function(status, item)
    local block = body:block("response_parameters")
    block:set("status_code", status)
    self:map(item, { ResponseParameters = { to = "mappings",
      pairs = { key = "Destination", value = "Source" } } }, block)
  end)
end

local function request_parameters(self, value, body)
  shared.entries(self, value, function(key, given)
    local block = body:block("request_parameter")
    block:set("request_parameter_key", key)
    if type(given) == "table" then self:map(given, {}, block)
    else block:set("required", self:value(given)) end
  end)
end

local CERTIFICATES = { to = "domain_name_configuration",
  props = { CertificateName = { drop = "a label of the certificate" } },
  defaults = { endpoint_type = '"REGIONAL"', security_policy = '"TLS_1_2"' } }

return {
  ["AWS::ApiGatewayV2::Api"] = {
    type = "aws_apigatewayv2_api", name = "name",
    attributes = { ApiId = "id", ExecuteApiArn = "execution_arn" },
    props = { Body = { to = "body", json = true },
      BasePath = { drop = "what an import does without it", only = { "ignore" } },
      DisableSchemaValidation = { drop = "what the provider does", only = { false } } },
    finish = finish_api,
  },
  ["AWS::ApiGatewayV2::Stage"] = { type = "aws_apigatewayv2_stage", ref = "name",
    props = { RouteSettings = route_settings }, finish = finish_stage },
  ["AWS::ApiGatewayV2::Integration"] = { type = "aws_apigatewayv2_integration",
    attributes = { IntegrationId = "id" },
    props = { TimeoutInMillis = "timeout_milliseconds",
      ResponseParameters = response_parameters } },
  ["AWS::ApiGatewayV2::Route"] = { type = "aws_apigatewayv2_route",
    attributes = { RouteId = "id" }, props = { RequestParameters = request_parameters } },
  ["AWS::ApiGatewayV2::Deployment"] = { type = "aws_apigatewayv2_deployment",
    attributes = { DeploymentId = "id" }, props = { StageName = deployed_stage } },
  ["AWS::ApiGatewayV2::Authorizer"] = { type = "aws_apigatewayv2_authorizer",
    attributes = { AuthorizerId = "id" }, props = { IdentitySource = "identity_sources" } },
  ["AWS::ApiGatewayV2::DomainName"] = { type = "aws_apigatewayv2_domain_name",
    ref = "domain_name", attributes = { DomainNameArn = "arn",
      RegionalDomainName = "domain_name_configuration[0].target_domain_name",
      RegionalHostedZoneId = "domain_name_configuration[0].hosted_zone_id" },
    props = { DomainNameConfigurations = CERTIFICATES,
      RoutingMode = { drop = "the only mode of the provider",
        only = { "API_MAPPING_ONLY" } } } },
  ["AWS::ApiGatewayV2::ApiMapping"] = { type = "aws_apigatewayv2_api_mapping",
    attributes = { ApiMappingId = "id" }, props = {} },
  ["AWS::ApiGatewayV2::Model"] = { type = "aws_apigatewayv2_model",
    attributes = { ModelId = "id" }, props = { Schema = { to = "schema", json = true } },
    defaults = { content_type = '"application/json"' } },
  ["AWS::ApiGatewayV2::VpcLink"] = { type = "aws_apigatewayv2_vpc_link", name = "name",
    attributes = { VpcLinkId = "id" }, props = {} },
  ["AWS::ApiGatewayV2::RouteResponse"] = { type = "aws_apigatewayv2_route_response",
    attributes = { RouteResponseId = "id" }, props = {} },
  ["AWS::ApiGatewayV2::IntegrationResponse"] = { type = "aws_apigatewayv2_integration_response",
    attributes = { IntegrationResponseId = "id" }, props = {} },
}
