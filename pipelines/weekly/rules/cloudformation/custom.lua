-- SPDX-License-Identifier: Apache-2.0
-- Custom resources that the CDK makes by itself and Terraform has as resources or settings. What
-- another provider makes under such a name is no rule's business: see of_cdk.
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

-- `mark` is in the logical id that the CDK gives to the function behind the resource.
local function of_cdk(mark, rule)
  rule.props.ServiceToken = rule.props.ServiceToken
    or { drop = "the provider does what the CDK's function does" }
  return { variants = { rule }, choose = function(props)
    local id = shared.logical_id(props.ServiceToken)
    return id and id:find(mark, 1, true) and 1 or 0
  end }
end

-- Without rules of its own the default group keeps none.
local function default_group(self, value, body)
  local id = shared.resource_of(self, value, "AWS::EC2::VPC")
  if not id then return self:unsupported(nil, "the default group of another network") end
  body:set("vpc_id", self:value { Ref = id })
end

local function event_bridge(_, value, body)
  if not values.is_no_value(value) then body:raw("eventbridge", "true") end
end

local FILTER = { inline = true, props = { Key = { inline = true, props = {
  FilterRules = shared.key_filter } } } }

local function destination(block, key, attribute)
  return { to = block, props = { [key] = attribute, Filter = FILTER } }
end

local NOTIFICATIONS = { inline = true, props = {
  LambdaFunctionConfigurations = destination("lambda_function", "LambdaFunctionArn",
    "lambda_function_arn"),
  QueueConfigurations = destination("queue", "QueueArn", "queue_arn"),
  TopicConfigurations = destination("topic", "TopicArn", "topic_arn"),
  EventBridgeConfiguration = event_bridge,
} }

return {
  ["Custom::S3AutoDeleteObjects"] = of_cdk("S3AutoDeleteObjects", { type = "aws_s3_bucket",
    part_of = "BucketName", into = ".", props = {
      ServiceToken = function(_, _, body) body:raw("force_destroy", "true") end } }),
  ["Custom::VpcRestrictDefaultSG"] = of_cdk("VpcRestrictDefaultSG", {
    type = "aws_default_security_group", ref = "id", props = {
      DefaultSecurityGroupId = default_group,
      Account = { drop = "the group is of the account that deploys" } } }),
  ["Custom::LogRetention"] = of_cdk("LogRetention", { type = "aws_cloudwatch_log_group",
    ref = "name", attributes = { LogGroupName = "name" }, props = {
      LogGroupName = "name", RetentionInDays = "retention_in_days",
      LogGroupRegion = shared.own_region,
      RemovalPolicy = { drop = "Terraform destroys what it made" },
      SdkRetry = { drop = "how the CDK's function asks" } } }),
  ["Custom::S3BucketNotifications"] = of_cdk("BucketNotificationsHandler", {
    type = "aws_s3_bucket_notification", props = {
      BucketName = "bucket", NotificationConfiguration = NOTIFICATIONS,
      Managed = { drop = "the resource is all that the bucket notifies", only = { true } },
      SkipDestinationValidation = { drop = "the service checks destinations" } } }),
}
