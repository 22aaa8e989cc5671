-- SPDX-License-Identifier: Apache-2.0
local STAT = { to = "metric", props = {
  Metric = { inline = true, props = { Dimensions = { to = "dimensions", pairs = { key = "Name" } } }
  } } }

return {
  ["AWS::CloudWatch::Alarm"] = {
    type = "aws_cloudwatch_metric_alarm", ref = "alarm_name", name = "alarm_name",
    attributes = { Arn = "arn" },
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
    ref = "alarm_name", name = "alarm_name", props = { AlarmDescription = "alarm_description",
      OKActions = "ok_actions" } },
}
