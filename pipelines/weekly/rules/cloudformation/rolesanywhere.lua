-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::RolesAnywhere::Profile"] = { type = "aws_rolesanywhere_profile",
    attributes = { ProfileArn = "arn", ProfileId = "id" } },
  ["AWS::RolesAnywhere::TrustAnchor"] = { type = "aws_rolesanywhere_trust_anchor",
    attributes = { TrustAnchorArn = "arn", TrustAnchorId = "id" } },
}
