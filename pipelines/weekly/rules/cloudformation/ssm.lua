-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local values = require "std.normalize.cfn.values"

-- Parameters of a document: CloudFormation has lists, an association of Terraform single values.
local function single_values(self, value, body)
  if values.is_intrinsic(value) then return body:set("parameters", self:value(value)) end
  local out = {}
  for _, key in ipairs(names.sorted_keys(value)) do
    local node = self:value(value[key])
    local items = type(node) == "table" and node.k == "list" and node.items
    if items and #items ~= 1 then
      self.scope:at(key, function() self:unsupported(nil, "Terraform takes one value") end)
    else
      out[key] = items and items[1] or node
    end
  end
  body:set("parameters", expr.map(out))
end

local PARAMETERS = { to = "parameter", named = "name", scalar = "values" }

local INVOCATION = {
  MaintenanceWindowAutomationParameters = { to = "automation_parameters",
    props = { Parameters = PARAMETERS } },
  MaintenanceWindowLambdaParameters = { to = "lambda_parameters" },
  MaintenanceWindowRunCommandParameters = { to = "run_command_parameters", props = {
    CloudWatchOutputConfig = "cloudwatch_config", OutputS3BucketName = "output_s3_bucket",
    Parameters = PARAMETERS } },
  MaintenanceWindowStepFunctionsParameters = { to = "step_functions_parameters" },
}

local function default_baseline(self, value)
  local node = self:value(value)
  if node == false or node == "false" then return end
  if node ~= true and node ~= "true" then
    return self:unsupported(nil, "a value known only at deploy time")
  end
  local body = self:block("aws_ssm_default_patch_baseline", "default")
  body:raw("baseline_id", self:own("id"))
  body:raw("operating_system", self:own("operating_system"))
end

local FILTERS = { to = "patch_filter", each = "PatchFilters" }

return {
  ["AWS::SSM::Parameter"] = { type = "aws_ssm_parameter", ref = "name", name = "name",
    attributes = { Type = "type", Value = "value" } },
  ["AWS::SSM::Document"] = { type = "aws_ssm_document", ref = "name", name = "name",
    defaults = { document_type = '"Command"' },
    props = { Content = { to = "content", json = true }, Attachments = "attachments_source",
      UpdateMethod = { drop = "Terraform always makes a new version" } } },
  ["AWS::SSM::Association"] = { type = "aws_ssm_association", ref = "association_id",
    props = { Parameters = single_values, OutputLocation = { inline = true, props = {
      S3Location = { to = "output_location", props = { OutputS3BucketName = "s3_bucket_name",
        OutputS3KeyPrefix = "s3_key_prefix", OutputS3Region = "s3_region" } } } } } },
  ["AWS::SSM::MaintenanceWindow"] = { type = "aws_ssm_maintenance_window",
    attributes = { WindowId = "id" } },
  ["AWS::SSM::MaintenanceWindowTarget"] = { type = "aws_ssm_maintenance_window_target",
    attributes = { WindowTargetId = "id" } },
  ["AWS::SSM::MaintenanceWindowTask"] = { type = "aws_ssm_maintenance_window_task",
    ref = "window_task_id",
    props = { TaskInvocationParameters = { to = "task_invocation_parameters",
      props = INVOCATION } } },
  ["AWS::SSM::PatchBaseline"] = { type = "aws_ssm_patch_baseline",
    props = {
      ApprovalRules = { to = "approval_rule", each = "PatchRules",
        props = { PatchFilterGroup = FILTERS } },
      GlobalFilters = { to = "global_filter", each = "PatchFilters" },
      PatchGroups = { separate = "aws_ssm_patch_group", suffix = "group",
        link = { baseline_id = "id" }, item = "patch_group" },
      DefaultBaseline = default_baseline,
    } },
  ["AWS::SSM::ResourceDataSync"] = { type = "aws_ssm_resource_data_sync", ref = "name",
    props = {
      SyncName = "name", BucketName = "s3_destination.bucket_name",
      BucketPrefix = "s3_destination.prefix", BucketRegion = "s3_destination.region",
      KMSKeyArn = "s3_destination.kms_key_arn", SyncFormat = "s3_destination.sync_format",
      SyncType = { drop = "the only one in Terraform", only = { "SyncToDestination" } },
      S3Destination = { to = "s3_destination", props = { BucketPrefix = "prefix",
        BucketRegion = "region" } },
    } },
  ["AWS::SSM::ServiceSetting"] = { type = "aws_ssm_service_setting", ref = "arn" },
}
