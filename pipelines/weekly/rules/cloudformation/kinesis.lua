-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::Kinesis::Stream"] = {
    type = "aws_kinesis_stream", ref = "name", name = "name", attributes = { Arn = "arn" },
    props = {
      RetentionPeriodHours = "retention_period",
      StreamEncryption = { inline = true, props = {
        EncryptionType = "encryption_type", KeyId = "kms_key_id" } },
      StreamModeDetails = { to = "stream_mode_details" },
    },
  },
  ["AWS::Kinesis::StreamConsumer"] = { type = "aws_kinesis_stream_consumer", ref = "arn",
    attributes = { ConsumerARN = "arn", ConsumerName = "name", StreamARN = "stream_arn" },
    props = { ConsumerName = "name", StreamARN = "stream_arn" } },
}
