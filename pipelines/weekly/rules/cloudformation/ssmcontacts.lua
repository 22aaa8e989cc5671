-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

-- "09:30" is a block of two numbers.
local function time(name)
  return function(self, value, body)
    local node = self:value(value)
    local hour, minute = tostring(node):match("^(%d%d?):(%d%d)$")
    if not hour then return self:unsupported(nil, "a time that is not written out") end
    local block = body:block(name)
    block:set("hour_of_day", math.tointeger(tonumber(hour)))
    block:set("minute_of_hour", math.tointeger(tonumber(minute)))
  end
end

local function daily(self, value, body)
  values.each(self, value, function(item)
    time "daily_settings"(self, item, body)
  end)
end

local SETTINGS = { HandOffTime = time "hand_off_time" }

local RECURRENCE = { to = "recurrence", props = {
  DailySettings = daily,
  MonthlySettings = { to = "monthly_settings", props = SETTINGS },
  WeeklySettings = { to = "weekly_settings", props = SETTINGS },
  ShiftCoverages = { to = "shift_coverages", props = { DayOfWeek = "map_block_key",
    CoverageTimes = { to = "coverage_times", props = {
      StartTime = time "start", EndTime = time "end" } } } } } }

local TARGETS = { to = "target", props = { ChannelTargetInfo = { to = "channel_target_info",
  props = { ChannelId = "contact_channel_id" } } } }

local PLAN = { to = "stage", props = { Targets = TARGETS } }

return {
  ["AWS::SSMContacts::Contact"] = { type = "aws_ssmcontacts_contact", ref = "arn", props = {
    Plan = { separate = "aws_ssmcontacts_plan", suffix = "plan", link = { contact_id = "arn" },
      into = "stage", props = PLAN.props } } },
  ["AWS::SSMContacts::ContactChannel"] = { type = "aws_ssmcontacts_contact_channel", ref = "arn",
    props = { ChannelAddress = "delivery_address.simple_address", ChannelName = "name",
      ChannelType = "type" } },
  ["AWS::SSMContacts::Plan"] = { type = "aws_ssmcontacts_plan", ref = "contact_id",
    attributes = { Arn = "contact_id" }, props = { Stages = PLAN } },
  ["AWS::SSMContacts::Rotation"] = { type = "aws_ssmcontacts_rotation", ref = "arn",
    props = { Recurrence = RECURRENCE } },
}
