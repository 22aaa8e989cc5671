-- SPDX-License-Identifier: Apache-2.0
local names = require "std.normalize.names"
local values = require "std.normalize.cfn.values"

-- Terraform writes a time as 2024-01-31_13:00; CloudFormation as seconds or as an ISO date.
local function time_text(self, value)
  local node = self:value(value)
  if type(node) == "number" or type(node) == "string" and node:match("^%d+$") then
    return os.date("!%Y-%m-%d_%H:%M", math.tointeger(tonumber(node)))
  end
  local date, hour = tostring(node):match("^(%d%d%d%d%-%d%d%-%d%d)[T_ ]?(%d?%d?:?%d?%d?)")
  if type(node) == "string" and date then
    return date .. "_" .. (#hour == 5 and hour or "00:00")
  end
  self:unsupported(nil, "a time that is not written out")
end

local function time(name)
  return function(self, value, body) body:set(name, time_text(self, value)) end
end

local function planned_limits(self, value, body)
  if type(value) ~= "table" or values.is_intrinsic(value) then
    return self:unsupported(nil, "a structure known only at deploy time")
  end
  for _, start in ipairs(names.sorted_keys(value)) do
    local block = body:block("planned_limit")
    self.scope:at(start, function()
      block:set("start_time", time_text(self, start))
      self:map(value[start], { Amount = "amount", Unit = "unit" }, block)
    end)
  end
end

local ADDRESSES = { EMAIL = "subscriber_email_addresses", SNS = "subscriber_sns_topic_arns" }

local function subscribers(self, value, body)
  local lists = {}
  values.each(self, value, function(item, test)
    local name = type(item) == "table" and ADDRESSES[item.SubscriptionType]
    if not name or test then
      return self:unsupported(nil, "a subscriber known only at deploy time")
    end
    lists[name] = lists[name] or {}
    table.insert(lists[name], item.Address)
  end)
  for _, name in ipairs(names.sorted_keys(lists)) do body:set(name, self:value(lists[name])) end
end

local BUDGET = {
  BudgetName = "name",
  BudgetLimit = { inline = true, props = { Amount = "limit_amount", Unit = "limit_unit" } },
  TimePeriod = { inline = true, props = { Start = time "time_period_start",
    End = time "time_period_end" } },
  CostFilters = { to = "cost_filter", named = "name", scalar = "values" },
  PlannedBudgetLimits = planned_limits,
}

return {
  ["AWS::Budgets::Budget"] = { type = "aws_budgets_budget", ref = "name", props = {
    Budget = { inline = true, props = BUDGET }, ResourceTags = "tags",
    NotificationsWithSubscribers = { to = "notification",
      defaults = { threshold_type = '"PERCENTAGE"' },
      props = { Notification = { inline = true }, Subscribers = subscribers } },
  } },
  ["AWS::Budgets::BudgetsAction"] = { type = "aws_budgets_budget_action",
    ref = { "action_id", "budget_name" },
    props = {
      ActionThreshold = { to = "action_threshold", props = {
        Type = "action_threshold_type", Value = "action_threshold_value" } },
      Definition = { to = "definition", props = { SsmActionDefinition = {
        to = "ssm_action_definition", props = { Subtype = "action_sub_type" } } } },
      Subscribers = { to = "subscriber", props = { Type = "subscription_type" } },
      ResourceTags = "tags",
    } },
}
