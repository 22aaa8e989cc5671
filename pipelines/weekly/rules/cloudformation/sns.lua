-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local function subscriptions(self, value)
  shared.structures(self, value, function(item, test, i)
    local body = self:block("aws_sns_topic_subscription", "subscription_" .. i, test)
    body:raw("topic_arn", self:own("arn"))
    self:map(item, {}, body)
  end)
end

local PROTOCOLS = { ["http/s"] = "http", sqs = "sqs", lambda = "lambda", firehose = "firehose",
  application = "application" }

-- Terraform has one set of attributes for each protocol.
local function delivery_logging(self, value, body)
  shared.structures(self, value, function(item)
    local protocol = type(item.Protocol) == "string" and PROTOCOLS[item.Protocol]
    if not protocol then return self:unsupported(nil, "a protocol known only at deploy time") end
    self:map(item, { Protocol = shared.elsewhere,
      FailureFeedbackRoleArn = protocol .. "_failure_feedback_role_arn",
      SuccessFeedbackRoleArn = protocol .. "_success_feedback_role_arn",
      SuccessFeedbackSampleRate = protocol .. "_success_feedback_sample_rate" }, body)
  end)
end

local function each_topic(self, props)
  values.each(self, props.Topics, function(topic, test)
    local suffix = #self.blocks > 0 and tostring(#self.blocks + 1) or nil
    local body = self:block("aws_sns_topic_policy", suffix, test)
    body:set("arn", self:value(topic))
    self:map({ PolicyDocument = props.PolicyDocument },
      { PolicyDocument = { to = "policy", json = true } }, body)
  end)
end

return {
  ["AWS::SNS::Topic"] = {
    type = "aws_sns_topic", ref = "arn", attributes = { TopicArn = "arn", TopicName = "name" },
    props = { Subscription = subscriptions, DeliveryStatusLogging = delivery_logging,
      DataProtectionPolicy = { separate = "aws_sns_topic_data_protection_policy",
        suffix = "data_protection", link = { arn = "arn" }, into = "policy" } },
  },
  ["AWS::SNS::Subscription"] = {
    type = "aws_sns_topic_subscription", ref = "arn",
    props = {
      Region = shared.own_region,
      FilterPolicy = { to = "filter_policy", json = true },
      RedrivePolicy = { to = "redrive_policy", json = true },
      DeliveryPolicy = { to = "delivery_policy", json = true },
    },
  },
  ["AWS::SNS::TopicInlinePolicy"] = { type = "aws_sns_topic_policy", ref = "arn",
    props = { TopicArn = "arn", PolicyDocument = { to = "policy", json = true } } },
  ["AWS::SNS::TopicPolicy"] = { type = "aws_sns_topic_policy", build = each_topic },
}
