-- SPDX-License-Identifier: Apache-2.0
local POLICY = { to = "policy", json = true }

-- A key whose material is imported is a resource type of its own.
local OWN = {
  type = "aws_kms_key", ref = "key_id", attributes = { Arn = "arn", KeyId = "key_id" },
  props = {
    KeyPolicy = POLICY, Enabled = "is_enabled", KeySpec = "customer_master_key_spec",
    PendingWindowInDays = "deletion_window_in_days",
    Origin = { drop = "key material of AWS KMS is the default", only = { "AWS_KMS" } },
  },
}

local IMPORTED = {
  type = "aws_kms_external_key", ref = "id", attributes = { KeyId = "id" },
  props = {
    KeyPolicy = POLICY, PendingWindowInDays = "deletion_window_in_days",
    Origin = { drop = "the type says it", only = { "EXTERNAL" } },
    KeySpec = { drop = "the only one with imported material", only = { "SYMMETRIC_DEFAULT" } },
    KeyUsage = { drop = "the only one with imported material", only = { "ENCRYPT_DECRYPT" } },
    EnableKeyRotation = { drop = "imported material does not rotate", only = { false } },
  },
}

return {
  ["AWS::KMS::Key"] = { variants = { OWN, IMPORTED },
    choose = function(props) return props.Origin == "EXTERNAL" and 2 or 1 end },
  ["AWS::KMS::ReplicaKey"] = { type = "aws_kms_replica_key", ref = "key_id",
    props = { KeyPolicy = POLICY, PendingWindowInDays = "deletion_window_in_days" } },
  ["AWS::KMS::Alias"] = { type = "aws_kms_alias", ref = "name" },
}
