-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::Detective::Graph"] = { type = "aws_detective_graph", ref = "graph_arn",
    attributes = { Arn = "graph_arn" },
    props = { AutoEnableMembers = { drop = "the default", only = { false } } } },
  ["AWS::Detective::MemberInvitation"] = { type = "aws_detective_member",
    ref = { "graph_arn", "account_id" },
    props = { MemberId = "account_id", MemberEmailAddress = "email_address" } },
  ["AWS::Detective::OrganizationAdmin"] = { type = "aws_detective_organization_admin_account",
    ref = "account_id" },
}
