-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"

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

return {
  ["AWS::StepFunctions::StateMachine"] = {
    type = "aws_sfn_state_machine", ref = "arn",
    attributes = { Arn = "arn", Name = "name", StateMachineRevisionId = "revision_id" },
    props = {
      StateMachineName = "name", StateMachineType = "type", Definition = false,
      DefinitionString = false, DefinitionSubstitutions = false,
      LoggingConfiguration = { to = "logging_configuration", props = {
        Destinations = function(self, value, body)
          local first = value[1] or {}
          local group = first.CloudWatchLogsLogGroup or {}
          body:raw("log_destination", ("\"${trimsuffix(%s, \":*\")}:*\""):format(
            self:text(group.LogGroupArn)))
        end } },
      TracingConfiguration = { to = "tracing_configuration" },
      EncryptionConfiguration = { to = "encryption_configuration" },
    },
    finish = function(self, props, body)
      local text = definition(self, props)
      if text then body:raw("definition", text) end
    end,
  },
  ["AWS::StepFunctions::Activity"] = { type = "aws_sfn_activity", ref = "id",
    attributes = { Arn = "id", Name = "name" }, props = { EncryptionConfiguration = {
      to = "encryption_configuration" } } },
}
