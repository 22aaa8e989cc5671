-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

local ENDPOINT = '[for state in %s : '
  .. '"${state.availability_zone}:${state.attachment[0].endpoint_id}"]'

local function endpoint_ids(target, address)
  return ENDPOINT:format(address(target, "firewall_status[0].sync_states")), "list"
end

local POLICY = { to = "firewall_policy", props = { PolicyVariables = { to = "policy_variables",
  props = { RuleVariables = shared.keyed("rule_variables", "ip_set") } } } }

local RULES = { to = "rule_group", props = {
  ReferenceSets = { to = "reference_sets", props = {
    IPSetReferences = shared.keyed("ip_set_references", "ip_set_reference") } },
  RuleVariables = { to = "rule_variables", props = {
    IPSets = shared.keyed("ip_sets", "ip_set"),
    PortSets = shared.keyed("port_sets", "port_set") } },
} }

return {
  ["AWS::NetworkFirewall::Firewall"] = { type = "aws_networkfirewall_firewall", ref = "arn",
    attributes = { FirewallArn = "arn", EndpointIds = endpoint_ids }, props = {} },
  ["AWS::NetworkFirewall::FirewallPolicy"] = { type = "aws_networkfirewall_firewall_policy",
    ref = "arn", attributes = { FirewallPolicyArn = "arn" },
    props = { FirewallPolicy = POLICY } },
  ["AWS::NetworkFirewall::RuleGroup"] = { type = "aws_networkfirewall_rule_group", ref = "arn",
    attributes = { RuleGroupArn = "arn" }, props = { RuleGroup = RULES } },
  ["AWS::NetworkFirewall::LoggingConfiguration"] = {
    type = "aws_networkfirewall_logging_configuration", ref = "firewall_arn",
    props = { FirewallName = { drop = "the ARN says it" } } },
  ["AWS::NetworkFirewall::TLSInspectionConfiguration"] = {
    type = "aws_networkfirewall_tls_inspection_configuration", ref = "arn",
    attributes = { TLSInspectionConfigurationArn = "arn" }, props = {} },
}
