-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

-- Rules have no name of their own in CloudFormation.
local function rules(self, value)
  values.structures(self, value, function(item, test, i)
    local body = self:block("aws_route53_resolver_firewall_rule", "rule", test)
    body:raw("firewall_rule_group_id", self:own("id"))
    body:set("name", ("%s-%d"):format(self.id, i))
    self:map(item, {}, body)
  end)
end

return {
  ["AWS::Route53Resolver::FirewallDomainList"] = {
    type = "aws_route53_resolver_firewall_domain_list", name = "name", props = {} },
  ["AWS::Route53Resolver::FirewallRuleGroup"] = {
    type = "aws_route53_resolver_firewall_rule_group", name = "name",
    props = { FirewallRules = rules } },
  ["AWS::Route53Resolver::FirewallRuleGroupAssociation"] = {
    type = "aws_route53_resolver_firewall_rule_group_association", name = "name", props = {} },
  ["AWS::Route53Resolver::ResolverConfig"] = { type = "aws_route53_resolver_config", props = {} },
  ["AWS::Route53Resolver::ResolverDNSSECConfig"] = {
    type = "aws_route53_resolver_dnssec_config", props = {} },
  ["AWS::Route53Resolver::ResolverEndpoint"] = { type = "aws_route53_resolver_endpoint",
    attributes = { ResolverEndpointId = "id" }, props = {} },
  ["AWS::Route53Resolver::ResolverQueryLoggingConfig"] = {
    type = "aws_route53_resolver_query_log_config", name = "name", props = {} },
  ["AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation"] = {
    type = "aws_route53_resolver_query_log_config_association", props = {} },
  ["AWS::Route53Resolver::ResolverRule"] = { type = "aws_route53_resolver_rule",
    attributes = { ResolverRuleId = "id" }, props = {} },
  ["AWS::Route53Resolver::ResolverRuleAssociation"] = {
    type = "aws_route53_resolver_rule_association",
    attributes = { ResolverRuleAssociationId = "id" }, props = {} },
}
