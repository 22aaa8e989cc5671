-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::CodeConnections::Connection"] = { type = "aws_codeconnections_connection", ref = "arn",
    attributes = { ConnectionArn = "arn" } },
  ["AWS::CodeConnections::Host"] = { type = "aws_codeconnections_host", ref = "arn",
    attributes = { HostArn = "arn" } },
}
