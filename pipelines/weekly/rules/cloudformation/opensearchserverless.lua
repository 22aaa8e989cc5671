-- SPDX-License-Identifier: Apache-2.0
local function policy(type_name)
  return { type = type_name, ref = "name", props = { Policy = { to = "policy", json = true } } }
end

return {
  ["AWS::OpenSearchServerless::AccessPolicy"] = policy "aws_opensearchserverless_access_policy",
  ["AWS::OpenSearchServerless::LifecyclePolicy"] =
    policy "aws_opensearchserverless_lifecycle_policy",
  ["AWS::OpenSearchServerless::SecurityPolicy"] =
    policy "aws_opensearchserverless_security_policy",
  ["AWS::OpenSearchServerless::Collection"] = {
    type = "aws_opensearchserverless_collection", props = {} },
  ["AWS::OpenSearchServerless::SecurityConfig"] = {
    type = "aws_opensearchserverless_security_config", name = "name", name_limit = 32,
    name_lower = true, props = {} },
  ["AWS::OpenSearchServerless::VpcEndpoint"] = {
    type = "aws_opensearchserverless_vpc_endpoint", props = {} },
}
