-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::CloudTrail::Trail"] = { type = "aws_cloudtrail", ref = "name", name = "name",
    props = { CloudWatchLogsLogGroupArn = "cloud_watch_logs_group_arn",
      IsLogging = "enable_logging" } },
  ["AWS::CloudTrail::EventDataStore"] = { type = "aws_cloudtrail_event_data_store", ref = "arn",
    name = "name", attributes = { EventDataStoreArn = "arn" },
    props = { IngestionEnabled = { to = "suspend", enum = { ["true"] = false,
      ["false"] = true } } } },
}
