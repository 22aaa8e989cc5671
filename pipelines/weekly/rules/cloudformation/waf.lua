-- SPDX-License-Identifier: Apache-2.0
local BASE64 = { to = "target_string", wrap = "base64decode(%s)" }

return {
  ["AWS::WAF::ByteMatchSet"] = { type = "aws_waf_byte_match_set",
    props = { ByteMatchTuples = { to = "byte_match_tuples", props = {
      TargetStringBase64 = BASE64 } } } },
  ["AWS::WAF::IPSet"] = { type = "aws_waf_ipset", props = {} },
  ["AWS::WAF::Rule"] = { type = "aws_waf_rule", props = {} },
  ["AWS::WAF::SizeConstraintSet"] = { type = "aws_waf_size_constraint_set", props = {} },
  ["AWS::WAF::SqlInjectionMatchSet"] = { type = "aws_waf_sql_injection_match_set", props = {} },
  ["AWS::WAF::WebACL"] = { type = "aws_waf_web_acl", props = {} },
  ["AWS::WAF::XssMatchSet"] = { type = "aws_waf_xss_match_set", props = {} },
}
