-- SPDX-License-Identifier: Apache-2.0
local LINK = { instance_arn = "instance_arn", permission_set_arn = "arn" }

local ATTRIBUTES = { to = "attribute", props = { Value = "value" } }

return {
  ["AWS::SSO::Application"] = { type = "aws_ssoadmin_application", ref = "application_arn" },
  ["AWS::SSO::ApplicationAssignment"] = { type = "aws_ssoadmin_application_assignment",
    ref = { "application_arn", "principal_type", "principal_id" } },
  ["AWS::SSO::Assignment"] = { type = "aws_ssoadmin_account_assignment",
    ref = { "instance_arn", "target_id", "target_type", "permission_set_arn", "principal_type",
      "principal_id" } },
  ["AWS::SSO::InstanceAccessControlAttributeConfiguration"] = {
    type = "aws_ssoadmin_instance_access_control_attributes", ref = "instance_arn",
    props = { AccessControlAttributes = ATTRIBUTES,
      InstanceAccessControlAttributeConfiguration = { inline = true, props = {
        AccessControlAttributes = ATTRIBUTES } } } },
  ["AWS::SSO::PermissionSet"] = {
    type = "aws_ssoadmin_permission_set", ref = { "instance_arn", "arn" },
    attributes = { PermissionSetArn = "arn" },
    props = {
      RelayStateType = "relay_state",
      InlinePolicy = { separate = "aws_ssoadmin_permission_set_inline_policy", suffix = "inline",
        link = LINK, into = "inline_policy", json = true },
      ManagedPolicies = { separate = "aws_ssoadmin_managed_policy_attachment", suffix = "managed",
        link = LINK, item = "managed_policy_arn" },
      CustomerManagedPolicyReferences = { suffix = "customer_managed", link = LINK,
        separate = "aws_ssoadmin_customer_managed_policy_attachment",
        props = { Name = "customer_managed_policy_reference.name",
          Path = "customer_managed_policy_reference.path" } },
      PermissionsBoundary = { separate = "aws_ssoadmin_permissions_boundary_attachment",
        suffix = "boundary", link = LINK, into = "permissions_boundary" },
    },
  },
}
