-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::Macie::CustomDataIdentifier"] = { type = "aws_macie2_custom_data_identifier" },
  ["AWS::Macie::FindingsFilter"] = { type = "aws_macie2_findings_filter",
    props = { FindingCriteria = { to = "finding_criteria", props = { Criterion = {
      to = "criterion", named = "field" } } } } },
  ["AWS::Macie::Member"] = { type = "aws_macie2_member", ref = "arn" },
  ["AWS::Macie::Session"] = { type = "aws_macie2_account", attributes = { AwsAccountId = "id" } },
}
