-- SPDX-License-Identifier: Apache-2.0
local names = require "std.normalize.names"

local REGIONS = { AllAwsRegions = "all_regions", AwsRegions = "regions" }
local INPUT = { ConformancePackInputParameters = "input_parameter" }

-- CloudFormation starts a recorder once there is a delivery channel, and makes the channel after
-- the recorder. The condition is always true: it is there so that the channel comes first.
local function start_recorder(self)
  local resources = self.scope.template.Resources
  for _, id in ipairs(names.sorted_keys(resources)) do
    local other = self.scope.resources[id]
    if other and other.cfn_type == "AWS::Config::ConfigurationRecorder" then
      local body = self:block("aws_config_configuration_recorder_status", "recorder")
      body:set("name", self.scope:reference(id))
      body:raw("is_enabled", ("length(%s) > 0"):format(self:own("id")))
      local own = resources[self.id]
      local list = type(own.DependsOn) == "table" and own.DependsOn or { own.DependsOn }
      local known = {}
      for _, name in ipairs(list) do known[name] = true end
      if not known[id] then list[#list + 1] = id end
      own.DependsOn = list
      return
    end
  end
end

-- One CloudFormation type, three of Terraform: which metadata is there says which.
local VARIANTS = { "OrganizationManagedRuleMetadata", "OrganizationCustomRuleMetadata",
  "OrganizationCustomPolicyRuleMetadata" }

local function organization_rule(type_name, metadata, props)
  return { type = type_name, ref = "name", name = "name",
    attributes = { OrganizationConfigRuleArn = "arn" },
    props = { OrganizationConfigRuleName = "name", [metadata] = { inline = true,
      props = props } } }
end

local function choose_organization_rule(props)
  for n, name in ipairs(VARIANTS) do if props[name] then return n end end
  return 1
end

return {
  ["AWS::Config::ConfigRule"] = { type = "aws_config_config_rule", ref = "name", name = "name",
    attributes = { ConfigRuleId = "rule_id" } },
  ["AWS::Config::AggregationAuthorization"] = { type = "aws_config_aggregate_authorization",
    ref = { "account_id", "region" }, attributes = { AggregationAuthorizationArn = "arn" },
    props = { AuthorizedAccountId = "account_id", AuthorizedAwsRegion = "region" } },
  ["AWS::Config::ConfigurationAggregator"] = { type = "aws_config_configuration_aggregator",
    ref = "name", name = "name", attributes = { ConfigurationAggregatorArn = "arn" },
    props = { AccountAggregationSources = { to = "account_aggregation_source", props = REGIONS },
      OrganizationAggregationSource = { to = "organization_aggregation_source",
        props = REGIONS } } },
  ["AWS::Config::ConfigurationRecorder"] = { type = "aws_config_configuration_recorder",
    ref = "name" },
  ["AWS::Config::DeliveryChannel"] = { type = "aws_config_delivery_channel", ref = "name",
    makes = { "aws_config_configuration_recorder_status" },
    props = { ConfigSnapshotDeliveryProperties = "snapshot_delivery_properties" },
    finish = start_recorder },
  ["AWS::Config::ConformancePack"] = { type = "aws_config_conformance_pack", ref = "name",
    attributes = { ConformancePackArn = "arn" }, props = INPUT },
  ["AWS::Config::OrganizationConformancePack"] = {
    type = "aws_config_organization_conformance_pack", ref = "name",
    attributes = { OrganizationConformancePackArn = "arn" }, props = INPUT },
  ["AWS::Config::OrganizationConfigRule"] = { choose = choose_organization_rule, variants = {
    organization_rule("aws_config_organization_managed_rule", VARIANTS[1]),
    organization_rule("aws_config_organization_custom_rule", VARIANTS[2],
      { OrganizationConfigRuleTriggerTypes = "trigger_types" }),
    organization_rule("aws_config_organization_custom_policy_rule", VARIANTS[3],
      { OrganizationConfigRuleTriggerTypes = "trigger_types", Runtime = "policy_runtime" }),
  } },
  ["AWS::Config::RemediationConfiguration"] = { type = "aws_config_remediation_configuration",
    ref = "config_rule_name", props = { Parameters = { to = "parameter",
      named = "name", props = {
        ResourceValue = { inline = true, props = { Value = "resource_value" } },
        StaticValue = { inline = true, props = { Values = "static_values" } } } } } },
}
