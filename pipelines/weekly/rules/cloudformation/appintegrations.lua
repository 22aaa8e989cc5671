-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::AppIntegrations::DataIntegration"] = { type = "aws_appintegrations_data_integration",
    attributes = { DataIntegrationArn = "arn" } },
  ["AWS::AppIntegrations::EventIntegration"] = { type = "aws_appintegrations_event_integration",
    ref = "name", attributes = { EventIntegrationArn = "arn" } },
}
