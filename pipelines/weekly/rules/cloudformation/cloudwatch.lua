-- SPDX-License-Identifier: Apache-2.0
local STAT = { to = "metric", props = {
  Metric = { inline = true, props = { Dimensions = { to = "dimensions", pairs = { key = "Name" } } }
  } } }

return {
  ["AWS::CloudWatch::Alarm"] = {
    type = "aws_cloudwatch_metric_alarm", ref = "alarm_name", name = "alarm_name",
    props = {
      Dimensions = { to = "dimensions", pairs = { key = "Name" } },
      AlarmDescription = "alarm_description", OKActions = "ok_actions",
      EvaluateLowSampleCountPercentile = "evaluate_low_sample_count_percentiles",
      Metrics = { to = "metric_query", props = { MetricStat = STAT } },
    },
  },
  ["AWS::CloudWatch::Dashboard"] = { type = "aws_cloudwatch_dashboard", ref = "dashboard_name",
    name = "dashboard_name", props = { DashboardName = "dashboard_name",
      DashboardBody = { to = "dashboard_body", json = true } } },
  ["AWS::CloudWatch::CompositeAlarm"] = { type = "aws_cloudwatch_composite_alarm",
    ref = "alarm_name", name = "alarm_name",
    props = { ActionsSuppressor = "actions_suppressor.alarm",
      ActionsSuppressorExtensionPeriod = "actions_suppressor.extension_period",
      ActionsSuppressorWaitPeriod = "actions_suppressor.wait_period" } },
  ["AWS::CloudWatch::InsightRule"] = { type = "aws_cloudwatch_contributor_insight_rule",
    ref = "resource_arn", attributes = { Arn = "resource_arn" },
    props = { RuleBody = { to = "rule_definition", json = true },
      ApplyOnTransformedLogs = { drop = "what a rule does without it",
        only = { false } } } },
  ["AWS::CloudWatch::MetricStream"] = { type = "aws_cloudwatch_metric_stream", ref = "name",
    props = {} },
}
