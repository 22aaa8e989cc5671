-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::Signer::SigningProfile"] = { type = "aws_signer_signing_profile", ref = "arn",
    attributes = { ProfileName = "name", ProfileVersion = "version",
      ProfileVersionArn = "version_arn" }, props = {} },
  ["AWS::Signer::ProfilePermission"] = { type = "aws_signer_signing_profile_permission",
    props = {} },
}
