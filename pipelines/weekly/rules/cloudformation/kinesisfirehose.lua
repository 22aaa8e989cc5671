-- SPDX-License-Identifier: Apache-2.0
local BUFFERING = { inline = true, props = { IntervalInSeconds = "buffering_interval",
  SizeInMBs = "buffering_size" } }
local RETRY = { inline = true, props = { DurationInSeconds = "retry_duration" } }
local ENCRYPTION = { inline = true, props = {
  KMSEncryptionConfig = { inline = true, props = { AWSKMSKeyARN = "kms_key_arn" } },
  NoEncryptionConfig = { drop = "what a destination is without a key",
    only = { "NoEncryption" } } } }

local S3 = { BufferingHints = BUFFERING, EncryptionConfiguration = ENCRYPTION }

-- What every destination has, with what is its own.
local function destination(block, own)
  local props = {
    BufferingHints = BUFFERING, RetryOptions = RETRY, EncryptionConfiguration = ENCRYPTION,
    S3Configuration = { to = "s3_configuration", props = S3 },
    S3BackupConfiguration = { to = "s3_backup_configuration", props = S3 },
    VpcConfiguration = { to = "vpc_config" },
  }
  for key, spec in pairs(own or {}) do props[key] = spec end
  return { to = block, props = props }
end

local EXTENDED = destination("extended_s3_configuration", { DynamicPartitioningConfiguration = {
  to = "dynamic_partitioning_configuration", props = { RetryOptions = RETRY } } })

local HTTP = { EndpointConfiguration = { inline = true }, RequestConfiguration = {
  to = "request_configuration", props = { CommonAttributes = { to = "common_attributes",
    props = { AttributeName = "name", AttributeValue = "value" } } } } }

local ICEBERG = { CatalogConfiguration = { inline = true }, DestinationTableConfigurationList = {
  to = "destination_table_configuration", props = { DestinationDatabaseName = "database_name",
    DestinationTableName = "table_name" } } }

local KINDS = { "extended_s3", "http_endpoint", "iceberg", "elasticsearch", "opensearch",
  "opensearchserverless", "redshift", "snowflake", "splunk" }

local function finish(_, _, body)
  for _, kind in ipairs(KINDS) do
    if body:has(kind .. "_configuration") then body:set("destination", kind) end
  end
end

return {
  ["AWS::KinesisFirehose::DeliveryStream"] = {
    type = "aws_kinesis_firehose_delivery_stream", ref = "name", name = "name",
    props = {
      DeliveryStreamType = { drop = "the source of the stream says it" },
      DeliveryStreamEncryptionConfigurationInput = { to = "server_side_encryption",
        set = { enabled = "true" } },
      S3DestinationConfiguration = EXTENDED, ExtendedS3DestinationConfiguration = EXTENDED,
      HttpEndpointDestinationConfiguration = destination("http_endpoint_configuration", HTTP),
      IcebergDestinationConfiguration = destination("iceberg_configuration", ICEBERG),
      ElasticsearchDestinationConfiguration = destination "elasticsearch_configuration",
      AmazonopensearchserviceDestinationConfiguration = destination "opensearch_configuration",
      AmazonOpenSearchServerlessDestinationConfiguration = destination(
        "opensearchserverless_configuration"),
      RedshiftDestinationConfiguration = destination("redshift_configuration",
        { CopyCommand = { inline = true } }),
      SnowflakeDestinationConfiguration = destination "snowflake_configuration",
      SplunkDestinationConfiguration = destination("splunk_configuration",
        { HECAcknowledgmentTimeoutInSeconds = "hec_acknowledgment_timeout" }),
      KinesisStreamSourceConfiguration = { to = "kinesis_source_configuration" },
    },
    finish = finish,
  },
}
