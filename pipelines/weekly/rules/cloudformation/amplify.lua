-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local shared = require "std.normalize.cfn.shared"

-- The provider takes name and password as the header has them.
local function basic_auth(self, value, body)
  self:map(value, { Username = shared.elsewhere, Password = shared.elsewhere }, body)
  if type(value) ~= "table" or value.Username == nil then return end
  local text = expr.template { self:value(value.Username), ":", self:value(value.Password) }
  body:raw("basic_auth_credentials", "base64encode(" .. expr.text(text) .. ")")
end

local VARIABLES = { to = "environment_variables", pairs = { key = "Name" } }

local function of_app(attribute)
  return function(self, value) self.blocks[1].body:set(attribute, self:value(value)) end
end

local AUTO_BRANCH = { to = "auto_branch_creation_config", props = {
  AutoBranchCreationPatterns = of_app "auto_branch_creation_patterns",
  EnableAutoBranchCreation = of_app "enable_auto_branch_creation",
  BasicAuthConfig = basic_auth, EnvironmentVariables = VARIABLES } }

return {
  ["AWS::Amplify::App"] = { type = "aws_amplify_app", ref = "arn",
    attributes = { AppId = "id", AppName = "name" },
    props = { AutoBranchCreationConfig = AUTO_BRANCH, BasicAuthConfig = basic_auth,
      EnvironmentVariables = VARIABLES, IAMServiceRole = "iam_service_role_arn" } },
  ["AWS::Amplify::Branch"] = { type = "aws_amplify_branch", ref = "arn",
    attributes = { BranchName = "branch_name" },
    props = { BasicAuthConfig = basic_auth, EnvironmentVariables = VARIABLES } },
  ["AWS::Amplify::Domain"] = { type = "aws_amplify_domain_association", ref = "arn",
    attributes = { DomainName = "domain_name",
      CertificateRecord = "certificate_verification_dns_record" },
    props = { SubDomainSettings = { to = "sub_domain" },
      CertificateSettings = { to = "certificate_settings", props = {
        CertificateType = "type" } } } },
  ["AWS::Amplify::Webhook"] = { type = "aws_amplify_webhook", ref = "arn",
    attributes = { WebhookId = "id", WebhookUrl = "url" }, props = {} },
}
