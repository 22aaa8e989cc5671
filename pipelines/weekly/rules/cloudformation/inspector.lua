-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::Inspector::AssessmentTarget"] = { type = "aws_inspector_assessment_target", ref = "arn",
    name = "name" },
  ["AWS::Inspector::AssessmentTemplate"] = { type = "aws_inspector_assessment_template",
    ref = "arn", name = "name",
    props = { AssessmentTargetArn = "target_arn", DurationInSeconds = "duration" } },
  ["AWS::Inspector::ResourceGroup"] = { type = "aws_inspector_resource_group", ref = "arn" },
}
