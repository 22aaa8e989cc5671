-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::InspectorV2::Filter"] = { type = "aws_inspector2_filter", ref = "arn" },
}
