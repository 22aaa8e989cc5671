-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::MediaLive::Input"] = { type = "aws_medialive_input" },
  ["AWS::MediaLive::InputSecurityGroup"] = { type = "aws_medialive_input_security_group" },
  ["AWS::MediaLive::Multiplex"] = { type = "aws_medialive_multiplex" },
  ["AWS::MediaLive::Multiplexprogram"] = { type = "aws_medialive_multiplex_program",
    ref = { "program_name", "multiplex_id" } },
}
