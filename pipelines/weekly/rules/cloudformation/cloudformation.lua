-- SPDX-License-Identifier: Apache-2.0
local PARAMETERS = { key = "ParameterKey", value = "ParameterValue" }

-- Accounts alone are an attribute, accounts of organizational units a block.
local function targets(self, value, body)
  if type(value) == "table" and value.Accounts and not value.OrganizationalUnitIds
      and not value.AccountsUrl then
    return self:map(value, { AccountFilterType = { drop = "accounts alone need no filter",
      only = { "NONE" } } }, body)
  end
  self:map(value, {}, body:block("deployment_targets"))
end

local INSTANCES = { separate = "aws_cloudformation_stack_instances", suffix = "instances",
  link = { stack_set_name = "name" }, props = { DeploymentTargets = targets,
    ParameterOverrides = { to = "parameter_overrides", pairs = PARAMETERS } } }

local function registered(kind, props)
  return { type = "aws_cloudformation_type", ref = "arn", set = { type = '"' .. kind .. '"' },
    props = props }
end

return {
  ["AWS::CloudFormation::StackSet"] = { type = "aws_cloudformation_stack_set",
    ref = "stack_set_id",
    props = { StackInstancesGroup = INSTANCES,
      Parameters = { to = "parameters", pairs = PARAMETERS } } },
  ["AWS::CloudFormation::ResourceVersion"] = registered "RESOURCE",
  ["AWS::CloudFormation::HookVersion"] = registered "HOOK",
  ["AWS::CloudFormation::ModuleVersion"] = registered("MODULE", {
    ModuleName = "type_name", ModulePackage = "schema_handler_package" }),
}
