-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::Cloud9::EnvironmentEC2"] = { type = "aws_cloud9_environment_ec2", name = "name",
    attributes = { EnvironmentId = "id" } },
}
