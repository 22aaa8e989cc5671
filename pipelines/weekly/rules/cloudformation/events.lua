-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local json = require "std.json"
local names = require "std.normalize.names"
local shared = require "std.normalize.cfn.shared"

local NETWORK = { to = "network_configuration", props = { AwsVpcConfiguration = { inline = true,
  props = { AssignPublicIp = { to = "assign_public_ip",
    enum = { ENABLED = true, DISABLED = false } } } } } }

local TARGET = {
  Id = "target_id", Arn = "arn",
  AppSyncParameters = { to = "appsync_target", props = {
    GraphQLOperation = "graphql_operation" } },
  BatchParameters = { to = "batch_target", props = {
    ArrayProperties = { inline = true, props = { Size = "array_size" } },
    RetryStrategy = { inline = true, props = { Attempts = "job_attempts" } } } },
  EcsParameters = { to = "ecs_target", props = { NetworkConfiguration = NETWORK,
    PlacementStrategies = { to = "ordered_placement_strategy" },
    TagList = { to = "tags", pairs = true } } },
  HttpParameters = { to = "http_target" },
  InputTransformer = { to = "input_transformer", props = { InputPathsMap = "input_paths" } },
  KinesisParameters = { to = "kinesis_target" },
  RedshiftDataParameters = { to = "redshift_target", props = {
    SecretManagerArn = "secrets_manager_arn" } },
  RunCommandParameters = { inline = true },
  SageMakerPipelineParameters = { to = "sagemaker_pipeline_target" },
  SqsParameters = { to = "sqs_target" },
}

local function targets(self, value)
  shared.structures(self, value, function(item, test, i)
    local body = self:block("aws_cloudwatch_event_target", "target_" .. i, test)
    body:raw("rule", self:own("name"))
    if self.props.EventBusName ~= nil then
      body:raw("event_bus_name", self:own("event_bus_name"))
    end
    self:map(item, TARGET, body)
  end)
end

local PARAMETER = { is_value_secret = "true" }
local HTTP = {
  BodyParameters = { to = "body", defaults = PARAMETER },
  HeaderParameters = { to = "header", defaults = PARAMETER },
  QueryStringParameters = { to = "query_string", defaults = PARAMETER },
}

local AUTH = { to = "auth_parameters", props = {
  ApiKeyAuthParameters = { to = "api_key", props = { ApiKeyName = "key", ApiKeyValue = "value" } },
  BasicAuthParameters = { to = "basic" },
  OAuthParameters = { to = "oauth", defaults = { oauth_http_parameters = {} },
    props = { OAuthHttpParameters = { to = "oauth_http_parameters", props = HTTP } } },
  InvocationHttpParameters = { to = "invocation_http_parameters", props = HTTP } } }

-- The resources that speak about the same bus as this one, in the order of their ids.
local function same_bus(self, props)
  local template, ids, wanted = self.scope.template.Resources, {}, json.encode(
    props.EventBusName or "default")
  for _, id in ipairs(names.sorted_keys(template)) do
    local other = template[id]
    local given = type(other) == "table" and other.Type == self.cfn_type and other.Properties
    if type(given) == "table" and given.Statement ~= nil
      and json.encode(given.EventBusName or "default") == wanted then
      if other.Condition ~= template[self.id].Condition then
        self:unsupported("Condition", "statements of one bus under several conditions")
      end
      ids[#ids + 1] = id
    end
  end
  return ids
end

local function statement_of(self, props)
  local node = self:value(props.Statement)
  if type(node) ~= "table" or node.k ~= "map" then
    self:unsupported("Statement", "a statement known only at deploy time")
    return expr.none
  end
  node.vals.Sid = self:value(props.StatementId)
  return expr.map(node.vals)
end

-- A bus has one policy document in Terraform and one statement for each resource here.
local function bus_policy(self, props)
  if props.Statement == nil then
    return self:map(props, {}, self:block("aws_cloudwatch_event_permission"))
  end
  for key in pairs(props) do
    if key ~= "Statement" and key ~= "StatementId" and key ~= "EventBusName" then
      self:unsupported(key, "beside a statement")
    end
  end
  local ids = same_bus(self, props)
  if ids[1] ~= self.id then
    self.addresses[1] = self.type .. "." .. self.scope.resources[ids[1]].label
    return
  end
  local body, statements = self:block("aws_cloudwatch_event_bus_policy"), {}
  if props.EventBusName ~= nil then body:set("event_bus_name", self:value(props.EventBusName)) end
  for i, id in ipairs(ids) do
    statements[i] = statement_of(self, self.scope.template.Resources[id].Properties)
  end
  body:raw("policy", expr.json(expr.map { Version = "2012-10-17",
    Statement = expr.list(statements) }, 1))
end

return {
  ["AWS::Events::Rule"] = {
    type = "aws_cloudwatch_event_rule", ref = "name", attributes = { RuleName = "name" },
    props = { EventPattern = { to = "event_pattern", json = true }, Targets = targets },
  },
  ["AWS::Events::EventBus"] = { type = "aws_cloudwatch_event_bus", ref = "name",
    attributes = { Name = "name" },
    props = { Policy = function(self, value)
      local body = self:block("aws_cloudwatch_event_bus_policy", "policy")
      body:raw("event_bus_name", self:own("name"))
      body:raw("policy", expr.json(self:value(value), 1))
    end } },
  ["AWS::Events::EventBusPolicy"] = { type = "aws_cloudwatch_event_bus_policy",
    build = bus_policy },
  ["AWS::Events::Archive"] = { type = "aws_cloudwatch_event_archive", ref = "name", name = "name",

    props = { ArchiveName = "name", SourceArn = "event_source_arn",
      EventPattern = { to = "event_pattern", json = true } } },
  ["AWS::Events::Connection"] = { type = "aws_cloudwatch_event_connection", ref = "name",
    name = "name",
    props = { AuthParameters = AUTH, InvocationConnectivityParameters = {
      to = "invocation_connectivity_parameters", props = { ResourceParameters = {
        to = "resource_parameters", props = { ResourceAssociationArn = {
          drop = "EventBridge fills it in" } } } } } } },
  ["AWS::Events::Endpoint"] = { type = "aws_cloudwatch_event_endpoint", ref = "name",
    name = "name", props = { EventBuses = { to = "event_bus" } } },
  ["AWS::Events::ApiDestination"] = { type = "aws_cloudwatch_event_api_destination", ref = "name",
    name = "name", props = {} },
}
