-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::Organizations::Account"] = { type = "aws_organizations_account",
    attributes = { AccountId = "id" }, props = { ParentIds = "parent_id" } },
  ["AWS::Organizations::Organization"] = { type = "aws_organizations_organization",
    attributes = { ManagementAccountArn = "master_account_arn", RootId = "roots[0].id",
      ManagementAccountEmail = "master_account_email",
      ManagementAccountId = "master_account_id" } },
  ["AWS::Organizations::OrganizationalUnit"] = { type = "aws_organizations_organizational_unit" },
  ["AWS::Organizations::Policy"] = { type = "aws_organizations_policy", props = {
    TargetIds = { separate = "aws_organizations_policy_attachment", suffix = "target",
      link = { policy_id = "id" }, item = "target_id" } } },
  ["AWS::Organizations::ResourcePolicy"] = { type = "aws_organizations_resource_policy" },
}
