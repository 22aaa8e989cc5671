-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local values = require "std.normalize.cfn.values"

local TARGET = {
  Id = "target_id", Arn = "arn",
  SqsParameters = { to = "sqs_target", props = { MessageGroupId = "message_group_id" } },
  KinesisParameters = { to = "kinesis_target" },
  HttpParameters = { to = "http_target", props = {
    PathParameterValues = "path_parameter_values" } },
  InputTransformer = { to = "input_transformer", props = { InputPathsMap = "input_paths" } },
  EcsParameters = { to = "ecs_target", props = { NetworkConfiguration = {
    to = "network_configuration", props = { AwsVpcConfiguration = { inline = true } } } } },
}

local function targets(self, value)
  values.each(self, value, function(item, test, i)
    local body = self:block("aws_cloudwatch_event_target", "target_" .. i, test)
    body:raw("rule", self:own("name"))
    if self.props.EventBusName ~= nil then
      body:raw("event_bus_name", self:own("event_bus_name"))
    end
    self:map(item, TARGET, body)
  end)
end

local PARAMETER = { Key = "key", Value = "value", IsValueSecret = "is_value_secret" }
local HTTP = { to = "invocation_http_parameters", props = {
  BodyParameters = { to = "body", props = PARAMETER },
  HeaderParameters = { to = "header", props = PARAMETER },
  QueryStringParameters = { to = "query_string", props = PARAMETER } } }
local OAUTH_HTTP = { to = "oauth_http_parameters", props = HTTP.props }

local AUTH = { to = "auth_parameters", props = {
  ApiKeyAuthParameters = { to = "api_key", props = { ApiKeyName = "key", ApiKeyValue = "value" } },
  BasicAuthParameters = { to = "basic" },
  OAuthParameters = { to = "oauth", props = { ClientParameters = { to = "client_parameters",
    props = { ClientID = "client_id" } }, OAuthHttpParameters = OAUTH_HTTP } },
  InvocationHttpParameters = HTTP } }

local STATEMENT_KEYS = { Statement = true, StatementId = true, EventBusName = true }

-- A bus has one policy document in Terraform and one statement for each resource here.
local function bus_policy(self, props)
  local body = self:block("aws_cloudwatch_event_bus_policy")
  if props.EventBusName ~= nil then body:set("event_bus_name", self:value(props.EventBusName)) end
  for key in pairs(props) do
    if not STATEMENT_KEYS[key] then self:unsupported(key, "the old form of a bus permission") end
  end
  if type(props.Statement) ~= "table" then
    return self:unsupported("Statement", "the old form of a bus permission")
  end
  local statement = self:value(props.Statement)
  if statement.k == "map" and props.StatementId then
    statement.vals.Sid = self:value(props.StatementId)
    statement = expr.map(statement.vals)
  end
  body:raw("policy", expr.json(expr.map { Version = "2012-10-17", Statement = expr.list {
    statement } }, 1))
end

return {
  ["AWS::Events::Rule"] = {
    type = "aws_cloudwatch_event_rule", ref = "name", attributes = { Arn = "arn" },
    props = { EventPattern = { to = "event_pattern", json = true }, Targets = targets },
  },
  ["AWS::Events::EventBus"] = { type = "aws_cloudwatch_event_bus", ref = "name",
    attributes = { Arn = "arn", Name = "name" },
    props = { Policy = function(self, value)
      local body = self:block("aws_cloudwatch_event_bus_policy", "policy")
      body:raw("event_bus_name", self:own("name"))
      body:raw("policy", expr.json(self:value(value), 1))
    end } },
  ["AWS::Events::EventBusPolicy"] = { type = "aws_cloudwatch_event_bus_policy",
    build = bus_policy },
  ["AWS::Events::Archive"] = { type = "aws_cloudwatch_event_archive", ref = "name", name = "name",
    attributes = { Arn = "arn" },
    props = { ArchiveName = "name", SourceArn = "event_source_arn",
      EventPattern = { to = "event_pattern", json = true } } },
  ["AWS::Events::Connection"] = { type = "aws_cloudwatch_event_connection", ref = "name",
    name = "name", attributes = { Arn = "arn", SecretArn = "secret_arn" },
    props = { AuthParameters = AUTH } },
  ["AWS::Events::ApiDestination"] = { type = "aws_cloudwatch_event_api_destination", ref = "name",
    name = "name", attributes = { Arn = "arn" }, props = {} },
}
