-- SPDX-License-Identifier: Apache-2.0
-- Maps of CloudFormation that are blocks of a key and a value in Terraform.
local function pairs_of(name) return { to = name, named = "key", scalar = "value" } end

local ACTIONS = { to = "action", named = "name", props = {
  Parameters = pairs_of "parameter", Targets = pairs_of "target",
  StartAfter = "start_after" } }

local TARGETS = { to = "target", named = "name", props = {
  ResourceTags = pairs_of "resource_tag", Parameters = "parameters" } }

local REPORT = { to = "experiment_report_configuration", props = {
  DataSources = { to = "data_sources", props = { CloudWatchDashboards = {
    to = "cloudwatch_dashboard", props = { DashboardIdentifier = "dashboard_arn" } } } },
  Outputs = { to = "outputs", props = { ExperimentReportS3Configuration = "s3_configuration" } },
} }

return {
  ["AWS::FIS::ExperimentTemplate"] = { type = "aws_fis_experiment_template", props = {
    Actions = ACTIONS, Targets = TARGETS, ExperimentReportConfiguration = REPORT } },
}
