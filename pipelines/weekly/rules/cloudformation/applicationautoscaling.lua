-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

local TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
local PARTS = { "resource_id", "scalable_dimension", "service_namespace" }
local LINK = { resource_id = "resource_id", scalable_dimension = "scalable_dimension",
  service_namespace = "service_namespace" }

local target_id = shared.compound("|", table.unpack(PARTS))

-- The id of a target names all three; a target of the template is named directly.
local function scaling_target(self, value, body)
  local id = shared.resource_of(self, value, TARGET)
  local text = not id and self:text(value)
  for i, name in ipairs(PARTS) do
    if id then
      body:set(name, self.scope:attribute(id, name))
    else
      body:raw(name, ("split(\"|\", %s)[%d]"):format(text, i - 1))
    end
  end
end

return {
  [TARGET] = {
    type = "aws_appautoscaling_target", ref = target_id, attributes = { Id = target_id },
    props = { ScheduledActions = { separate = "aws_appautoscaling_scheduled_action",
      suffix = "scheduled", link = LINK, props = { ScheduledActionName = "name" } } },
  },
  ["AWS::ApplicationAutoScaling::ScalingPolicy"] = {
    type = "aws_appautoscaling_policy", ref = "arn", attributes = { Arn = "arn" },
    props = { PolicyName = "name", ScalingTargetId = scaling_target },
  },
}
