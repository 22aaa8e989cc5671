-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::Oam::Link"] = { type = "aws_oam_link", ref = "arn" },
  ["AWS::Oam::Sink"] = { type = "aws_oam_sink", ref = "arn", props = {
    Policy = { separate = "aws_oam_sink_policy", suffix = "policy",
      link = { sink_identifier = "arn" }, into = "policy", json = true } } },
}
