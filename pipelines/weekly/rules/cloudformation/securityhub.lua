-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local VALUE = { Boolean = "bool.value", Double = "double.value", Enum = "enum.value",
  EnumList = "enum_list.value", Integer = "int.value", IntegerList = "int_list.value",
  String = "string.value", StringList = "string_list.value" }

local CONTROLS = { to = "security_controls_configuration", props = {
  DisabledSecurityControlIdentifiers = "disabled_control_identifiers",
  EnabledSecurityControlIdentifiers = "enabled_control_identifiers",
  SecurityControlCustomParameters = { to = "security_control_custom_parameter", props = {
    Parameters = { to = "parameter", named = "name", props = {
      Value = { inline = true, props = VALUE } } } } } } }

-- A control is there only once the standard is; the condition is always true.
local function disabled_controls(self, value)
  values.each(self, value, function(item, test, i)
    local body = self:block("aws_securityhub_standards_control", "control_" .. i, test)
    body:raw("control_status", ('length(%s) > 0 ? "DISABLED" : "ENABLED"'):format(self:own("id")))
    self:map(item, { Reason = "disabled_reason" }, body)
  end)
end

return {
  ["AWS::SecurityHub::Hub"] = { type = "aws_securityhub_account", ref = "arn" },
  ["AWS::SecurityHub::AutomationRule"] = { type = "aws_securityhub_automation_rule", ref = "arn",
    attributes = { RuleArn = "arn" } },
  ["AWS::SecurityHub::ConfigurationPolicy"] = { type = "aws_securityhub_configuration_policy",
    ref = "arn",
    props = { ConfigurationPolicy = { to = "configuration_policy", props = {
      SecurityHub = { inline = true, props = { SecurityControlsConfiguration = CONTROLS,
        EnabledStandardIdentifiers = "enabled_standard_arns" } } } } } },
  ["AWS::SecurityHub::DelegatedAdmin"] = { type = "aws_securityhub_organization_admin_account",
    ref = false },
  ["AWS::SecurityHub::FindingAggregator"] = { type = "aws_securityhub_finding_aggregator",
    attributes = { FindingAggregatorArn = "id" },
    props = { RegionLinkingMode = "linking_mode", Regions = "specified_regions" } },
  ["AWS::SecurityHub::Insight"] = { type = "aws_securityhub_insight", ref = "arn",
    attributes = { InsightArn = "arn" },
    props = { Filters = { to = "filters", props = {
      UserDefinedFields = "user_defined_values" } } } },
  ["AWS::SecurityHub::OrganizationConfiguration"] = {
    type = "aws_securityhub_organization_configuration", ref = false,
    props = { ConfigurationType = "organization_configuration.configuration_type" } },
  ["AWS::SecurityHub::PolicyAssociation"] = {
    type = "aws_securityhub_configuration_policy_association", ref = false,
    props = { ConfigurationPolicyId = "policy_id",
      TargetType = { drop = "the target's id says it" } } },
  ["AWS::SecurityHub::ProductSubscription"] = { type = "aws_securityhub_product_subscription",
    ref = "arn", attributes = { ProductSubscriptionArn = "arn" } },
  ["AWS::SecurityHub::Standard"] = { type = "aws_securityhub_standards_subscription",
    attributes = { StandardsSubscriptionArn = "id" },
    makes = { "aws_securityhub_standards_control" },
    props = { DisabledStandardsControls = disabled_controls } },
}
