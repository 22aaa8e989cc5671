-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::InternetMonitor::Monitor"] = { type = "aws_internetmonitor_monitor",
    ref = "monitor_name", attributes = { MonitorArn = "arn" } },
}
