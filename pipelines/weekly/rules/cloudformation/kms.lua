-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::KMS::Key"] = {
    type = "aws_kms_key", ref = "key_id", attributes = { Arn = "arn", KeyId = "key_id" },
    props = {
      KeyPolicy = { to = "policy", json = true }, Enabled = "is_enabled",
      KeySpec = "customer_master_key_spec", PendingWindowInDays = "deletion_window_in_days",
      BypassPolicyLockoutSafetyCheck = "bypass_policy_lockout_safety_check",
    },
  },
  ["AWS::KMS::Alias"] = { type = "aws_kms_alias", ref = "name",
    props = { AliasName = "name" } },
}
