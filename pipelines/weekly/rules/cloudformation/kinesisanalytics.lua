-- SPDX-License-Identifier: Apache-2.0
local SCHEMA = { to = "schema", props = { RecordFormat = { to = "record_format", props = {
  RecordFormatType = { drop = "the parameters of the mapping say it" },
  MappingParameters = { to = "mapping_parameters", props = {
    CSVMappingParameters = { to = "csv" }, JSONMappingParameters = { to = "json" } } } } } } }

local INPUTS = { to = "inputs", props = {
  InputParallelism = { to = "parallelism" }, InputSchema = SCHEMA,
  InputProcessingConfiguration = { to = "processing_configuration", props = {
    InputLambdaProcessor = { to = "lambda" } } },
  KinesisFirehoseInput = { to = "kinesis_firehose" },
  KinesisStreamsInput = { to = "kinesis_stream" } } }

local OUTPUT = { inline = true, props = { DestinationSchema = { to = "schema" },
  KinesisFirehoseOutput = { to = "kinesis_firehose" },
  KinesisStreamsOutput = { to = "kinesis_stream" }, LambdaOutput = { to = "lambda" } } }

local REFERENCE = { inline = true, props = { ReferenceSchema = SCHEMA,
  S3ReferenceDataSource = { to = "s3", props = { ReferenceRoleARN = "role_arn" } } } }

local TYPE = "aws_kinesis_analytics_application"

return {
  ["AWS::KinesisAnalytics::Application"] = { type = TYPE, ref = "name", name = "name",
    attributes = { Id = "name" }, props = { Inputs = INPUTS } },
  ["AWS::KinesisAnalytics::ApplicationOutput"] = { type = TYPE, part_of = "ApplicationName",
    into = "outputs", props = { Output = OUTPUT } },
  ["AWS::KinesisAnalytics::ApplicationReferenceDataSource"] = { type = TYPE,
    part_of = "ApplicationName", into = "reference_data_sources",
    props = { ReferenceDataSource = REFERENCE } },
}
