-- SPDX-License-Identifier: Apache-2.0
local names = require "std.normalize.names"

local function route_settings(self, value, body)
  for _, key in ipairs(names.sorted_keys(value)) do
    local block = body:block("route_settings")
    block:set("route_key", key)
    self:map(value[key], {}, block)
  end
end

-- An API that comes as a document has its name and protocol inside.
local function finish_api(self, props, body)
  if not body:has("protocol_type") then body:set("protocol_type", "HTTP") end
  local info = type(props.Body) == "table" and props.Body.info
  if not body:has("name") and type(info) == "table" and info.title ~= nil then
    body:set("name", self:value(info.title))
  end
end

return {
  ["AWS::ApiGatewayV2::Api"] = {
    type = "aws_apigatewayv2_api", name = "name",
    attributes = { ApiEndpoint = "api_endpoint", ApiId = "id" },
    props = { Body = { to = "body", json = true }, CorsConfiguration = {
      to = "cors_configuration" } },
    finish = finish_api,
  },
  ["AWS::ApiGatewayV2::Stage"] = { type = "aws_apigatewayv2_stage", ref = "name", props = {
    StageName = "name", RouteSettings = route_settings,
    AccessLogSettings = { to = "access_log_settings" } } },
  ["AWS::ApiGatewayV2::Integration"] = { type = "aws_apigatewayv2_integration", props = {
    TimeoutInMillis = "timeout_milliseconds" } },
  ["AWS::ApiGatewayV2::Route"] = { type = "aws_apigatewayv2_route", props = {} },
  ["AWS::ApiGatewayV2::Deployment"] = { type = "aws_apigatewayv2_deployment", props = {
    StageName = false } },
  ["AWS::ApiGatewayV2::Authorizer"] = { type = "aws_apigatewayv2_authorizer",
    attributes = { AuthorizerId = "id" },
    props = { IdentitySource = "identity_sources",
      AuthorizerResultTtlInSeconds = "authorizer_result_ttl_in_seconds",
      JwtConfiguration = { to = "jwt_configuration" } } },
  ["AWS::ApiGatewayV2::DomainName"] = { type = "aws_apigatewayv2_domain_name",
    ref = "domain_name", props = { DomainNameConfigurations = {
      to = "domain_name_configuration" } } },
  ["AWS::ApiGatewayV2::ApiMapping"] = { type = "aws_apigatewayv2_api_mapping", props = {} },
  ["AWS::ApiGatewayV2::VpcLink"] = { type = "aws_apigatewayv2_vpc_link", name = "name",
    props = {} },
  ["AWS::ApiGatewayV2::RouteResponse"] = { type = "aws_apigatewayv2_route_response", props = {} },
  ["AWS::ApiGatewayV2::IntegrationResponse"] = { type = "aws_apigatewayv2_integration_response",
    props = {} },
}
