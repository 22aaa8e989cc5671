-- SPDX-License-Identifier: Apache-2.0
local LINK = { resource_share_arn = "arn" }

return {
  ["AWS::RAM::ResourceShare"] = {
    type = "aws_ram_resource_share", ref = "arn",
    -- Terraform's default is the other one.
    defaults = { allow_external_principals = "true" },
    props = {
      Principals = { separate = "aws_ram_principal_association", suffix = "principal", link = LINK,
        item = "principal" },
      ResourceArns = { separate = "aws_ram_resource_association", suffix = "resource", link = LINK,
        item = "resource_arn" },
    },
  },
  ["AWS::RAM::PrincipalAssociation"] = { type = "aws_ram_principal_association",
    ref = { "resource_share_arn", "principal" } },
  ["AWS::RAM::ResourceAssociation"] = { type = "aws_ram_resource_association",
    ref = { "resource_share_arn", "resource_arn" } },
}
