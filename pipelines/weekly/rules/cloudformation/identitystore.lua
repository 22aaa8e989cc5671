-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::IdentityStore::Group"] = { type = "aws_identitystore_group",
    ref = { "group_id", "identity_store_id" } },
  ["AWS::IdentityStore::GroupMembership"] = { type = "aws_identitystore_group_membership",
    ref = { "membership_id", "identity_store_id" },
    props = { MemberId = { inline = true, props = { UserId = "member_id" } } } },
  ["AWS::IdentityStore::User"] = { type = "aws_identitystore_user", ref = false },
}
