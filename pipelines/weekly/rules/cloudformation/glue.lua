-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local function role(self, value, body) body:set("role_arn", values.role_arn(self, value)) end

-- A classifier's name stands inside of its kind in CloudFormation.
local function classifier(name, props)
  return function(self, value, body)
    if type(value) ~= "table" or values.is_intrinsic(value) then
      return self:unsupported(nil, "a structure known only at deploy time")
    end
    local block = body:block(name)
    for key, item in pairs(value) do
      if key == "Name" then
        body:set("name", self:value(item))
      else
        self:map({ [key] = item }, props or {}, block)
      end
    end
  end
end

local CONNECTION = { ConnectionProperties = "connection_properties" }

local TARGETS = { inline = true, props = {
  DeltaTargets = { to = "delta_target", defaults = { write_manifest = "false" } } } }

local OFF = {
  cloudwatch_encryption = { cloudwatch_encryption_mode = '"DISABLED"' },
  job_bookmarks_encryption = { job_bookmarks_encryption_mode = '"DISABLED"' },
  s3_encryption = { s3_encryption_mode = '"DISABLED"' },
}

local CATALOG_SETTINGS = { to = "data_catalog_encryption_settings",
  defaults = { encryption_at_rest = { catalog_encryption_mode = '"DISABLED"' },
    connection_password_encryption = { return_connection_password_encrypted = "false" } },
  props = { ConnectionPasswordEncryption = { to = "connection_password_encryption",
    props = { KmsKeyId = "aws_kms_key_id" } } } }

return {
  ["AWS::Glue::Classifier"] = { type = "aws_glue_classifier", ref = "name", name = "name",
    props = {
      CsvClassifier = classifier("csv_classifier", {
        ContainsCustomDatatype = "custom_datatypes" }),
      GrokClassifier = classifier "grok_classifier", JsonClassifier = classifier "json_classifier",
      XMLClassifier = classifier "xml_classifier",
    } },
  ["AWS::Glue::Connection"] = { type = "aws_glue_connection", ref = "name", name = "name",
    props = { ConnectionInput = { inline = true, props = CONNECTION } } },
  ["AWS::Glue::Crawler"] = { type = "aws_glue_crawler", ref = "name", name = "name",
    props = { Targets = TARGETS,
      Schedule = { inline = true, props = { ScheduleExpression = "schedule" } } } },
  ["AWS::Glue::DataCatalogEncryptionSettings"] = {
    type = "aws_glue_data_catalog_encryption_settings",
    props = { DataCatalogEncryptionSettings = CATALOG_SETTINGS } },
  ["AWS::Glue::DataQualityRuleset"] = { type = "aws_glue_data_quality_ruleset", ref = "name",
    name = "name", props = { ClientToken = { drop = "a token of one request" } } },
  ["AWS::Glue::Database"] = { type = "aws_glue_catalog_database", ref = "name", name = "name",
    name_lower = true,
    props = { DatabaseName = "name", DatabaseInput = { inline = true } } },
  ["AWS::Glue::DevEndpoint"] = { type = "aws_glue_dev_endpoint", ref = "name", name = "name",
    props = { EndpointName = "name" } },
  ["AWS::Glue::Job"] = { type = "aws_glue_job", ref = "name", name = "name", props = {
    Role = role, Connections = { inline = true },
    LogUri = { drop = "reserved, the service does not read it" } } },
  ["AWS::Glue::MLTransform"] = { type = "aws_glue_ml_transform", name = "name",
    attributes = { TransformId = "id" },
    props = { Role = role, TransformParameters = "parameters",
      InputRecordTables = { to = "input_record_tables", each = "GlueTables" } } },
  ["AWS::Glue::Partition"] = { type = "aws_glue_partition", ref = false, props = {
    PartitionInput = { inline = true, props = { Values = "partition_values" } } } },
  ["AWS::Glue::Registry"] = { type = "aws_glue_registry", ref = "arn",
    props = { Name = "registry_name" } },
  ["AWS::Glue::Schema"] = { type = "aws_glue_schema", ref = "arn", props = {
    Name = "schema_name", Registry = { inline = true, props = { Arn = "registry_arn" } } } },
  ["AWS::Glue::SecurityConfiguration"] = { type = "aws_glue_security_configuration", ref = "name",
    props = { EncryptionConfiguration = { to = "encryption_configuration", defaults = OFF } } },
  ["AWS::Glue::Table"] = { type = "aws_glue_catalog_table", ref = "name", name = "name",
    name_lower = true,
    props = { TableInput = { inline = true } } },
  ["AWS::Glue::TableOptimizer"] = { type = "aws_glue_catalog_table_optimizer",
    ref = { "table_name", "database_name", "type", "catalog_id" } },
  -- Terraform starts a trigger unless told; CloudFormation only when told.
  ["AWS::Glue::Trigger"] = { type = "aws_glue_trigger", ref = "name", name = "name",
    defaults = { enabled = "false" }, props = { StartOnCreation = "enabled" } },
  ["AWS::Glue::UserDefinedFunction"] = { type = "aws_glue_user_defined_function", ref = "arn",
    props = { FunctionName = "name" } },
  ["AWS::Glue::Workflow"] = { type = "aws_glue_workflow", ref = "name" },
}
