-- SPDX-License-Identifier: Apache-2.0
local counterpart = require "std.normalize.cfn.counterpart"
local provider = require "std.normalize.provider"
local shared = require "std.normalize.cfn.shared"

-- The old list of rules that only count is an override of each of them.
local EXCLUDED = { to = "rule_action_override", defaults = { action_to_use = { count = {} } } }

local function identifiers(block)
  return { to = block .. ".identifiers", pluck = "Identifier" }
end

local ACFP = { to = "aws_managed_rules_acfp_rule_set", props = { RequestInspection = {
  to = "request_inspection", props = { AddressFields = identifiers "address_fields",
    PhoneNumberFields = identifiers "phone_number_fields" } } } }

-- Statements hold statements.
local STATEMENT = {
  ByteMatchStatement = { to = "byte_match_statement", props = {
    SearchStringBase64 = { to = "search_string", wrap = "base64decode(%s)" } } },
  ManagedRuleGroupStatement = { to = "managed_rule_group_statement" },
  RateBasedStatement = { to = "rate_based_statement" },
  RuleGroupReferenceStatement = { to = "rule_group_reference_statement", props = {
    ExcludedRules = EXCLUDED } },
}
local MANY = { Statements = { to = "statement", props = STATEMENT } }
STATEMENT.AndStatement = { to = "and_statement", props = MANY }
STATEMENT.OrStatement = { to = "or_statement", props = MANY }
STATEMENT.NotStatement = { to = "not_statement", props = {
  Statement = { to = "statement", props = STATEMENT } } }
local SCOPE = { to = "scope_down_statement", props = STATEMENT }
STATEMENT.RateBasedStatement.props = { ScopeDownStatement = SCOPE }
STATEMENT.ManagedRuleGroupStatement.props = { ScopeDownStatement = SCOPE,
  ExcludedRules = EXCLUDED, ManagedRuleGroupConfigs = { to = "managed_rule_group_configs",
    props = { AWSManagedRulesACFPRuleSet = ACFP } } }

local RULES = { to = "rule", props = { Statement = { to = "statement", props = STATEMENT } } }

local function bodies(self, value, body)
  shared.entries(self, value, function(key, item)
    local block = body:block("custom_response_body")
    block:set("key", key)
    self:map(item, {}, block)
  end)
end

-- The keys are the kinds of resources, which have blocks of their names.
local function request_body(self, value, body)
  shared.entries(self, value, function(kind, item)
    local name = counterpart.of(kind, provider.block(body.schema, "request_body"))
    if not name then return self:unsupported(nil, "no counterpart in aws_wafv2_web_acl") end
    self:map(item, {}, body:single("request_body"):block(name))
  end)
end

local function name_id_scope(target, address)
  return ('"${%s}|${%s}|${%s}"'):format(address(target, "name"), address(target, "id"),
    address(target, "scope"))
end

return {
  ["AWS::WAFv2::WebACL"] = { type = "aws_wafv2_web_acl", ref = name_id_scope, keep_empty = true,
    props = { Rules = RULES, CustomResponseBodies = bodies, AssociationConfig = {
      to = "association_config", props = { RequestBody = request_body } } } },
  ["AWS::WAFv2::RuleGroup"] = { type = "aws_wafv2_rule_group", ref = name_id_scope,
    keep_empty = true, props = { Rules = RULES, CustomResponseBodies = bodies } },
  ["AWS::WAFv2::IPSet"] = { type = "aws_wafv2_ip_set", ref = name_id_scope, props = {} },
  ["AWS::WAFv2::RegexPatternSet"] = { type = "aws_wafv2_regex_pattern_set", ref = name_id_scope,
    props = { RegularExpressionList = { to = "regular_expression", scalar = "regex_string" } } },
  ["AWS::WAFv2::LoggingConfiguration"] = { type = "aws_wafv2_web_acl_logging_configuration",
    ref = "resource_arn", keep_empty = true, props = {} },
  ["AWS::WAFv2::WebACLAssociation"] = { type = "aws_wafv2_web_acl_association", props = {} },
}
