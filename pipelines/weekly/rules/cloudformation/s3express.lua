-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"

local LINK = { bucket = "bucket" }

local ENCRYPTION = { ServerSideEncryptionConfiguration = { to = "rule", props = {
  ServerSideEncryptionByDefault = { to = "apply_server_side_encryption_by_default" } } } }

local LIFECYCLE = { Rules = { to = "rule", defaults = { filter = {} }, props = {
  ExpirationInDays = "expiration.days", Prefix = "filter.prefix",
  ObjectSizeGreaterThan = "filter.object_size_greater_than",
  ObjectSizeLessThan = "filter.object_size_less_than" } } }

-- The name of such a bucket ends with its zone.
local function finish(self, props, body)
  if body:has("bucket") then return end
  local name = names.short((self.scope.stack_name .. "-" .. self.id):lower(), 40)
  local node = expr.template { name, "--", self:value(props.LocationName), "--x-s3" }
  self.scope:assume(("%s has no name: %s"):format(self.id, expr.text(node)))
  body:set("bucket", node)
end

return {
  ["AWS::S3Express::DirectoryBucket"] = {
    type = "aws_s3_directory_bucket", ref = "bucket", finish = finish,
    props = { BucketName = "bucket", LocationName = "location.name",
      BucketEncryption = { separate = "aws_s3_bucket_server_side_encryption_configuration",
        suffix = "encryption", link = LINK, props = ENCRYPTION },
      LifecycleConfiguration = { separate = "aws_s3_bucket_lifecycle_configuration",
        suffix = "lifecycle", link = LINK, props = LIFECYCLE } },
  },
  ["AWS::S3Express::BucketPolicy"] = { type = "aws_s3_bucket_policy", ref = "bucket",
    props = { PolicyDocument = { to = "policy", json = true } } },
}
