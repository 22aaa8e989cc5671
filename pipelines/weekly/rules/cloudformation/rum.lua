-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::RUM::AppMonitor"] = { type = "aws_rum_app_monitor", ref = "name",
    attributes = { Id = "app_monitor_id" } },
}
