-- SPDX-License-Identifier: Apache-2.0
local EMAIL = "email_template."

local rules = {
  ["AWS::Pinpoint::App"] = { type = "aws_pinpoint_app", ref = "application_id",
    attributes = { Id = "application_id" }, props = {} },
  ["AWS::Pinpoint::ApplicationSettings"] = { type = "aws_pinpoint_app", part_of = "ApplicationId",
    into = ".", ref = "application_id", attributes = { Id = "application_id" }, props = {} },
  ["AWS::Pinpoint::EmailTemplate"] = { type = "aws_pinpoint_email_template",
    ref = "template_name", attributes = { Id = "template_name" },
    props = { DefaultSubstitutions = EMAIL .. "default_substitutions",
      HtmlPart = EMAIL .. "html_part", Subject = EMAIL .. "subject",
      TemplateDescription = EMAIL .. "description", TextPart = EMAIL .. "text_part" } },
}

-- Channels and streams of an application have the same names on both sides.
for name, type_name in pairs {
  ADMChannel = "adm_channel",
  APNSChannel = "apns_channel",
  APNSSandboxChannel = "apns_sandbox_channel",
  APNSVoipChannel = "apns_voip_channel",
  APNSVoipSandboxChannel = "apns_voip_sandbox_channel",
  BaiduChannel = "baidu_channel",
  EmailChannel = "email_channel",
  GCMChannel = "gcm_channel",
  SMSChannel = "sms_channel",
  EventStream = "event_stream",
} do
  rules["AWS::Pinpoint::" .. name] = { type = "aws_pinpoint_" .. type_name, props = {} }
end

return rules
