-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::CleanRooms::Collaboration"] = { type = "aws_cleanrooms_collaboration",
    attributes = { CollaborationIdentifier = "id" } },
  ["AWS::CleanRooms::ConfiguredTable"] = { type = "aws_cleanrooms_configured_table",
    attributes = { ConfiguredTableIdentifier = "id" },
    props = { TableReference = { to = "table_reference", props = { Glue = { inline = true } } } } },
  ["AWS::CleanRooms::Membership"] = { type = "aws_cleanrooms_membership",
    attributes = { MembershipIdentifier = "id" },
    props = { CollaborationIdentifier = "collaboration_id" } },
}
