-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local values = require "std.normalize.cfn.values"

-- CloudFormation names parts of an instance by ARN, Terraform by id: the last part of the ARN.
local IDS = {
  aws_connect_instance = "id", aws_connect_queue = "queue_id", aws_connect_user = "user_id",
  aws_connect_contact_flow = "contact_flow_id", aws_connect_phone_number = "id",
  aws_connect_hours_of_operation = "hours_of_operation_id",
  aws_connect_quick_connect = "quick_connect_id",
  aws_connect_routing_profile = "routing_profile_id",
  aws_connect_security_profile = "security_profile_id",
  aws_connect_user_hierarchy_group = "hierarchy_group_id",
}

local function id_of(node)
  local text = type(node) == "table" and node.k == "raw" and node.text or ""
  local kind = text:match("^(aws_connect_[%w_]+)%.[%w_]+%.arn$")
  if IDS[kind] then return expr.raw((text:gsub("arn$", IDS[kind])), "string") end
  if type(node) == "string" then return node:match("[^/]*$") end
  return expr.raw(('element(reverse(split("/", %s)), 0)'):format(expr.text(node)), "string")
end

local function id(name)
  return function(self, value, body)
    if not values.is_no_value(value) then body:set(name, id_of(self:value(value))) end
  end
end

local function ids(name)
  return function(self, value, body)
    local items = {}
    values.each(self, value, function(item, test)
      if test then return self:unsupported(nil, "an item under a condition") end
      items[#items + 1] = id_of(self:value(item))
    end)
    body:set(name, expr.list(items))
  end
end

local INSTANCE = id "instance_id"

local function part(kind, name, props)
  props.InstanceArn = INSTANCE
  return { type = "aws_connect_" .. kind, ref = "arn", attributes = { [name .. "Arn"] = "arn" },
    props = props }
end

local FEATURES = {
  InboundCalls = "inbound_calls_enabled", OutboundCalls = "outbound_calls_enabled",
  ContactflowLogs = "contact_flow_logs_enabled", ContactLens = "contact_lens_enabled",
  AutoResolveBestVoices = "auto_resolve_best_voices_enabled", EarlyMedia = "early_media_enabled",
  MultiPartyConference = "multi_party_conference_enabled",
}

local STORAGE = { InstanceArn = INSTANCE, StorageType = "storage_config.storage_type",
  S3Config = "storage_config.s3_config",
  KinesisFirehoseConfig = "storage_config.kinesis_firehose_config",
  KinesisStreamConfig = "storage_config.kinesis_stream_config",
  KinesisVideoStreamConfig = "storage_config.kinesis_video_stream_config" }

local QUICK = { to = "quick_connect_config", props = {
  QueueConfig = { to = "queue_config", props = { ContactFlowArn = id "contact_flow_id",
    QueueArn = id "queue_id" } },
  UserConfig = { to = "user_config", props = { ContactFlowArn = id "contact_flow_id",
    UserArn = id "user_id" } } } }

local QUEUES = { to = "queue_configs", props = { QueueReference = { inline = true, props = {
  QueueArn = id "queue_id" } } } }

return {
  ["AWS::Connect::Instance"] = { type = "aws_connect_instance", ref = "arn",
    attributes = { InstanceStatus = "status" },
    props = { Attributes = { inline = true, props = FEATURES } } },
  ["AWS::Connect::InstanceStorageConfig"] = { type = "aws_connect_instance_storage_config",
    ref = false, props = STORAGE },
  ["AWS::Connect::ContactFlow"] = part("contact_flow", "ContactFlow", {}),
  ["AWS::Connect::ContactFlowModule"] = part("contact_flow_module", "ContactFlowModule", {}),
  ["AWS::Connect::HoursOfOperation"] = part("hours_of_operation", "HoursOfOperation", {}),
  ["AWS::Connect::PhoneNumber"] = { type = "aws_connect_phone_number", ref = "arn",
    attributes = { PhoneNumberArn = "arn", Address = "phone_number" } },
  ["AWS::Connect::Queue"] = part("queue", "Queue", {
    HoursOfOperationArn = id "hours_of_operation_id", QuickConnectArns = ids "quick_connect_ids",
    OutboundCallerConfig = { to = "outbound_caller_config", props = {
      OutboundCallerIdNumberArn = id "outbound_caller_id_number_id",
      OutboundFlowArn = id "outbound_flow_id" } } }),
  ["AWS::Connect::QuickConnect"] = part("quick_connect", "QuickConnect", {
    QuickConnectConfig = QUICK }),
  ["AWS::Connect::RoutingProfile"] = part("routing_profile", "RoutingProfile", {
    DefaultOutboundQueueArn = id "default_outbound_queue_id", QueueConfigs = QUEUES }),
  ["AWS::Connect::SecurityProfile"] = part("security_profile", "SecurityProfile", {
    SecurityProfileName = "name" }),
  ["AWS::Connect::User"] = part("user", "User", {
    Username = "name", HierarchyGroupArn = id "hierarchy_group_id",
    RoutingProfileArn = id "routing_profile_id",
    SecurityProfileArns = ids "security_profile_ids" }),
  ["AWS::Connect::UserHierarchyGroup"] = part("user_hierarchy_group", "UserHierarchyGroup", {
    ParentGroupArn = id "parent_group_id" }),
  ["AWS::Connect::UserHierarchyStructure"] = {
    type = "aws_connect_user_hierarchy_structure", ref = false,
    props = { InstanceArn = INSTANCE, UserHierarchyStructure = "hierarchy_structure" } },
  ["AWS::Connect::Vocabulary"] = { type = "aws_connect_vocabulary", ref = "arn",
    attributes = { VocabularyId = "vocabulary_id" } },
  ["AWS::Connect::IntegrationAssociation"] = {
    type = "aws_connect_lambda_function_association", ref = false,
    props = { InstanceId = INSTANCE, IntegrationArn = "function_arn",
      IntegrationType = { drop = "the resource's type says it",
        only = { "LAMBDA_FUNCTION" } } } },
}
