-- SPDX-License-Identifier: Apache-2.0
local VARIATION = { to = "variations", props = {
  VariationName = "name", BooleanValue = "value.bool_value", DoubleValue = "value.double_value",
  LongValue = "value.long_value", StringValue = "value.string_value" } }

local METRIC = { to = "metric_monitors", props = {
  EntityIdKey = "metric_definition.entity_id_key", EventPattern = "metric_definition.event_pattern",
  MetricName = "metric_definition.name", UnitLabel = "metric_definition.unit_label",
  ValueKey = "metric_definition.value_key" } }

local WEIGHTS = { pairs = { key = "GroupName", value = "SplitWeight" } }

local function weights(name) return { to = name, pairs = WEIGHTS.pairs } end

local STEPS = { to = "scheduled_splits_config.steps", props = {
  GroupWeights = weights "group_weights",
  SegmentOverrides = { to = "segment_overrides", props = { Weights = weights "weights" } } } }

local ENTITIES = { to = "entity_overrides", pairs = { key = "EntityId", value = "Variation" } }

return {
  ["AWS::Evidently::Project"] = { type = "aws_evidently_project", ref = "arn", props = {
    DataDelivery = { to = "data_delivery", props = { LogGroup = "cloudwatch_logs.log_group",
      S3 = { to = "s3_destination", props = { BucketName = "bucket" } } } } } },
  ["AWS::Evidently::Feature"] = { type = "aws_evidently_feature", ref = "arn",
    props = { Variations = VARIATION, EntityOverrides = ENTITIES } },
  ["AWS::Evidently::Launch"] = { type = "aws_evidently_launch", ref = "arn", props = {
    Groups = { to = "groups", props = { GroupName = "name" } }, MetricMonitors = METRIC,
    ScheduledSplitsConfig = STEPS } },
  ["AWS::Evidently::Segment"] = { type = "aws_evidently_segment", ref = "arn" },
}
