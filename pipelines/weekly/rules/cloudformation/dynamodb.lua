-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local json = require "std.json"
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local KEYS = { HASH = "hash_key", RANGE = "range_key" }

local function key_schema(self, value, body)
  shared.structures(self, value, function(item)
    local name = KEYS[item.KeyType]
    if not name then return self:unsupported(nil, "a key type known only at deploy time") end
    body:set(name, self:value(item.AttributeName))
  end)
end

-- Insights are a resource that is there or not, of the table or of one of its indexes.
local function insights(index)
  return function(self, value, body)
    if values.is_no_value(value) then return end
    local enabled = type(value) == "table" and self:value(value.Enabled)
    if type(value) == "table" and value.Mode ~= nil then
      self:unsupported("Mode", "no counterpart in aws_dynamodb_contributor_insights")
    end
    if type(enabled) ~= "boolean" and enabled ~= "true" and enabled ~= "false" then
      return self:unsupported(nil, "a switch known only at deploy time")
    end
    if tostring(enabled) == "false" then return end
    local block = self:block("aws_dynamodb_contributor_insights", "insights")
    block:raw("table_name", self:own("name"))
    if index then block:set("index_name", body.named.name.node) end
  end
end

local THROUGHPUT = { inline = true, props = { ReadCapacityUnits = "read_capacity",
  WriteCapacityUnits = "write_capacity" } }
local PROJECTION = { inline = true }
-- Contributor insights come first in the alphabet and need the name.
local function index(self, value, body)
  values.each(self, value, function(item, test)
    if type(item) ~= "table" then return self:unsupported(nil, "a structure is expected") end
    local block = body:block(self.index_block, test)
    block:set("name", self:value(item.IndexName))
    self:map(item, { IndexName = "name", KeySchema = key_schema, Projection = PROJECTION,
      ProvisionedThroughput = THROUGHPUT, ContributorInsightsSpecification = insights(true),
      ReadProvisionedThroughputSettings = THROUGHPUT,
      ReadOnDemandThroughputSettings = shared.elsewhere,
      WriteOnDemandThroughputSettings = shared.elsewhere }, block)
    for _, key in ipairs { "ReadOnDemandThroughputSettings",
      "WriteOnDemandThroughputSettings" } do
      if item[key] then self:map(item[key], {}, block:single("on_demand_throughput")) end
    end
  end)
end

local function indexes(name)
  return function(self, value, body)
    self.index_block = name
    index(self, value, body)
  end
end

local function policy(of)
  return { separate = "aws_dynamodb_resource_policy", suffix = of == "arn" and "policy"
    or "stream_policy", link = { resource_arn = of }, props = {
      PolicyDocument = { to = "policy", json = true } } }
end

local IMPORT = { to = "import_table", props = { S3BucketSource = { to = "s3_bucket_source",
  props = { S3Bucket = "bucket", S3BucketOwner = "bucket_owner", S3KeyPrefix = "key_prefix" } } } }

local ENCRYPTION = { to = "server_side_encryption", props = { SSEEnabled = "enabled",
  KMSMasterKeyId = "kms_key_arn",
  SSEType = { drop = "the only type of the service", only = { "KMS" } } } }

local RECOVERY = { to = "point_in_time_recovery", props = {
  PointInTimeRecoveryEnabled = "enabled" } }

local TABLE = {
  TableName = "name", KeySchema = key_schema, ProvisionedThroughput = THROUGHPUT,
  AttributeDefinitions = { to = "attribute", props = { AttributeName = "name",
    AttributeType = "type" } },
  GlobalSecondaryIndexes = indexes "global_secondary_index",
  LocalSecondaryIndexes = indexes "local_secondary_index",
  StreamSpecification = { inline = true, props = { ResourcePolicy = policy "stream_arn" } },
  SSESpecification = ENCRYPTION, TimeToLiveSpecification = { to = "ttl" },
  PointInTimeRecoverySpecification = RECOVERY, ImportSourceSpecification = IMPORT,
  KinesisStreamSpecification = { separate = "aws_dynamodb_kinesis_streaming_destination",
    suffix = "kinesis", link = { table_name = "name" } },
  ContributorInsightsSpecification = insights(), ResourcePolicy = policy "arn",
}

