-- SPDX-License-Identifier: Apache-2.0
-- What std.normalize.serverless makes that CloudFormation has no type for: the framework does it by
-- a custom resource, Terraform by a resource.
return {
  ["AWS::Serverless::BucketNotification"] = { type = "aws_s3_bucket_notification", props = {
    LambdaConfigurations = { to = "lambda_function", props = { Function = "lambda_function_arn",
      Event = "events", Prefix = "filter_prefix", Suffix = "filter_suffix" } } } },
}
