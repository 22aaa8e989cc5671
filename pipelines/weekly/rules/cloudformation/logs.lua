-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local values = require "std.normalize.cfn.values"

local RAW_LOGS = { drop = "what it does without it", only = { false } }

local function account(_, _, scope)
  scope.data.aws_caller_identity = true
  return "data.aws_caller_identity.current.account_id"
end

local function group_arn(target, address)
  return "\"${" .. address(target, "arn") .. "}:*\""
end

local function index_policies(self, value)
  values.each(self, value, function(item, test, i)
    local body = self:block("aws_cloudwatch_log_index_policy", "index_" .. i, test)
    body:raw("log_group_name", self:own("name"))
    body:raw("policy_document", expr.json(self:value(item), 1))
  end)
end

local METRIC = { to = "metric_transformation", props = { MetricName = "name",
  MetricNamespace = "namespace", MetricValue = "value",
  Dimensions = { to = "dimensions", pairs = true } } }

local POLICY = { separate = "aws_cloudwatch_log_delivery_destination_policy", suffix = "policy",
  link = { delivery_destination_name = "name" },
  props = { DeliveryDestinationName = { drop = "the policy names its destination" },
    DeliveryDestinationPolicy = { to = "delivery_destination_policy", json = true } } }

return {
  ["AWS::Logs::LogGroup"] = {
    type = "aws_cloudwatch_log_group", ref = "name", attributes = { Arn = group_arn },
    props = { FieldIndexPolicies = index_policies,
      DataProtectionPolicy = { separate = "aws_cloudwatch_log_data_protection_policy",
        suffix = "data_protection", link = { log_group_name = "name" }, into = "policy_document" },
      DeletionProtectionEnabled = RAW_LOGS, BearerTokenAuthenticationEnabled = RAW_LOGS },
  },
  ["AWS::Logs::LogStream"] = { type = "aws_cloudwatch_log_stream", ref = "name", name = "name",
    props = {} },
  ["AWS::Logs::MetricFilter"] = { type = "aws_cloudwatch_log_metric_filter", ref = "name",
    name = "name", props = { FilterName = "name", FilterPattern = "pattern",
      MetricTransformations = METRIC, ApplyOnTransformedLogs = RAW_LOGS } },
  ["AWS::Logs::SubscriptionFilter"] = { type = "aws_cloudwatch_log_subscription_filter",
    ref = "name", name = "name",
    props = { FilterName = "name", ApplyOnTransformedLogs = RAW_LOGS } },
  ["AWS::Logs::ResourcePolicy"] = { type = "aws_cloudwatch_log_resource_policy",
    ref = "policy_name", props = {} },
  ["AWS::Logs::QueryDefinition"] = { type = "aws_cloudwatch_query_definition",
    ref = "query_definition_id", props = {
      QueryLanguage = { drop = "the only language of the provider", only = { "CWLI" } } } },
  ["AWS::Logs::AccountPolicy"] = { type = "aws_cloudwatch_log_account_policy",
    attributes = { AccountId = account }, props = {} },
  ["AWS::Logs::Delivery"] = { type = "aws_cloudwatch_log_delivery",
    attributes = { DeliveryId = "id" },
    props = { S3SuffixPath = "s3_delivery_configuration.suffix_path",
      S3EnableHiveCompatiblePath = "s3_delivery_configuration.enable_hive_compatible_path" } },
  ["AWS::Logs::DeliverySource"] = { type = "aws_cloudwatch_log_delivery_source", ref = "name",
    props = {} },
  ["AWS::Logs::DeliveryDestination"] = { type = "aws_cloudwatch_log_delivery_destination",
    ref = "name", props = { DeliveryDestinationPolicy = POLICY,
      DeliveryDestinationType = { drop = "the ARN of the destination says it" },
      DestinationResourceArn = "delivery_destination_configuration.destination_resource_arn" } },
  ["AWS::Logs::Destination"] = { type = "aws_cloudwatch_log_destination", ref = "name",
    props = { DestinationPolicy = { separate = "aws_cloudwatch_log_destination_policy",
      suffix = "policy", link = { destination_name = "name" }, into = "access_policy" } } },
  ["AWS::Logs::LogAnomalyDetector"] = { type = "aws_cloudwatch_log_anomaly_detector",
    ref = "arn", attributes = { AnomalyDetectorArn = "arn" }, set = { enabled = "true" },
    props = {} },
}
