-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local values = require "std.normalize.cfn.values"

-- Values that the service fills in when an incident starts.
local function dynamic(self, value, body)
  local out = {}
  values.each(self, value, function(item, test)
    local known = not test and type(item) == "table" and type(item.Value) == "table"
    local key = known and self:value(item.Key)
    if type(key) ~= "string" then
      return self:unsupported(nil, "a parameter known only at deploy time")
    end
    out[key] = self:value(item.Value.Variable)
  end)
  body:set("dynamic_parameters", expr.map(out))
end

local AUTOMATION = { to = "ssm_automation", props = {
  DynamicParameters = dynamic,
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
