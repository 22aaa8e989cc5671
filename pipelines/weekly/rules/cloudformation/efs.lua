-- SPDX-License-Identifier: Apache-2.0
local OF = { file_system_id = "id" }

local function policy(self, value)
  local body = self:block("aws_efs_file_system_policy", "policy")
  body:raw("file_system_id", self:own("id"))
  self:map({ FileSystemPolicy = value,
    BypassPolicyLockoutSafetyCheck = self.props.BypassPolicyLockoutSafetyCheck },
    { FileSystemPolicy = { to = "policy", json = true } }, body)
end

-- It is written with the policy; without one there is nothing to bypass.
local function said_with_policy() end

return {
  ["AWS::EFS::FileSystem"] = {
    type = "aws_efs_file_system", attributes = { Arn = "arn", FileSystemId = "id" },
    props = {
      BackupPolicy = { separate = "aws_efs_backup_policy", suffix = "backup", link = OF,
        props = { Status = "backup_policy.status" } },
      FileSystemPolicy = policy, BypassPolicyLockoutSafetyCheck = said_with_policy,
      FileSystemProtection = { to = "protection", props = {
        ReplicationOverwriteProtection = "replication_overwrite" } },
      FileSystemTags = "tags",
      ReplicationConfiguration = { separate = "aws_efs_replication_configuration",
        suffix = "replication", link = { source_file_system_id = "id" } },
    },
  },
  ["AWS::EFS::AccessPoint"] = { type = "aws_efs_access_point",
    attributes = { AccessPointId = "id", Arn = "arn" },
    props = { AccessPointTags = "tags",
      ClientToken = { drop = "it makes one request safe to repeat" } } },
  ["AWS::EFS::MountTarget"] = { type = "aws_efs_mount_target",
    attributes = { Id = "id", IpAddress = "ip_address" }, props = {} },
}
