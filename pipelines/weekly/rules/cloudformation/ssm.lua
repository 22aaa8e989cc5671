-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::SSM::Parameter"] = { type = "aws_ssm_parameter", ref = "name", name = "name",
    attributes = { Type = "type", Value = "value" }, props = {} },
  ["AWS::SSM::Document"] = { type = "aws_ssm_document", ref = "name", name = "name",
    props = { Content = { to = "content", json = true }, UpdateMethod = false } },
}
