-- SPDX-License-Identifier: Apache-2.0
local function set_id(self, value) self.blocks[1].body:set("config_id", self:value(value)) end

local function metrics(name) return { to = name, props = { IsEnabled = "enabled" } } end

-- The metrics of an account and those of its buckets.
local function level(more)
  local props = {
    ActivityMetrics = metrics "activity_metrics",
    AdvancedCostOptimizationMetrics = metrics "advanced_cost_optimization_metrics",
    AdvancedDataProtectionMetrics = metrics "advanced_data_protection_metrics",
    DetailedStatusCodesMetrics = metrics "detailed_status_code_metrics",
  }
  for key, spec in pairs(more) do props[key] = spec end
  return props
end

local BUCKET = level { PrefixLevel = { to = "prefix_level", props = {
  StorageMetrics = metrics "storage_metrics" } } }

local EXPORT = { to = "data_export", props = {
  CloudWatchMetrics = metrics "cloud_watch_metrics",
  S3BucketDestination = { to = "s3_bucket_destination", props = { Encryption = {
    to = "encryption", props = { SSES3 = { to = "sse_s3", keep_empty = true } } } } } } }

return {
  ["AWS::S3::StorageLens"] = {
    type = "aws_s3control_storage_lens_configuration", ref = "config_id",
    attributes = { ["StorageLensConfiguration.StorageLensArn"] = "arn" },
    props = { StorageLensConfiguration = { to = "storage_lens_configuration", props = {
      Id = set_id, IsEnabled = "enabled", DataExport = EXPORT,
      StorageLensArn = { drop = "the service fills it in" },
      AccountLevel = { to = "account_level", defaults = { bucket_level = {} },
        props = level { BucketLevel = { to = "bucket_level", keep_empty = true,
          props = BUCKET } } } } } },
  },
}
