-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local intrinsics = require "std.normalize.cfn.intrinsics"
local names = require "std.normalize.names"
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local LINK = { bucket = "id" }

local ENCRYPTION = { ServerSideEncryptionConfiguration = { to = "rule", props = {
  ServerSideEncryptionByDefault = { to = "apply_server_side_encryption_by_default", props = {
    SSEAlgorithm = "sse_algorithm", KMSMasterKeyID = "kms_master_key_id" } },
  BucketKeyEnabled = "bucket_key_enabled" } } }

local VERSIONING = { Status = "versioning_configuration.status" }

local CORS = { CorsRules = { to = "cors_rule", props = { MaxAge = "max_age_seconds",
  ExposedHeaders = "expose_headers", Id = "id" } } }

-- Terraform wants the time of a day.
local function date(attribute)
  return function(self, value, body)
    local node = self:value(value)
    if type(node) == "string" and node:find("^%d%d%d%d%-%d%d%-%d%d$") then
      node = node .. "T00:00:00Z"
    end
    for part in attribute:gmatch("([^.]+)%.") do body = body:single(part) end
    body:set(attribute:match("[^.]+$"), node)
  end
end

local TRANSITION = { to = "transition", props = { TransitionInDays = "days",
  TransitionDate = date "date" } }
local NONCURRENT = { to = "noncurrent_version_transition", props = {
  TransitionInDays = "noncurrent_days" } }

local LIFECYCLE_RULE = {
  Prefix = shared.elsewhere, TagFilters = shared.elsewhere,
  ObjectSizeGreaterThan = shared.elsewhere, ObjectSizeLessThan = shared.elsewhere,
  ExpirationInDays = "expiration.days", ExpirationDate = date "expiration.date",
  ExpiredObjectDeleteMarker = "expiration.expired_object_delete_marker",
  NoncurrentVersionExpirationInDays = "noncurrent_version_expiration.noncurrent_days",
  Transition = TRANSITION, Transitions = TRANSITION,
  NoncurrentVersionTransition = NONCURRENT, NoncurrentVersionTransitions = NONCURRENT,
}

local FILTER = { "Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan" }

-- One criterion stands alone, several are joined by a block of their own.
local function lifecycle_filter(self, item, filter)
  local props, count = {}, 0
  for _, key in ipairs(FILTER) do
    props[key] = item[key]
    if item[key] ~= nil then count = count + 1 end
  end
  local tags = item.TagFilters
  local single = type(tags) == "table" and #tags == 1 and not values.is_intrinsic(tags[1])
  if tags ~= nil and single and count == 0 then
    return self:map({ TagFilters = tags[1] }, { TagFilters = { to = "tag" } }, filter)
  end
  if tags == nil and count < 2 then return self:map(props, {}, filter) end
  props.TagFilters = tags
  self:map(props, { TagFilters = { to = "tags", pairs = true } }, filter:block("and"))
end

local function lifecycle_rules(self, value, body)
  shared.structures(self, value, function(item, test, i)
    local block = body:block("rule", test)
    if item.Id == nil then block:set("id", ("rule-%d"):format(i)) end
    self:map(item, LIFECYCLE_RULE, block)
    lifecycle_filter(self, item, block:block("filter"))
  end)
end

local WEBSITE = {
  IndexDocument = "index_document.suffix", ErrorDocument = "error_document.key",
  RedirectAllRequestsTo = { to = "redirect_all_requests_to" },
  RoutingRules = { to = "routing_rule", props = {
    RoutingRuleCondition = { to = "condition" }, RedirectRule = { to = "redirect" } } },
}

local KEY_FILTER = { inline = true, props = { S3Key = { inline = true, props = {
  Rules = shared.key_filter } } } }

local function notification(block, key, attribute)
  return { to = block, props = { [key] = attribute, Event = "events", Filter = KEY_FILTER } }
end

local NOTIFICATION = {
  LambdaConfigurations = notification("lambda_function", "Function", "lambda_function_arn"),
  QueueConfigurations = notification("queue", "Queue", "queue_arn"),
  TopicConfigurations = notification("topic", "Topic", "topic_arn"),
  EventBridgeConfiguration = function(self, value, body)
    if values.is_no_value(value) then return end
    local arms = values.if_arms(value)
    if arms then
      return body:set("eventbridge", expr.cond(self.scope:condition(arms[1]),
        not values.is_no_value(arms[2]), not values.is_no_value(arms[3])))
    end
    local enabled = type(value) == "table" and value.EventBridgeEnabled
    body:set("eventbridge", enabled == nil and true or self:value(enabled))
  end,
}

