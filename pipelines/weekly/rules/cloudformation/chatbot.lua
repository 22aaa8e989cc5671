-- SPDX-License-Identifier: Apache-2.0
local COMMON = { GuardrailPolicies = "guardrail_policy_arns",
  UserRoleRequired = "user_authorization_required" }

local function with(props)
  for key, value in pairs(COMMON) do props[key] = value end
  return props
end

return {
  ["AWS::Chatbot::SlackChannelConfiguration"] = { type = "aws_chatbot_slack_channel_configuration",
    ref = "chat_configuration_arn", attributes = { Arn = "chat_configuration_arn" },
    props = with { SlackWorkspaceId = "slack_team_id" } },
  ["AWS::Chatbot::MicrosoftTeamsChannelConfiguration"] = {
    type = "aws_chatbot_teams_channel_configuration", ref = "chat_configuration_arn",
    attributes = { Arn = "chat_configuration_arn" },
    props = with { TeamsChannelId = "channel_id", TeamsChannelName = "channel_name",
      TeamsTenantId = "tenant_id" } },
}
