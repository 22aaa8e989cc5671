-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::CodeStarConnections::Connection"] = { type = "aws_codestarconnections_connection",
    ref = "arn", attributes = { ConnectionArn = "arn" } },
}
