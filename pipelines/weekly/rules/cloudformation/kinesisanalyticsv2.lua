-- SPDX-License-Identifier: Apache-2.0
local TYPE = "aws_kinesisanalyticsv2_application"
local SQL = "application_configuration.sql_application_configuration."

return {
  ["AWS::KinesisAnalyticsV2::Application"] = { type = TYPE, ref = "name", name = "name",
    props = { RunConfiguration = { to = "application_configuration.run_configuration" } } },
  ["AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption"] = { type = TYPE,
    part_of = "ApplicationName", into = "cloudwatch_logging_options",
    props = { CloudWatchLoggingOption = { inline = true } } },
  ["AWS::KinesisAnalyticsV2::ApplicationOutput"] = { type = TYPE,
    part_of = "ApplicationName", into = SQL .. "output", props = { Output = { inline = true } } },
  ["AWS::KinesisAnalyticsV2::ApplicationReferenceDataSource"] = { type = TYPE,
    part_of = "ApplicationName", into = SQL .. "reference_data_source",
    props = { ReferenceDataSource = { inline = true } } },
}
