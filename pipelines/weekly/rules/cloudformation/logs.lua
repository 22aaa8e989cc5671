-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::Logs::LogGroup"] = { type = "aws_cloudwatch_log_group", ref = "name",
    attributes = { Arn = function(target, address)
      return "\"${" .. address(target, "arn") .. "}:*\""
    end },
    props = { LogGroupName = "name" } },
  ["AWS::Logs::LogStream"] = { type = "aws_cloudwatch_log_stream", ref = "name", name = "name",
    props = { LogStreamName = "name" } },
  ["AWS::Logs::MetricFilter"] = { type = "aws_cloudwatch_log_metric_filter", ref = "name",
    name = "name",
    props = { FilterPattern = "pattern", MetricTransformations = { to = "metric_transformation",
      props = { MetricName = "name", MetricNamespace = "namespace", MetricValue = "value",
        Dimensions = { to = "dimensions", pairs = true } } } } },
  ["AWS::Logs::SubscriptionFilter"] = { type = "aws_cloudwatch_log_subscription_filter",
    ref = "name", name = "name", props = {} },
  ["AWS::Logs::ResourcePolicy"] = { type = "aws_cloudwatch_log_resource_policy",
    ref = "policy_name", props = {} },
  ["AWS::Logs::QueryDefinition"] = { type = "aws_cloudwatch_query_definition",
    ref = "query_definition_id", props = { LogGroupNames = "log_group_names" } },
}