-- The canned ACLs of CloudFormation by their API names.
local ACLS = { Private = "private", PublicRead = "public-read", PublicReadWrite =
  "public-read-write", AuthenticatedRead = "authenticated-read", LogDeliveryWrite =
  "log-delivery-write", AwsExecRead = "aws-exec-read" }

local OF_OBJECTS = { BucketOwnerRead = true, BucketOwnerFullControl = true }

local ACL = { separate = "aws_s3_bucket_acl", suffix = "acl", link = LINK, into = "acl",
  enum = ACLS }

-- A bucket is private; said without ownership controls, Terraform's request would be refused.
local function access_control(self, value)
  if value == "Private" and self.props.OwnershipControls == nil then
    return self.scope:drop(self.id, "AccessControl", "a bucket is private")
  end
  if OF_OBJECTS[value] then
    return self.scope:drop(self.id, "AccessControl", "it is for objects, S3 ignores it here")
  end
  self:separate(ACL, value)
end

-- What a setting of the bucket waits for.
local NEEDS = { aws_s3_bucket_acl = "aws_s3_bucket_ownership_controls",
  aws_s3_bucket_replication_configuration = "aws_s3_bucket_versioning",
  aws_s3_bucket_object_lock_configuration = "aws_s3_bucket_versioning" }

local function link_order(self)
  local first = {}
  for i, block in ipairs(self.blocks) do first[block.type] = self.addresses[i] end
  for _, block in ipairs(self.blocks) do
    local needed = first[NEEDS[block.type]]
    if needed then block.body:depend { needed } end
  end
end

-- A setting that is a resource of its own.
local function setting(type_name, suffix, props, defaults)
  return { separate = type_name, suffix = suffix, link = LINK, props = props,
    defaults = defaults }
end

local FILTER_TAGS = { to = "filter.tags", pairs = true }

local INVENTORY = { Id = "name", Prefix = "filter.prefix", ScheduleFrequency =
  "schedule.frequency", Destination = { to = "destination.bucket", props = {
    BucketAccountId = "account_id" } } }
local ANALYTICS = { Id = "name", Prefix = "filter.prefix", TagFilters = FILTER_TAGS,
  StorageClassAnalysis = { to = "storage_class_analysis", props = { DataExport = {
    to = "data_export", props = { Destination = {
      to = "destination.s3_bucket_destination" } } } } } }
local METRICS = { Id = "name", Prefix = "filter.prefix", TagFilters = FILTER_TAGS,
  AccessPointArn = "filter.access_point" }
local TIERING = { Id = "name", Prefix = "filter.prefix", TagFilters = FILTER_TAGS }

local REPLICATION = { Rules = { to = "rule", props = {
  Filter = { to = "filter", keep_empty = true, props = { TagFilter = { to = "tag" },
    And = { to = "and", props = { TagFilters = { to = "tags", pairs = true } } } } } } } }

local LOGGING = { separate = "aws_s3_bucket_logging", suffix = "logging",
  link = { bucket = "id", target_bucket = "id" }, defaults = { target_prefix = '""' },
  props = { DestinationBucketName = "target_bucket", LogFilePrefix = "target_prefix",
    TargetObjectKeyFormat = { to = "target_object_key_format", props = {
      SimplePrefix = { to = "simple_prefix", keep_empty = true } } } } }

local function dual_stack(target, address, scope)
  scope.data.aws_region, scope.data.aws_partition = true, true
  return ('"${%s}.s3.dualstack.${data.aws_region.current.name}.%s"'):format(
    address(target, "id"), "${data.aws_partition.current.dns_suffix}")
end

