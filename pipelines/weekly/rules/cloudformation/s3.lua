-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local LINK = { bucket = "id" }

local ENCRYPTION = { ServerSideEncryptionConfiguration = { to = "rule", props = {
  ServerSideEncryptionByDefault = { to = "apply_server_side_encryption_by_default", props = {
    SSEAlgorithm = "sse_algorithm", KMSMasterKeyID = "kms_master_key_id" } },
  BucketKeyEnabled = "bucket_key_enabled" } } }

local VERSIONING = { Status = "versioning_configuration.status" }

local CORS = { CorsRules = { to = "cors_rule", props = { MaxAge = "max_age_seconds",
  ExposedHeaders = "expose_headers", Id = "id" } } }

local TRANSITION = { TransitionInDays = "days", TransitionDate = "date" }
local FILTERS = { prefix = true }

local function lifecycle_prefix(self, value, body)
  body:single("filter"):set("prefix", self:value(value))
end

local LIFECYCLE = { Rules = { to = "rule", props = {
  Id = "id", Status = "status", Prefix = lifecycle_prefix,
  ExpirationInDays = "expiration.days", ExpirationDate = "expiration.date",
  ExpiredObjectDeleteMarker = "expiration.expired_object_delete_marker",
  NoncurrentVersionExpirationInDays = "noncurrent_version_expiration.noncurrent_days",
  NoncurrentVersionExpiration = { to = "noncurrent_version_expiration", props = {
    NewerNoncurrentVersions = "newer_noncurrent_versions" } },
  Transition = { to = "transition", props = TRANSITION },
  Transitions = { to = "transition", props = TRANSITION },
  NoncurrentVersionTransition = { to = "noncurrent_version_transition", props = {
    TransitionInDays = "noncurrent_days" } },
  NoncurrentVersionTransitions = { to = "noncurrent_version_transition", props = {
    TransitionInDays = "noncurrent_days" } },
} } }

local WEBSITE = {
  IndexDocument = "index_document.suffix", ErrorDocument = "error_document.key",
  RedirectAllRequestsTo = { to = "redirect_all_requests_to" },
  RoutingRules = { to = "routing_rule", props = {
    RoutingRuleCondition = { to = "condition" }, RedirectRule = { to = "redirect" } } },
}

local function filter_rules(self, value, body)
  local rules = value.S3Key and value.S3Key.Rules or {}
  for _, rule in ipairs(rules) do
    local name = type(rule.Name) == "string" and rule.Name:lower() or ""
    if name == "prefix" or name == "suffix" then
      body:set("filter_" .. name, self:value(rule.Value))
    else
      self:unsupported(nil, "a filter that is neither prefix nor suffix")
    end
  end
end

local NOTIFICATION = {
  LambdaConfigurations = { to = "lambda_function", props = {
    Function = "lambda_function_arn", Event = "events", Filter = filter_rules } },
  QueueConfigurations = { to = "queue", props = {
    Queue = "queue_arn", Event = "events", Filter = filter_rules } },
  TopicConfigurations = { to = "topic", props = {
    Topic = "topic_arn", Event = "events", Filter = filter_rules } },
  EventBridgeConfiguration = function(self, value, body)
    local enabled = type(value) == "table" and value.EventBridgeEnabled
    body:set("eventbridge", enabled == nil and true or self:value(enabled))
  end,
}

-- The canned ACLs of CloudFormation by their API names.
local ACLS = { Private = "private", PublicRead = "public-read", PublicReadWrite =
  "public-read-write", AuthenticatedRead = "authenticated-read", LogDeliveryWrite =
  "log-delivery-write", BucketOwnerRead = "bucket-owner-read", BucketOwnerFullControl =
  "bucket-owner-full-control", AwsExecRead = "aws-exec-read" }

local OBJECT_LOCK = { ObjectLockEnabled = "object_lock_enabled", Rule = { to = "rule" } }

-- Without versions no replication: each setting waits for the one that it needs.
local function link_order(self)
  for _, block in ipairs(self.blocks) do
    if block.type == "aws_s3_bucket_acl" and self.ownership then
      block.body:raw("depends_on", "[" .. self.ownership .. "]")
    end
  end
end

local function ownership(self, value)
  local body = self:block("aws_s3_bucket_ownership_controls", "ownership")
  self.ownership = self.addresses[#self.addresses]
  body:raw("bucket", self:own("id"))
  self:map(value, { Rules = { to = "rule" } }, body)
end

local function policy_target(self, props, body)
  if values.is_no_value(props.Bucket) then self:unsupported("Bucket", "no bucket") end
  return body and FILTERS
end

return {
  ["AWS::S3::Bucket"] = {
    type = "aws_s3_bucket", ref = "id",
    attributes = { Arn = "arn", DomainName = "bucket_domain_name",
      RegionalDomainName = "bucket_regional_domain_name", WebsiteURL = function(target, address)
        local endpoint = target.website or address(target, "website_endpoint")
        return "\"http://${" .. endpoint .. "}\""
      end },
    props = {
      BucketName = "bucket", ObjectLockEnabled = "object_lock_enabled",
      VersioningConfiguration = { separate = "aws_s3_bucket_versioning", link = LINK,
        props = VERSIONING },
      BucketEncryption = { separate = "aws_s3_bucket_server_side_encryption_configuration",
        suffix = "encryption", link = LINK, props = ENCRYPTION },
      PublicAccessBlockConfiguration = { separate = "aws_s3_bucket_public_access_block",
        suffix = "public_access", link = LINK },
      CorsConfiguration = { separate = "aws_s3_bucket_cors_configuration", suffix = "cors",
        link = LINK, props = CORS },
      LifecycleConfiguration = { separate = "aws_s3_bucket_lifecycle_configuration",
        suffix = "lifecycle", link = LINK, props = LIFECYCLE },
      WebsiteConfiguration = { separate = "aws_s3_bucket_website_configuration",
        suffix = "website", link = LINK, props = WEBSITE },
      LoggingConfiguration = { separate = "aws_s3_bucket_logging", link = LINK,
        props = { DestinationBucketName = "target_bucket", LogFilePrefix = "target_prefix" } },
      NotificationConfiguration = { separate = "aws_s3_bucket_notification", link = LINK,
        props = NOTIFICATION },
      AccelerateConfiguration = { separate = "aws_s3_bucket_accelerate_configuration",
        suffix = "accelerate", link = LINK, props = { AccelerationStatus = "status" } },
      ObjectLockConfiguration = { separate = "aws_s3_bucket_object_lock_configuration",
        suffix = "object_lock", link = LINK, props = OBJECT_LOCK },
      OwnershipControls = ownership,
      AccessControl = { separate = "aws_s3_bucket_acl", suffix = "acl", link = LINK, into = "acl",
        enum = ACLS },
    },
    finish = link_order,
  },
  ["AWS::S3::BucketPolicy"] = { type = "aws_s3_bucket_policy",
    props = { PolicyDocument = { to = "policy", json = true } }, finish = policy_target },
}
