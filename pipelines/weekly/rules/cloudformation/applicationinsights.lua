-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::ApplicationInsights::Application"] = { type = "aws_applicationinsights_application",
    ref = "arn", attributes = { ApplicationARN = "arn" },
    props = { AutoConfigurationEnabled = "auto_config_enabled" } },
}
