-- SPDX-License-Identifier: Apache-2.0
local AUTOMATION = { to = "ssm_automation", props = {
  Parameters = { to = "parameter", props = { Key = "name" } } } }

local PAGERDUTY = { to = "pagerduty", props = {
  PagerDutyIncidentConfiguration = { inline = true } } }

return {
  ["AWS::SSMIncidents::ReplicationSet"] = { type = "aws_ssmincidents_replication_set",
    ref = "arn",
    props = {
      Regions = { to = "region", props = { RegionName = "name",
        RegionConfiguration = { inline = true, props = { SseKmsKeyId = "kms_key_arn" } } } },
      DeletionProtected = { drop = "the default", only = { false } },
    } },
  ["AWS::SSMIncidents::ResponsePlan"] = { type = "aws_ssmincidents_response_plan", ref = "arn",
    props = {
      ChatChannel = { inline = true, props = { ChatbotSns = "chat_channel" } },
      Actions = { to = "action", props = { SsmAutomation = AUTOMATION } },
      Integrations = { to = "integration", props = { PagerDutyConfiguration = PAGERDUTY } },
    } },
}
