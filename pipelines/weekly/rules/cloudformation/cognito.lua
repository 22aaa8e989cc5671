-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

local TEMPLATE = { InviteMessageTemplate = { to = "invite_message_template",
  props = { SMSMessage = "sms_message" } } }

local CONSTRAINTS = { StringAttributeConstraints = { to = "string_attribute_constraints" },
  NumberAttributeConstraints = { to = "number_attribute_constraints" } }

-- Terraform asks for the type of each attribute; CloudFormation takes it as String.
local function schema(self, value, body)
  shared.structures(self, value, function(item, test)
    local block = body:block("schema", test)
    self:map(item, CONSTRAINTS, block)
    if not block:has("attribute_data_type") then block:set("attribute_data_type", "String") end
  end)
end

local UNITS = { to = "token_validity_units" }

return {
  ["AWS::Cognito::UserPool"] = {
    type = "aws_cognito_user_pool", name = "name",
    attributes = { Arn = "arn", ProviderName = "endpoint", UserPoolId = "id",
      ProviderURL = function(target, address)
        return "\"https://${" .. address(target, "endpoint") .. "}\""
      end },
    props = {
      UserPoolName = "name", Schema = schema, UserPoolTags = { to = "tags" },
      Policies = { inline = true, props = { PasswordPolicy = { to = "password_policy" } } },
      AdminCreateUserConfig = { to = "admin_create_user_config", props = TEMPLATE },
      AccountRecoverySetting = { to = "account_recovery_setting", props = {
        RecoveryMechanisms = { to = "recovery_mechanism" } } },
      UsernameConfiguration = { to = "username_configuration" },
      VerificationMessageTemplate = { to = "verification_message_template" },
      EnabledMfas = false, LambdaConfig = { to = "lambda_config" },
      UserAttributeUpdateSettings = { to = "user_attribute_update_settings" },
      UserPoolAddOns = { to = "user_pool_add_ons" },
    },
    finish = function(self, props)
      local only = props.EnabledMfas
      if only and not (#only == 1 and only[1] == "SMS_MFA") then
        self:unsupported("EnabledMfas", "other than SMS")
      end
    end,
  },
  ["AWS::Cognito::UserPoolClient"] = {
    type = "aws_cognito_user_pool_client", name = "name",
    attributes = { ClientSecret = "client_secret", ClientId = "id", Name = "name" },
    props = { ClientName = "name", CallbackURLs = "callback_urls", LogoutURLs = "logout_urls",
      AllowedOAuthFlows = "allowed_oauth_flows", AllowedOAuthScopes = "allowed_oauth_scopes",
      AllowedOAuthFlowsUserPoolClient = "allowed_oauth_flows_user_pool_client",
      DefaultRedirectURI = "default_redirect_uri", TokenValidityUnits = UNITS },
  },
  ["AWS::Cognito::UserPoolDomain"] = { type = "aws_cognito_user_pool_domain", ref = "domain",
    props = { CustomDomainConfig = { inline = true, props = {} } } },
  ["AWS::Cognito::IdentityPool"] = { type = "aws_cognito_identity_pool",
    name = "identity_pool_name",
    props = { CognitoIdentityProviders = { to = "cognito_identity_providers" },
      SupportedLoginProviders = "supported_login_providers",
      OpenIdConnectProviderARNs = "openid_connect_provider_arns",
      SamlProviderARNs = "saml_provider_arns" } },
  ["AWS::Cognito::UserPoolGroup"] = { type = "aws_cognito_user_group", ref = "name",
    props = { GroupName = "name" } },
  ["AWS::Cognito::UserPoolResourceServer"] = { type = "aws_cognito_resource_server",
    ref = "identifier", props = { Scopes = { to = "scope" } } },
}
