-- SPDX-License-Identifier: Apache-2.0
local EPOCH = 'timeadd("1970-01-01T00:00:00Z", "${%s}s")'

local FAILURES = { ErrorHandlingConfig = { to = "error_handling_config", props = {
  FailOnFirstError = "fail_on_first_destination_error" } } }
local FORMAT = { S3OutputFormatConfig = { to = "s3_output_format_config", props = {
  PrefixConfig = { to = "prefix_config", props = {
    PathPrefixHierarchy = "prefix_hierarchy" } } } } }

local CONNECTORS = { S3 = { to = "s3", props = FORMAT },
  Upsolver = { to = "upsolver", props = FORMAT } }
for key, block in pairs { CustomConnector = "custom_connector", EventBridge = "event_bridge",
  Marketo = "marketo", Redshift = "redshift", SAPOData = "sapo_data", Salesforce = "salesforce",
  Snowflake = "snowflake", Zendesk = "zendesk" } do
  CONNECTORS[key] = { to = block, props = FAILURES }
end

local SAP = { to = "sapo_data", props = { parallelismConfig = { to = "parallelism_config",
  props = { maxParallelism = "max_page_size" } } } }

local SCHEDULE = { to = "trigger_properties.scheduled", props = { TimeZone = "timezone",
  FirstExecutionFrom = { to = "first_execution_from", wrap = EPOCH },
  ScheduleStartTime = { to = "schedule_start_time", wrap = EPOCH },
  ScheduleEndTime = { to = "schedule_end_time", wrap = EPOCH } } }

local FLOW = {
  KMSArn = "kms_arn",
  FlowStatus = { drop = "a flow of Terraform is a draft too", only = { "Draft" } },
  DestinationFlowConfigList = { to = "destination_flow_config", props = {
    DestinationConnectorProperties = { to = "destination_connector_properties",
      props = CONNECTORS } } },
  SourceFlowConfig = { to = "source_flow_config", props = { SourceConnectorProperties = {
    to = "source_connector_properties", props = { SAPOData = SAP } } } },
  TriggerConfig = { to = "trigger_config", props = { TriggerProperties = SCHEDULE } },
}

local OAUTH = { ConnectorOAuthRequest = { to = "oauth_request" } }
local CREDENTIALS = { SAPOData = { to = "sapo_data", props = { OAuthCredentials = {
  to = "oauth_credentials", props = OAUTH } } } }
for key, block in pairs { GoogleAnalytics = "google_analytics", Marketo = "marketo",
  Salesforce = "salesforce", Slack = "slack", Zendesk = "zendesk" } do
  CREDENTIALS[key] = { to = block, props = OAUTH }
end

return {
  ["AWS::AppFlow::Flow"] = { type = "aws_appflow_flow", ref = "name",
    attributes = { FlowArn = "arn" }, props = FLOW },
  ["AWS::AppFlow::ConnectorProfile"] = { type = "aws_appflow_connector_profile", ref = "name",
    attributes = { ConnectorProfileArn = "arn", CredentialsArn = "credentials_arn" },
    props = { ConnectorProfileConfig = { to = "connector_profile_config", props = {
      ConnectorProfileCredentials = { to = "connector_profile_credentials",
        props = CREDENTIALS } } } } },
}
