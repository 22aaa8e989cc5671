-- SPDX-License-Identifier: Apache-2.0
local code = require "std.normalize.code"

local function alias_routing(self, value, body)
  local weights = {}
  for _, item in ipairs(value.AdditionalVersionWeights or {}) do
    weights[item.FunctionVersion] = item.FunctionWeight
  end
  body:single("routing_config"):set("additional_version_weights", self:value(weights))
end

local DESTINATION = { OnFailure = { to = "on_failure", props = {
  Destination = "destination_arn" } }, OnSuccess = { to = "on_success" } }

local MAPPING = {
  StartingPositionTimestamp = "starting_position_timestamp",
  FilterCriteria = { to = "filter_criteria", props = { Filters = { to = "filter" } } },
  DestinationConfig = { to = "destination_config", props = DESTINATION },
  SourceAccessConfigurations = { to = "source_access_configuration", props = { URI = "uri" } },
  SelfManagedEventSource = { to = "self_managed_event_source", props = {
    Endpoints = function(self, value, body)
      local servers = value.KafkaBootstrapServers or {}
      body:raw("endpoints", ("{ KAFKA_BOOTSTRAP_SERVERS = join(\",\", %s) }"):format(
        self:text(servers)))
    end } },
}

-- A permission names its function in one of three ways; Terraform keeps the qualifier apart.
local function lambda_url_cors(self, value, body) self:map(value, {}, body:single("cors")) end

return {
  ["AWS::Lambda::Function"] = {
    type = "aws_lambda_function", ref = "function_name", name = "function_name",
    attributes = { Arn = "arn", ["SnapStartResponse.ApplyOn"] = "snap_start[0].apply_on" },
    props = {
      Code = code.lambda,
      Environment = { to = "environment", props = { Variables = "variables" } },
      VpcConfig = { to = "vpc_config", props = {
        Ipv6AllowedForDualStack = "ipv6_allowed_for_dual_stack" } },
      FileSystemConfigs = { to = "file_system_config" },
      RuntimeManagementConfig = false,
    },
    finish = code.finish_lambda,
  },
  ["AWS::Lambda::LayerVersion"] = { type = "aws_lambda_layer_version", ref = "arn",
    name = "layer_name",
    props = { Content = code.layer, RetentionPolicy = false } },
  ["AWS::Lambda::LayerVersionPermission"] = { type = "aws_lambda_layer_version_permission",
    props = { LayerVersionArn = "layer_name" } },
  ["AWS::Lambda::Permission"] = { type = "aws_lambda_permission", props = {
    FunctionName = "function_name", PrincipalOrgID = "principal_org_id" } },
  ["AWS::Lambda::EventSourceMapping"] = { type = "aws_lambda_event_source_mapping", ref = "uuid",
    props = MAPPING },
  ["AWS::Lambda::Version"] = { type = "aws_lambda_function", part_of = "FunctionName",
    ref = "qualified_arn", attributes = { Version = "version", FunctionArn = "qualified_arn" },
    props = { FunctionName = false, Description = false, CodeSha256 = false } },
  ["AWS::Lambda::Alias"] = { type = "aws_lambda_alias", ref = "arn",
    props = { FunctionName = "function_name", RoutingConfig = alias_routing } },
  ["AWS::Lambda::Url"] = { type = "aws_lambda_function_url", ref = "function_arn",
    attributes = { FunctionUrl = "function_url", FunctionArn = "function_arn" },
    props = { TargetFunctionArn = "function_name", AuthType = "authorization_type",
      Cors = lambda_url_cors } },
  ["AWS::Lambda::EventInvokeConfig"] = { type = "aws_lambda_function_event_invoke_config",
    props = { DestinationConfig = { to = "destination_config", props = {
      OnFailure = { to = "on_failure" }, OnSuccess = { to = "on_success" } } } } },
}
