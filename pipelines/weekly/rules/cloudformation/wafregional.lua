-- SPDX-License-Identifier: Apache-2.0
local BASE64 = { to = "target_string", wrap = "base64decode(%s)" }

return {
  ["AWS::WAFRegional::ByteMatchSet"] = { type = "aws_wafregional_byte_match_set",
    props = { ByteMatchTuples = { to = "byte_match_tuples", props = {
      TargetStringBase64 = BASE64 } } } },
  ["AWS::WAFRegional::GeoMatchSet"] = { type = "aws_wafregional_geo_match_set", props = {} },
  ["AWS::WAFRegional::IPSet"] = { type = "aws_wafregional_ipset", props = {} },
  ["AWS::WAFRegional::RateBasedRule"] = { type = "aws_wafregional_rate_based_rule",
    props = { MatchPredicates = { to = "predicate" } } },
  ["AWS::WAFRegional::RegexPatternSet"] = { type = "aws_wafregional_regex_pattern_set",
    props = {} },
  ["AWS::WAFRegional::Rule"] = { type = "aws_wafregional_rule", props = {} },
  ["AWS::WAFRegional::SizeConstraintSet"] = { type = "aws_wafregional_size_constraint_set",
    props = {} },
  ["AWS::WAFRegional::SqlInjectionMatchSet"] = {
    type = "aws_wafregional_sql_injection_match_set", props = {} },
  ["AWS::WAFRegional::WebACL"] = { type = "aws_wafregional_web_acl", props = {} },
  ["AWS::WAFRegional::WebACLAssociation"] = { type = "aws_wafregional_web_acl_association",
    props = {} },
  ["AWS::WAFRegional::XssMatchSet"] = { type = "aws_wafregional_xss_match_set", props = {} },
}
