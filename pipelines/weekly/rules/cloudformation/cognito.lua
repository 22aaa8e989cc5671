-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local shared = require "std.normalize.cfn.shared"

-- Terraform asks for the type of each attribute; CloudFormation takes it as String.
local function schema(self, value, body)
  shared.structures(self, value, function(item, test)
    local block = body:block("schema", test)
    self:map(item, {}, block)
    if not block:has("attribute_data_type") then block:set("attribute_data_type", "String") end
  end)
end

-- The factors that users may have; the one by SMS comes with its configuration.
local function factors(self, value, body)
  local node = self:value(value)
  if type(node) ~= "table" or node.k ~= "list" then
    return self:unsupported(nil, "factors known only at deploy time")
  end
  for _, factor in ipairs(node.items) do
    if factor == "SOFTWARE_TOKEN_MFA" then
      body:single("software_token_mfa_configuration"):raw("enabled", "true")
    elseif factor == "EMAIL_OTP" then
      body:single "email_mfa_configuration"
    elseif factor ~= "SMS_MFA" then
      self:unsupported(nil, "factor " .. tostring(factor))
    end
  end
end

-- A pool says its messages twice for old clients, as the CDK does; Terraform takes them once.
local TWICE = { EmailVerificationMessage = { "email_verification_message", "email_message" },
  EmailVerificationSubject = { "email_verification_subject", "email_subject" },
  SmsVerificationMessage = { "sms_verification_message", "sms_message" } }

local function messages_once(self, body)
  local template = body.named.verification_message_template
  for _, key in ipairs(template and names.sorted_keys(TWICE) or {}) do
    local old, new = body.named[TWICE[key][1]], template.body.named[TWICE[key][2]]
    if old and new and expr.text(old.node) ~= expr.text(new.node) then
      self:unsupported(key, "another text than in VerificationMessageTemplate")
    elseif old and new then
      body:take(TWICE[key][1])
      self.scope:drop(self.id, key, "VerificationMessageTemplate says the same")
    end
  end
end

local function finish_pool(self, props, body)
  messages_once(self, body)
  local admin = props.AdminCreateUserConfig
  local days = type(admin) == "table" and admin.UnusedAccountValidityDays
  if not days then return end
  local policy = body:single "password_policy"
  if not policy:has "temporary_password_validity_days" then
    policy:set("temporary_password_validity_days", self:value(days))
  end
end

local POOL = {
  UserPoolName = "name", Schema = schema, EnabledMfas = factors,
  Policies = { inline = true },
  MfaConfiguration = { to = "mfa_configuration", enum = { ON = "ON", OFF = "OFF",
    OPTIONAL = "OPTIONAL", ["true"] = "ON", ["false"] = "OFF" } },
  AdminCreateUserConfig = { to = "admin_create_user_config", props = {
    UnusedAccountValidityDays = shared.elsewhere } },
  AccountRecoverySetting = { to = "account_recovery_setting" },
  EmailAuthenticationMessage = "email_mfa_configuration.message",
  EmailAuthenticationSubject = "email_mfa_configuration.subject",
  EmailConfiguration = { to = "email_configuration", props = { From = "from_email_address" } },
  WebAuthnRelyingPartyID = "web_authn_configuration.relying_party_id",
  WebAuthnUserVerification = "web_authn_configuration.user_verification",
}

-- A mapping stands under its provider or under any name and names the provider.
local function role_mappings(self, value, body)
  shared.entries(self, value, function(key, item)
    local block = body:block "role_mapping"
    block:set("identity_provider", key)
    self:map(item, { RulesConfiguration = { inline = true, props = {
      Rules = { to = "mapping_rule" } } } }, block)
  end)
end

local PAIRS = { key = "Name" }

return {
  ["AWS::Cognito::UserPool"] = {
    type = "aws_cognito_user_pool", name = "name",
    attributes = { ProviderName = "endpoint", UserPoolId = "id",
      ProviderURL = function(target, address)
        return "\"https://${" .. address(target, "endpoint") .. "}\""
      end },
    props = POOL, finish = finish_pool,
  },
  ["AWS::Cognito::UserPoolClient"] = { type = "aws_cognito_user_pool_client", name = "name",
    attributes = { ClientId = "id", Name = "name" }, props = { ClientName = "name" } },
  ["AWS::Cognito::UserPoolDomain"] = { type = "aws_cognito_user_pool_domain", ref = "domain",
    attributes = { CloudFrontDistribution = "cloudfront_distribution" },
    props = { CustomDomainConfig = { inline = true } } },
  ["AWS::Cognito::UserPoolGroup"] = { type = "aws_cognito_user_group", ref = "name",
    name = "name", props = { GroupName = "name" } },
  ["AWS::Cognito::UserPoolIdentityProvider"] = { type = "aws_cognito_identity_provider",
    ref = "provider_name", props = {} },
  ["AWS::Cognito::UserPoolResourceServer"] = { type = "aws_cognito_resource_server",
    ref = "identifier", props = {} },
  ["AWS::Cognito::UserPoolRiskConfigurationAttachment"] = {
    type = "aws_cognito_risk_configuration", props = {} },
  ["AWS::Cognito::UserPoolUICustomizationAttachment"] = {
    type = "aws_cognito_user_pool_ui_customization", props = {} },
  ["AWS::Cognito::UserPoolUser"] = { type = "aws_cognito_user", ref = "username",
    props = { UserAttributes = { to = "attributes", pairs = PAIRS },
      ValidationData = { to = "validation_data", pairs = PAIRS } } },
  ["AWS::Cognito::UserPoolUserToGroupAttachment"] = { type = "aws_cognito_user_in_group",
    props = {} },
  ["AWS::Cognito::IdentityPool"] = { type = "aws_cognito_identity_pool",
    name = "identity_pool_name", attributes = { Name = "identity_pool_name" }, props = {} },
  ["AWS::Cognito::IdentityPoolPrincipalTag"] = {
    type = "aws_cognito_identity_pool_provider_principal_tag", props = {} },
  ["AWS::Cognito::IdentityPoolRoleAttachment"] = {
    type = "aws_cognito_identity_pool_roles_attachment", defaults = { roles = "{}" },
    props = { RoleMappings = role_mappings } },
}
