-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::XRay::Group"] = { type = "aws_xray_group", ref = "arn",
    attributes = { GroupARN = "arn" }, props = {} },
  ["AWS::XRay::ResourcePolicy"] = { type = "aws_xray_resource_policy", ref = "policy_name",
    props = {} },
  ["AWS::XRay::SamplingRule"] = { type = "aws_xray_sampling_rule", ref = "arn",
    attributes = { RuleARN = "arn" }, set = { version = "1" },
    props = { SamplingRule = { inline = true, props = {
      RuleARN = { drop = "the service fills it in" } } } } },
}