local BUCKET = {
  BucketName = "bucket",
  AbacStatus = { drop = "what a bucket is without it", only = { "Disabled" } },
  AccelerateConfiguration = setting("aws_s3_bucket_accelerate_configuration", "accelerate",
    { AccelerationStatus = "status" }),
  AccessControl = access_control,
  AnalyticsConfigurations = setting("aws_s3_bucket_analytics_configuration", "analytics",
    ANALYTICS),
  BucketEncryption = setting("aws_s3_bucket_server_side_encryption_configuration", "encryption",
    ENCRYPTION),
  CorsConfiguration = setting("aws_s3_bucket_cors_configuration", "cors", CORS),
  IntelligentTieringConfigurations = setting("aws_s3_bucket_intelligent_tiering_configuration",
    "tiering", TIERING),
  InventoryConfigurations = setting("aws_s3_bucket_inventory", "inventory", INVENTORY),
  LifecycleConfiguration = setting("aws_s3_bucket_lifecycle_configuration", "lifecycle",
    { Rules = lifecycle_rules }),
  LoggingConfiguration = LOGGING,
  MetricsConfigurations = setting("aws_s3_bucket_metric", "metrics", METRICS),
  NotificationConfiguration = setting("aws_s3_bucket_notification", "notification",
    NOTIFICATION),
  ObjectLockConfiguration = setting("aws_s3_bucket_object_lock_configuration", "object_lock"),
  OwnershipControls = setting("aws_s3_bucket_ownership_controls", "ownership",
    { Rules = { to = "rule" } }),
  PublicAccessBlockConfiguration = setting("aws_s3_bucket_public_access_block",
    "public_access"),
  ReplicationConfiguration = setting("aws_s3_bucket_replication_configuration", "replication",
    REPLICATION),
  VersioningConfiguration = setting("aws_s3_bucket_versioning", "versioning", VERSIONING),
  WebsiteConfiguration = setting("aws_s3_bucket_website_configuration", "website", WEBSITE),
}

local function policy_target(self, props)
  if values.is_no_value(props.Bucket) then self:unsupported("Bucket", "no bucket") end
end

local POLICY = { PolicyDocument = { to = "policy", json = true } }

local function finish_multi_region(self, props, body)
  if props.Name ~= nil then return end
  local name = names.short((self.scope.stack_name .. "-" .. self.id):lower(), 50)
  self.scope:assume(("%s has no name: %s"):format(self.id, name))
  body:single("details"):set("name", name)
end

-- The bucket itself knows its endpoint only after another apply.
local function website_url(target, address, scope)
  local props = scope.template.Resources[target.id].Properties
  local website = type(props) == "table" and props.WebsiteConfiguration or nil
  if values.is_no_value(website) or values.if_arms(website) then
    return expr.text(intrinsics.eval({ ["Fn::Sub"] = "http://${" .. target.id
      .. "}.s3-website-${AWS::Region}.amazonaws.com" }, scope))
  end
  local setting_of = { type = "aws_s3_bucket_website_configuration",
    label = scope:part_label(target, "website"), count = target.count }
  return ('"http://${%s}"'):format(address(setting_of, "website_endpoint"))
end

return {
  include = { "s3lens" },
  ["AWS::S3::Bucket"] = { type = "aws_s3_bucket", ref = "id",
    attributes = { DomainName = "bucket_domain_name", DualStackDomainName = dual_stack,
      RegionalDomainName = "bucket_regional_domain_name", WebsiteURL = website_url },
    props = BUCKET, finish = link_order },
  ["AWS::S3::BucketPolicy"] = { type = "aws_s3_bucket_policy", ref = "bucket", props = POLICY,
    finish = policy_target },
  ["AWS::S3::AccessPoint"] = { type = "aws_s3_access_point", ref = "name", name = "name",
    name_limit = 50, name_lower = true, props = { Policy = { to = "policy", json = true } } },
  ["AWS::S3::AccessGrant"] = { type = "aws_s3control_access_grant", ref = "access_grant_id",
    props = {} },
  ["AWS::S3::AccessGrantsInstance"] = { type = "aws_s3control_access_grants_instance",
    ref = "access_grants_instance_arn", props = {} },
  ["AWS::S3::AccessGrantsLocation"] = { type = "aws_s3control_access_grants_location",
    ref = "access_grants_location_id", props = {} },
  ["AWS::S3::MultiRegionAccessPoint"] = { type = "aws_s3control_multi_region_access_point",
    ref = "details[0].name", finish = finish_multi_region,
    props = { Name = "details.name", Regions = { to = "details.region" },
      PublicAccessBlockConfiguration = { to = "details.public_access_block" } } },
  ["AWS::S3::MultiRegionAccessPointPolicy"] = {
    type = "aws_s3control_multi_region_access_point_policy", ref = "details[0].name",
    props = { MrapName = "details.name", Policy = { to = "details.policy", json = true } } },
}
