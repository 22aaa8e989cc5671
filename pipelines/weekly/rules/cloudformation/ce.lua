-- SPDX-License-Identifier: Apache-2.0
local json = require "std.json"

-- Rules and expressions are JSON text in CloudFormation and blocks in Terraform.
local function decoded(self, value)
  local node = self:value(value)
  local ok, data = pcall(json.decode, type(node) == "string" and node or "")
  if ok and type(data) == "table" then return data end
  self:unsupported(nil, "JSON text known only at deploy time")
end

local EXPRESSION = { Dimensions = "dimension", CostCategories = "cost_category", Tags = "tags" }
for _, name in ipairs { "And", "Or", "Not" } do
  EXPRESSION[name] = { to = name:lower(), props = EXPRESSION }
end

local RULE = { Rule = { to = "rule", props = EXPRESSION } }

local function blocks(name, props)
  return function(self, value, body)
    for _, item in ipairs(decoded(self, value) or {}) do
      self:map(item, props, body:block(name))
    end
  end
end

local function expression(self, value, body)
  local data = decoded(self, value)
  if data then self:map(data, EXPRESSION, body:block("threshold_expression")) end
end

-- The older form: the impact in dollars from which on one is told.
local function threshold(self, value, body)
  local block = body:block("threshold_expression"):block("dimension")
  block:set("key", "ANOMALY_TOTAL_IMPACT_ABSOLUTE")
  block:raw("match_options", '["GREATER_THAN_OR_EQUAL"]')
  block:raw("values", ("[%s]"):format(self:text(value)))
end

return {
  ["AWS::CE::AnomalyMonitor"] = { type = "aws_ce_anomaly_monitor", ref = "arn",
    attributes = { MonitorArn = "arn" }, props = { MonitorName = "name", ResourceTags = "tags" } },
  ["AWS::CE::AnomalySubscription"] = { type = "aws_ce_anomaly_subscription", ref = "arn",
    attributes = { SubscriptionArn = "arn" },
    props = {
      SubscriptionName = "name", ResourceTags = "tags", ThresholdExpression = expression,
      Threshold = threshold,
      Subscribers = { to = "subscriber", props = {
        Status = { drop = "the service sets it when the address confirms" } } },
    } },
  ["AWS::CE::CostCategory"] = { type = "aws_ce_cost_category", ref = "arn",
    props = { Rules = blocks("rule", RULE),
      SplitChargeRules = blocks("split_charge_rule", { Parameters = "parameter" }) } },
}
