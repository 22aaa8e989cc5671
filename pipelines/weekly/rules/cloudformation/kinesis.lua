-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::Kinesis::Stream"] = {
    type = "aws_kinesis_stream", ref = "name", name = "name",
    props = {
      RetentionPeriodHours = "retention_period", DesiredShardLevelMetrics = "shard_level_metrics",
      StreamEncryption = { inline = true, props = { KeyId = "kms_key_id" } },
    },
  },
  ["AWS::Kinesis::StreamConsumer"] = { type = "aws_kinesis_stream_consumer", ref = "arn",
    attributes = { ConsumerARN = "arn", ConsumerName = "name", StreamARN = "stream_arn",
      ConsumerCreationTimestamp = "creation_timestamp" },
    props = { ConsumerName = "name" } },
  ["AWS::Kinesis::ResourcePolicy"] = { type = "aws_kinesis_resource_policy",
    ref = "resource_arn", props = { ResourcePolicy = { to = "policy", json = true } } },
}