local function finish_table(_, _, body)
  local view = body.named.stream_view_type
  if not view then return end
  body:raw("stream_enabled", expr.may_be_none(view.node)
    and expr.text(view.node) .. " != null" or "true")
end

-- What the replica of the stack's own region says is said of the table itself.
local OWN = {
  Region = shared.elsewhere, PointInTimeRecoverySpecification = RECOVERY,
  SSESpecification = { inline = true, props = {
    KMSMasterKeyId = "server_side_encryption.kms_key_arn" } },
  KinesisStreamSpecification = TABLE.KinesisStreamSpecification,
  ContributorInsightsSpecification = insights(), ResourcePolicy = policy "arn",
  ReadProvisionedThroughputSettings = THROUGHPUT,
}

local function index_in_region(self)
  self:unsupported(nil, "settings of an index in one region")
end

OWN.GlobalSecondaryIndexes = index_in_region

local OTHER = {
  GlobalSecondaryIndexes = index_in_region,
  Region = "region_name", SSESpecification = { inline = true, props = {
    KMSMasterKeyId = "kms_key_arn" } },
  PointInTimeRecoverySpecification = { inline = true, props = {
    PointInTimeRecoveryEnabled = "point_in_time_recovery" } },
  DeletionProtectionEnabled = { drop = "what a replica is without it",
    only = { false } },
}

local function is_own(item)
  return type(item.Region) == "table" and item.Region.Ref == "AWS::Region"
end

local function other_replica(self, item, own, test, body)
  local region = self:text(item.Region)
  local specs = {}
  for key, spec in pairs(OTHER) do specs[key] = spec end
  for _, key in ipairs { "Tags", "TableClass" } do
    if item[key] ~= nil and json.encode(item[key]) == json.encode(own[key] or "") then
      specs[key] = key == "Tags" and shared.elsewhere or { drop = "it is that of the table" }
    end
  end
  self.scope.data.aws_region = true
  local elsewhere = ("data.aws_region.current.name != %s"):format(region)
  local block = body:block("replica", test and ("(%s && %s)"):format(test, elsewhere) or elsewhere)
  self:map(item, specs, block)
  if specs.Tags then block:raw("propagate_tags", "true") end
end

-- The stack's region is one of the replicas; without a reference to it the first one is taken.
local function replicas(self, value, body)
  local items, own = {}, nil
  shared.structures(self, value, function(item, test)
    items[#items + 1] = { item, test }
    if is_own(item) then own = item end
  end)
  if not own and items[1] then
    own = items[1][1]
    self.scope:assume(("%s: the settings of its first replica are those of the table"):format(
      self.id))
  end
  if own then self:map(own, OWN, body) end
  for _, entry in ipairs(items) do
    if not is_own(entry[1]) then other_replica(self, entry[1], own, entry[2], body) end
  end
end

local GLOBAL = { Replicas = replicas, WriteProvisionedThroughputSettings = THROUGHPUT,
  ReadProvisionedThroughputSettings = THROUGHPUT,
  SSESpecification = { inline = true, props = { SSEEnabled = "server_side_encryption.enabled",
    SSEType = ENCRYPTION.props.SSEType } },
  MultiRegionConsistency = { drop = "the only mode of the provider",
    only = { "EVENTUAL" } },
  WriteOnDemandThroughputSettings = { inline = true, props = {
    MaxWriteRequestUnits = "on_demand_throughput.max_write_request_units" } },
  ReadOnDemandThroughputSettings = { inline = true, props = {
    MaxReadRequestUnits = "on_demand_throughput.max_read_request_units" } } }
OWN.ReadOnDemandThroughputSettings = GLOBAL.ReadOnDemandThroughputSettings
for _, key in ipairs { "TableName", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes",
  "LocalSecondaryIndexes", "StreamSpecification", "TimeToLiveSpecification" } do
  GLOBAL[key] = TABLE[key]
end

return {
  ["AWS::DynamoDB::Table"] = { type = "aws_dynamodb_table", ref = "name", name = "name",
    props = TABLE, finish = finish_table },
  ["AWS::DynamoDB::GlobalTable"] = { type = "aws_dynamodb_table", ref = "name", name = "name",
    props = GLOBAL, finish = finish_table },
}
