-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local function subscriptions(self, value)
  values.each(self, value, function(item, test, i)
    local body = self:block("aws_sns_topic_subscription", "subscription_" .. i, test)
    body:raw("topic_arn", self:own("arn"))
    self:map(item, {}, body)
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
    props = { Subscription = subscriptions },
  },
  ["AWS::SNS::Subscription"] = {
    type = "aws_sns_topic_subscription", ref = "arn",
    props = {
      FilterPolicy = { to = "filter_policy", json = true },
      RedrivePolicy = { to = "redrive_policy", json = true },
      DeliveryPolicy = { to = "delivery_policy", json = true },
    },
  },
  ["AWS::SNS::TopicPolicy"] = { type = "aws_sns_topic_policy", build = each_topic },
}
