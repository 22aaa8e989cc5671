-- SPDX-License-Identifier: Apache-2.0
local S3 = {
  BufferingHints = { inline = true, props = { IntervalInSeconds = "buffering_interval",
    SizeInMBs = "buffering_size" } },
  CloudWatchLoggingOptions = { to = "cloudwatch_logging_options" },
  EncryptionConfiguration = { inline = true, props = {
    KMSEncryptionConfig = { inline = true, props = { AWSKMSKeyARN = "kms_key_arn" } } } },
  RoleARN = "role_arn", BucketARN = "bucket_arn",
  ProcessingConfiguration = { to = "processing_configuration", props = {
    Processors = { to = "processors", props = { Parameters = { to = "parameters" } } } } },
}

local function destination(name)
  return function(self, value, body)
    body:set("destination", "extended_s3")
    self:map(value, S3, body:single(name))
  end
end

return {
  ["AWS::KinesisFirehose::DeliveryStream"] = {
    type = "aws_kinesis_firehose_delivery_stream", ref = "name", name = "name",
    attributes = { Arn = "arn" },
    props = {
      DeliveryStreamName = "name", DeliveryStreamType = false,
      S3DestinationConfiguration = destination("extended_s3_configuration"),
      ExtendedS3DestinationConfiguration = destination("extended_s3_configuration"),
      KinesisStreamSourceConfiguration = { to = "kinesis_source_configuration", props = {
        KinesisStreamARN = "kinesis_stream_arn", RoleARN = "role_arn" } },
    },
  },
}
