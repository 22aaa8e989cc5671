-- SPDX-License-Identifier: Apache-2.0
local LIFE = { to = "lifecycle", props = { DeleteAfterDays = "delete_after",
  MoveToColdStorageAfterDays = "cold_storage_after" } }

local PLAN = { inline = true, props = {
  BackupPlanRule = { to = "rule", props = {
    CompletionWindowMinutes = "completion_window", Lifecycle = LIFE,
    CopyActions = { to = "copy_action", props = { Lifecycle = LIFE,
      DestinationBackupVaultArn = "destination_vault_arn" } },
    ScheduleExpression = "schedule", StartWindowMinutes = "start_window",
    TargetBackupVault = "target_vault_name" } },
} }

local function condition(name)
  return { to = name, props = { ConditionKey = "key", ConditionValue = "value" } }
end

local SELECTION = { inline = true, props = {
  SelectionName = "name", ListOfTags = { to = "selection_tag", props = {
    ConditionKey = "key", ConditionType = "type", ConditionValue = "value" } },
  Conditions = { to = "condition", props = {
    StringEquals = condition "string_equals", StringLike = condition "string_like",
    StringNotEquals = condition "string_not_equals",
    StringNotLike = condition "string_not_like" } },
} }

local OF = { backup_vault_name = "name" }

local VAULT = {
  EncryptionKeyArn = "kms_key_arn",
  AccessPolicy = { separate = "aws_backup_vault_policy", suffix = "policy", link = OF,
    into = "policy", json = true },
  LockConfiguration = { separate = "aws_backup_vault_lock_configuration", suffix = "lock",
    link = OF },
  Notifications = { separate = "aws_backup_vault_notifications", suffix = "notifications",
    link = OF },
}

local FRAMEWORK = { FrameworkControls = { to = "control", props = { ControlName = "name",
  ControlScope = "scope", ControlInputParameters = { to = "input_parameter", props = {
    ParameterName = "name", ParameterValue = "value" } } } } }

return {
  ["AWS::Backup::BackupPlan"] = { type = "aws_backup_plan",
    attributes = { BackupPlanArn = "arn", BackupPlanId = "id", VersionId = "version" },
    props = { BackupPlan = PLAN } },
  ["AWS::Backup::BackupSelection"] = { type = "aws_backup_selection",
    attributes = { SelectionId = "id", BackupPlanId = "plan_id" },
    props = { BackupPlanId = "plan_id", BackupSelection = SELECTION } },
  ["AWS::Backup::BackupVault"] = { type = "aws_backup_vault", ref = "name",
    attributes = { BackupVaultArn = "arn", BackupVaultName = "name" }, props = VAULT },
  ["AWS::Backup::Framework"] = { type = "aws_backup_framework", ref = "arn",
    attributes = { FrameworkArn = "arn", FrameworkStatus = "status" }, props = FRAMEWORK },
  ["AWS::Backup::LogicallyAirGappedBackupVault"] = {
    type = "aws_backup_logically_air_gapped_vault", ref = "name",
    attributes = { BackupVaultArn = "arn" },
    props = { BackupVaultName = "name", BackupVaultTags = "tags" } },
  ["AWS::Backup::ReportPlan"] = { type = "aws_backup_report_plan", ref = "arn",
    attributes = { ReportPlanArn = "arn" }, props = {} },
  ["AWS::Backup::RestoreTestingPlan"] = { type = "aws_backup_restore_testing_plan", ref = "name",
    attributes = { RestoreTestingPlanArn = "arn" }, props = {} },
  ["AWS::Backup::RestoreTestingSelection"] = { type = "aws_backup_restore_testing_selection",
    ref = "name", props = {} },
}
