-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::M2::Application"] = { type = "aws_m2_application", ref = "arn",
    attributes = { ApplicationArn = "arn" } },
  ["AWS::M2::Environment"] = { type = "aws_m2_environment", ref = "arn",
    attributes = { EnvironmentArn = "arn" } },
}
