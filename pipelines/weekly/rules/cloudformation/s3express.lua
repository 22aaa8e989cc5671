-- SPDX-License-Identifier: Apache-2.0
local LINK = { bucket = "bucket" }

local ENCRYPTION = { ServerSideEncryptionConfiguration = { to = "rule", props = {
  ServerSideEncryptionByDefault = { to = "apply_server_side_encryption_by_default" } } } }

local LIFECYCLE = { Rules = { to = "rule", defaults = { filter = {} }, props = {
  ExpirationInDays = "expiration.days", Prefix = "filter.prefix",
  ObjectSizeGreaterThan = "filter.object_size_greater_than",
  ObjectSizeLessThan = "filter.object_size_less_than" } } }

return {
  ["AWS::S3Express::DirectoryBucket"] = {
    type = "aws_s3_directory_bucket", ref = "bucket",
    props = { BucketName = "bucket", LocationName = "location.name",
      BucketEncryption = { separate = "aws_s3_bucket_server_side_encryption_configuration",
        suffix = "encryption", link = LINK, props = ENCRYPTION },
      LifecycleConfiguration = { separate = "aws_s3_bucket_lifecycle_configuration",
        suffix = "lifecycle", link = LINK, props = LIFECYCLE } },
  },
  ["AWS::S3Express::BucketPolicy"] = { type = "aws_s3_bucket_policy", ref = "bucket",
    props = { PolicyDocument = { to = "policy", json = true } } },
}
