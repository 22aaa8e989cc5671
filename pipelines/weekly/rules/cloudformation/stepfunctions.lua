-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local shared = require "std.normalize.cfn.shared"

-- ${name} in the definition stands for a substitution; without any the text is taken as it is.
local function definition(self, props)
  local substitutions = props.DefinitionSubstitutions
  local value = props.DefinitionString
  local node = value ~= nil and self:value(value) or props.Definition and
    expr.raw(expr.json(self:value(props.Definition), 1))
  if not node then return self:unsupported("Definition", "the definition is in another place") end
  local text = expr.text(node, 1)
  for _, name in ipairs(names.sorted_keys(substitutions or {})) do
    text = ("replace(%s, \"$${%s}\", %s)"):format(text, name, self:text(substitutions[name]))
  end
  return text
end

local function destinations(self, value, body)
  shared.structures(self, value, function(item)
    local group = item.CloudWatchLogsLogGroup
    if type(group) ~= "table" then return self:unsupported(nil, "no log group") end
    body:raw("log_destination", ("\"${trimsuffix(%s, \":*\")}:*\""):format(
      self:text(group.LogGroupArn)))
  end)
end

local function finish(self, props, body)
  local text = definition(self, props)
  if text then body:raw("definition", text) end
  if self.scope.published[self.id] then body:raw("publish", "true") end
end

local UPDATE = "it says how traffic moves during an update"

-- What a gradual update ends with: all traffic on one version.
local PREFERENCE = { to = "routing_configuration", defaults = { weight = "100" },
  props = { Type = { drop = UPDATE }, Percentage = { drop = UPDATE },
    Interval = { drop = UPDATE }, Alarms = { drop = UPDATE } } }

return {
  ["AWS::StepFunctions::StateMachine"] = {
    type = "aws_sfn_state_machine", ref = "arn",
    attributes = { StateMachineRevisionId = "revision_id" },
    props = {
      StateMachineName = "name", StateMachineType = "type", Definition = shared.elsewhere,
      DefinitionString = shared.elsewhere, DefinitionSubstitutions = shared.elsewhere,
      LoggingConfiguration = { to = "logging_configuration", props = {
        Destinations = destinations } },
    },
    finish = finish,
  },
  ["AWS::StepFunctions::StateMachineVersion"] = { type = "aws_sfn_state_machine",
    part_of = "StateMachineArn", ref = "state_machine_version_arn",
    attributes = { Arn = "state_machine_version_arn" },
    props = { Description = { drop = "a version has no description of its own in Terraform" },
      StateMachineRevisionId = { drop = "a version is made of the revision that is deployed" } } },
  ["AWS::StepFunctions::StateMachineAlias"] = { type = "aws_sfn_alias", ref = "arn",
    name = "name", props = { DeploymentPreference = PREFERENCE,
      StateMachineArn = { drop = "the versions name it" } } },
  ["AWS::StepFunctions::Activity"] = { type = "aws_sfn_activity", ref = "id",
    attributes = { Arn = "id", Name = "name" }, props = {} },
}
