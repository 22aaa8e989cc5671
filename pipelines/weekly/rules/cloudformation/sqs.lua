-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local function each_queue(self, props)
  values.each(self, props.Queues, function(queue, test)
    local suffix = #self.blocks > 0 and tostring(#self.blocks + 1) or nil
    local body = self:block("aws_sqs_queue_policy", suffix, test)
    body:set("queue_url", self:value(queue))
    self:map({ PolicyDocument = props.PolicyDocument },
      { PolicyDocument = { to = "policy", json = true } }, body)
  end)
end

return {
  ["AWS::SQS::Queue"] = {
    type = "aws_sqs_queue", ref = "url",
    attributes = { Arn = "arn", QueueName = "name", QueueUrl = "url" },
    props = {
      MaximumMessageSize = "max_message_size",
      MessageRetentionPeriod = "message_retention_seconds",
      ReceiveMessageWaitTimeSeconds = "receive_wait_time_seconds",
      VisibilityTimeout = "visibility_timeout_seconds",
      RedrivePolicy = { to = "redrive_policy", json = true },
      RedriveAllowPolicy = { to = "redrive_allow_policy", json = true },
    },
  },
  ["AWS::SQS::QueueInlinePolicy"] = { type = "aws_sqs_queue_policy", ref = "queue_url",
    props = { Queue = "queue_url", PolicyDocument = { to = "policy", json = true } } },
  ["AWS::SQS::QueuePolicy"] = { type = "aws_sqs_queue_policy", build = each_queue },
}
