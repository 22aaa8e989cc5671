-- SPDX-License-Identifier: Apache-2.0
local SCHEMA = { separate = "aws_verifiedpermissions_schema", suffix = "schema",
  link = { policy_store_id = "policy_store_id" },
  props = { CedarJson = { to = "definition.value", json = true } } }

return {
  ["AWS::VerifiedPermissions::PolicyStore"] = {
    type = "aws_verifiedpermissions_policy_store", ref = "policy_store_id",
    props = { Schema = SCHEMA, DeletionProtection = { inline = true, props = {
      Mode = { drop = "what a store is without it", only = { "DISABLED" } } } } } },
  ["AWS::VerifiedPermissions::Policy"] = { type = "aws_verifiedpermissions_policy",
    ref = "policy_id", props = {} },
  ["AWS::VerifiedPermissions::PolicyTemplate"] = {
    type = "aws_verifiedpermissions_policy_template", ref = "policy_template_id", props = {} },
  ["AWS::VerifiedPermissions::IdentitySource"] = {
    type = "aws_verifiedpermissions_identity_source", attributes = { IdentitySourceId = "id" },
    props = {} },
}
