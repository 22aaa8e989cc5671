-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local KEYS = { HASH = "hash_key", RANGE = "range_key" }

local function key_schema(self, value, body)
  values.each(self, value, function(item)
    local name = KEYS[item.KeyType]
    if not name then return self:unsupported(nil, "a key type known only at deploy time") end
    body:set(name, self:value(item.AttributeName))
  end)
end

local THROUGHPUT = { inline = true, props = { ReadCapacityUnits = "read_capacity",
  WriteCapacityUnits = "write_capacity" } }
local PROJECTION = { inline = true, props = { ProjectionType = "projection_type",
  NonKeyAttributes = "non_key_attributes" } }
local INDEX = { IndexName = "name", KeySchema = key_schema, Projection = PROJECTION,
  ProvisionedThroughput = THROUGHPUT, ContributorInsightsSpecification = false }

local function stream(self, value, body)
  self:map(value, { StreamViewType = "stream_view_type" }, body)
  body:raw("stream_enabled", "true")
end

return {
  ["AWS::DynamoDB::Table"] = {
    type = "aws_dynamodb_table", ref = "name", name = "name",
    attributes = { Arn = "arn", StreamArn = "stream_arn" },
    props = {
      TableName = "name", KeySchema = key_schema, ProvisionedThroughput = THROUGHPUT,
      AttributeDefinitions = { to = "attribute", props = {
        AttributeName = "name", AttributeType = "type" } },
      GlobalSecondaryIndexes = { to = "global_secondary_index", props = INDEX },
      LocalSecondaryIndexes = { to = "local_secondary_index", props = INDEX },
      StreamSpecification = stream,
      SSESpecification = { to = "server_side_encryption", props = {
        SSEEnabled = "enabled", KMSMasterKeyId = "kms_key_arn", SSEType = false } },
      TimeToLiveSpecification = { to = "ttl" },
      PointInTimeRecoverySpecification = { to = "point_in_time_recovery", props = {
        PointInTimeRecoveryEnabled = "enabled" } },
      KinesisStreamSpecification = { separate = "aws_dynamodb_kinesis_streaming_destination",
        suffix = "kinesis", link = { table_name = "name" } },
      ContributorInsightsSpecification = false,
    },
  },
}
