-- SPDX-License-Identifier: Apache-2.0
local Resource = require "std.normalize.cfn.resource"
local names = require "std.normalize.names"
local shared = require "std.normalize.cfn.shared"

-- Each action is a block of its own kind; its place in the list is an argument.
local function actions(self, value, body)
  local position = 0
  shared.structures(self, value, function(item, test)
    position = position + 1
    for _, kind in ipairs(names.sorted_keys(item)) do
      local name = Resource.counterpart(kind, body.schema)
      if not name then return self:unsupported(kind, "no counterpart in aws_ses_receipt_rule") end
      local block = body:block(name, test)
      block:set("position", position)
      self:map(item[kind], {}, block)
    end
  end)
end

local function destination_name(self, value)
  self.blocks[1].body:set("event_destination_name", self:value(value))
end

local TOKENS = "dkim_signing_attributes[0].tokens"
local IDENTITY = {}
for i = 1, 3 do
  local token = ("%s[%d]"):format(TOKENS, i - 1)
  IDENTITY["DkimDNSTokenName" .. i] = function(target, address)
    return ('"${%s}._domainkey.${%s}"'):format(address(target, token),
      address(target, "email_identity"))
  end
  IDENTITY["DkimDNSTokenValue" .. i] = function(target, address)
    return ('"${%s}.dkim.amazonses.com"'):format(address(target, token))
  end
end

local LINK = { email_identity = "email_identity" }

return {
  ["AWS::SES::ConfigurationSet"] = { type = "aws_sesv2_configuration_set",
    ref = "configuration_set_name", name = "configuration_set_name",
    props = { Name = "configuration_set_name" } },
  ["AWS::SES::ConfigurationSetEventDestination"] = {
    type = "aws_sesv2_configuration_set_event_destination", name = "event_destination_name",
    props = { EventDestination = { to = "event_destination", props = {
      Name = destination_name } } } },
  ["AWS::SES::ContactList"] = { type = "aws_sesv2_contact_list", ref = "contact_list_name",
    name = "contact_list_name", props = {} },
  ["AWS::SES::DedicatedIpPool"] = { type = "aws_sesv2_dedicated_ip_pool", ref = "pool_name",
    name = "pool_name", props = {} },
  ["AWS::SES::EmailIdentity"] = {
    type = "aws_sesv2_email_identity", ref = "email_identity", attributes = IDENTITY,
    props = {
      ConfigurationSetAttributes = { inline = true },
      DkimAttributes = { inline = true, props = { SigningEnabled = {
        drop = "the provider's identities sign", only = { true } } } },
      FeedbackAttributes = { separate = "aws_sesv2_email_identity_feedback_attributes",
        suffix = "feedback", link = LINK },
      MailFromAttributes = { separate = "aws_sesv2_email_identity_mail_from_attributes",
        suffix = "mail_from", link = LINK },
    },
  },
  ["AWS::SES::ReceiptFilter"] = { type = "aws_ses_receipt_filter", name = "name",
    props = { Filter = { inline = true, props = { IpFilter = { inline = true } } } } },
  ["AWS::SES::ReceiptRule"] = { type = "aws_ses_receipt_rule", ref = "name", name = "name",
    attributes = { RuleName = "name" },
    props = { Rule = { inline = true, props = { Actions = actions } } } },
  ["AWS::SES::ReceiptRuleSet"] = { type = "aws_ses_receipt_rule_set", ref = "rule_set_name",
    name = "rule_set_name", props = {} },
  ["AWS::SES::Template"] = { type = "aws_ses_template", name = "name",
    props = { Template = { inline = true, props = { HtmlPart = "html", SubjectPart = "subject",
      TextPart = "text", TemplateName = "name" } } } },
  ["AWS::SES::VdmAttributes"] = { type = "aws_sesv2_account_vdm_attributes",
    attributes = { VdmAttributesResourceId = "id" }, set = { vdm_enabled = '"ENABLED"' },
    props = {} },
}
