-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local values = require "std.normalize.cfn.values"

local STATUS = { Enabled = '"enabled"', Disabled = '"disabled"', enabled = '"enabled"',
  disabled = '"disabled"' }

-- An object attribute wants all of its members. `members`: property by argument.
local function object(self, value, members)
  if type(value) ~= "table" or values.is_intrinsic(value) then
    self:unsupported(nil, "a structure known only at deploy time")
    return expr.none
  end
  local out, seen = {}, {}
  for name, key in pairs(members) do
    seen[key] = true
    out[name] = value[key] == nil and expr.raw("null") or self:value(value[key])
  end
  for key in pairs(value) do
    if not seen[key] and key ~= "Status" then
      self:unsupported(nil, key .. " has no counterpart")
    end
  end
  return expr.map(out)
end

local function encryption(self, value, body)
  body:set("encryption_configuration", object(self, value,
    { kms_key_arn = "KMSKeyArn", sse_algorithm = "SSEAlgorithm" }))
end

local function maintenance(self, value, members)
  local status = type(value) == "table" and STATUS[value.Status]
  if not status then self:unsupported(nil, "a status known only at deploy time") end
  return expr.map { status = expr.raw(status or "null"), settings = object(self, value, members) }
end

local function file_removal(self, value, body)
  body:set("maintenance_configuration", expr.map { iceberg_unreferenced_file_removal = maintenance(
    self, value, { non_current_days = "NoncurrentDays", unreferenced_days = "UnreferencedDays" }) })
end

-- Both settings of a table are members of one attribute.
local function table_maintenance(self, _, body)
  if body:has("maintenance_configuration") then return end
  local null, props = expr.raw("null"), self.props
  body:set("maintenance_configuration", expr.map {
    iceberg_compaction = props.Compaction and maintenance(self, props.Compaction,
      { target_file_size_mb = "TargetFileSizeMB" }) or null,
    iceberg_snapshot_management = props.SnapshotManagement and maintenance(self,
      props.SnapshotManagement, { max_snapshot_age_hours = "MaxSnapshotAgeHours",
        min_snapshots_to_keep = "MinSnapshotsToKeep" }) or null })
end

-- Terraform names the table; its ARN does not.
local function policy_table(self, value, body)
  local resource = self:text(value):match("^(aws_s3tables_table%.[%w_]+)%.arn$")
  if not resource then return self:unsupported(nil, "a table of another stack") end
  for _, name in ipairs { "name", "namespace", "table_bucket_arn" } do
    body:raw(name, resource .. "." .. name)
  end
end

return {
  ["AWS::S3Tables::TableBucket"] = { type = "aws_s3tables_table_bucket", ref = "arn",
    attributes = { TableBucketARN = "arn" },
    props = { TableBucketName = "name", EncryptionConfiguration = encryption,
      UnreferencedFileRemoval = file_removal } },
  ["AWS::S3Tables::Namespace"] = { type = "aws_s3tables_namespace", ref = "namespace",
    props = {} },
  ["AWS::S3Tables::Table"] = { type = "aws_s3tables_table", ref = "arn",
    attributes = { TableARN = "arn" },
    props = { TableName = "name", OpenTableFormat = "format", Compaction = table_maintenance,
      SnapshotManagement = table_maintenance } },
  ["AWS::S3Tables::TableBucketPolicy"] = { type = "aws_s3tables_table_bucket_policy",
    ref = "table_bucket_arn", props = { ResourcePolicy = { to = "resource_policy",
      json = true } } },
  ["AWS::S3Tables::TablePolicy"] = { type = "aws_s3tables_table_policy", ref = "name",
    attributes = { Namespace = "namespace", TableBucketARN = "table_bucket_arn",
      TableName = "name" },
    props = { TableARN = policy_table, ResourcePolicy = { to = "resource_policy",
      json = true } } },
}
