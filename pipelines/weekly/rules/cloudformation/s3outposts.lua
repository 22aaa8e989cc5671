-- SPDX-License-Identifier: Apache-2.0
local TAGS = { to = "tags", pairs = true }

local LIFECYCLE = { Rules = { to = "rule", props = {
  ExpirationInDays = "expiration.days", ExpirationDate = "expiration.date",
  Filter = { to = "filter", props = { Tag = TAGS,
    AndOperator = { inline = true, props = { Tags = TAGS } } } } } } }

return {
  ["AWS::S3Outposts::Bucket"] = { type = "aws_s3control_bucket", ref = "arn",
    props = { BucketName = "bucket", LifecycleConfiguration = {
      separate = "aws_s3control_bucket_lifecycle_configuration", suffix = "lifecycle",
      link = { bucket = "arn" }, props = LIFECYCLE } } },
  ["AWS::S3Outposts::BucketPolicy"] = { type = "aws_s3control_bucket_policy", ref = "bucket",
    props = { PolicyDocument = { to = "policy", json = true } } },
  ["AWS::S3Outposts::AccessPoint"] = { type = "aws_s3_access_point", ref = "arn",
    props = { Policy = { to = "policy", json = true } } },
  ["AWS::S3Outposts::Endpoint"] = { type = "aws_s3outposts_endpoint", ref = "arn",
    props = { FailedReason = { drop = "the service fills it in" } } },
}
