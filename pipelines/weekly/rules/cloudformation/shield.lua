-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local function account(_, _, scope)
  scope.data.aws_caller_identity = true
  return "data.aws_caller_identity.current.account_id"
end

-- One resource for each text of a list.
local function each_text(type_name, suffix, attribute, link)
  return function(self, value)
    values.each(self, value, function(item, test, i)
      local body = self:block(type_name, suffix .. "_" .. i, test)
      for name, own in pairs(link) do body:raw(name, self:own(own)) end
      body:set(attribute, self:value(item))
    end)
  end
end

local function automatic_response(self, value)
  local action = type(value) == "table" and type(value.Action) == "table" and value.Action or {}
  local name = action.Block and "BLOCK" or action.Count and "COUNT"
  if not name then return self:unsupported(nil, "an action known only at deploy time") end
  local body = self:block("aws_shield_application_layer_automatic_response", "response")
  body:raw("resource_arn", self:own("resource_arn"))
  body:set("action", name)
  self:map(value, { Action = shared.elsewhere, Status = { drop = "the resource is the response",
    only = { "ENABLED" } } }, body)
end

return {
  ["AWS::Shield::DRTAccess"] = { type = "aws_shield_drt_access_role_arn_association",
    ref = account, attributes = { AccountId = account },
    props = { LogBucketList = each_text("aws_shield_drt_access_log_bucket_association", "bucket",
      "log_bucket", { role_arn_association_id = "id" }) } },
  ["AWS::Shield::ProactiveEngagement"] = { type = "aws_shield_proactive_engagement",
    ref = account, attributes = { AccountId = account },
    props = { EmergencyContactList = { to = "emergency_contact" },
      ProactiveEngagementStatus = { to = "enabled",
        enum = { ENABLED = true, DISABLED = false } } } },
  ["AWS::Shield::Protection"] = { type = "aws_shield_protection", ref = "arn",
    attributes = { ProtectionArn = "arn", ProtectionId = "id" },
    props = { ApplicationLayerAutomaticResponseConfiguration = automatic_response,
      HealthCheckArns = each_text("aws_shield_protection_health_check_association", "health",
        "health_check_arn", { shield_protection_id = "id" }) } },
  ["AWS::Shield::ProtectionGroup"] = { type = "aws_shield_protection_group",
    ref = "protection_group_arn", props = {} },
}
