-- SPDX-License-Identifier: Apache-2.0
local counterpart = require "std.normalize.cfn.counterpart"
local names = require "std.normalize.names"
local shared = require "std.normalize.cfn.shared"

local ACTIVE = { to = "active", enum = { ACTIVE = true, INACTIVE = false } }

local ACTION = {
  Http = { to = "http", props = { Headers = { to = "http_header" } } },
  Sqs = { to = "sqs", defaults = { use_base64 = "false" } },
}

-- Each action is a block of its own kind.
local function actions(self, value, body)
  shared.structures(self, value, function(item, test)
    for _, kind in ipairs(names.sorted_keys(item)) do
      local spec = ACTION[kind] or {}
      local name = spec.to or counterpart.of(kind, body.schema)
      self.scope:at(kind, function()
        if not name then return self:unsupported(nil, "no counterpart in aws_iot_topic_rule") end
        local block = body:block(name, test)
        self:map(item[kind], spec.props or {}, block)
        for key, default in pairs(spec.defaults or {}) do
          if not block:has(key) then block:raw(key, default) end
        end
      end)
    end
  end)
end

local PAYLOAD = { inline = true, props = {
  Actions = actions, ErrorAction = { to = "error_action", props = ACTION },
  AwsIotSqlVersion = "sql_version",
  RuleDisabled = { to = "enabled", enum = { ["true"] = false, ["false"] = true } } } }

-- Names of rules take no hyphen.
local function finish_rule(self, _, body)
  if body:has("name") then return end
  local name = (self.scope.stack_name .. "_" .. self.id):gsub("[^%w_]", "_")
  self.scope:assume(("%s has no name: %s"):format(self.id, name))
  body:set("name", name)
end

local NO_ID = { Id = false }

return {
  ["AWS::IoT::TopicRule"] = { type = "aws_iot_topic_rule", ref = "name",
    props = { RuleName = "name", TopicRulePayload = PAYLOAD }, finish = finish_rule,
    defaults = { enabled = "true", sql_version = '"2015-10-08"' } },
  ["AWS::IoT::TopicRuleDestination"] = { type = "aws_iot_topic_rule_destination", ref = "arn",
    props = { VpcProperties = { to = "vpc_configuration" },
      Status = { to = "enabled", enum = { ENABLED = true, DISABLED = false } } } },
  ["AWS::IoT::Authorizer"] = { type = "aws_iot_authorizer", ref = "name", name = "name",
    props = {} },
  ["AWS::IoT::BillingGroup"] = { type = "aws_iot_billing_group", ref = "name", name = "name",
    attributes = NO_ID, props = {} },
  ["AWS::IoT::CACertificate"] = { type = "aws_iot_ca_certificate",
    defaults = { allow_auto_registration = "false" },
    props = { Status = ACTIVE, AutoRegistrationStatus = { to = "allow_auto_registration",
      enum = { ENABLE = true, DISABLE = false } },
      RemoveAutoRegistration = { drop = "it describes one update" } } },
  ["AWS::IoT::Certificate"] = { type = "aws_iot_certificate",
    props = { Status = ACTIVE, CACertificatePem = "ca_pem", CertificateSigningRequest = "csr",
      CertificateMode = { drop = "what a certificate is without it",
        only = { "DEFAULT" } } } },
  ["AWS::IoT::DomainConfiguration"] = { type = "aws_iot_domain_configuration", ref = "name",
    name = "name", props = {} },
  ["AWS::IoT::Logging"] = { type = "aws_iot_logging_options",
    props = { AccountId = { drop = "it is the account of the provider" } } },
  ["AWS::IoT::Policy"] = { type = "aws_iot_policy", ref = "name", name = "name",
    attributes = { Id = "name" }, props = { PolicyDocument = { to = "policy", json = true } } },
  ["AWS::IoT::PolicyPrincipalAttachment"] = { type = "aws_iot_policy_attachment",
    props = { PolicyName = "policy", Principal = "target" } },
  ["AWS::IoT::ProvisioningTemplate"] = { type = "aws_iot_provisioning_template", ref = "name",
    name = "name", attributes = { TemplateArn = "arn" },
    props = { TemplateName = "name", TemplateType = "type" } },
  ["AWS::IoT::RoleAlias"] = { type = "aws_iot_role_alias", ref = "alias", name = "alias",
    attributes = { RoleAliasArn = "arn" },
    props = { RoleAlias = "alias", CredentialDurationSeconds = "credential_duration" } },
  ["AWS::IoT::Thing"] = { type = "aws_iot_thing", ref = "name", name = "name",
    attributes = NO_ID, props = { AttributePayload = { inline = true } } },
  ["AWS::IoT::ThingGroup"] = { type = "aws_iot_thing_group", ref = "name", name = "name",
    attributes = NO_ID, props = {} },
  ["AWS::IoT::ThingPrincipalAttachment"] = { type = "aws_iot_thing_principal_attachment",
    props = { ThingName = "thing" } },
  ["AWS::IoT::ThingType"] = { type = "aws_iot_thing_type", ref = "name", name = "name",
    attributes = NO_ID, props = { DeprecateThingType = "deprecated" } },
}
