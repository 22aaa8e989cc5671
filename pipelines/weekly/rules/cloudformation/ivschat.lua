-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::IVSChat::LoggingConfiguration"] = { type = "aws_ivschat_logging_configuration",
    ref = "arn" },
  ["AWS::IVSChat::Room"] = { type = "aws_ivschat_room", ref = "arn" },
}
