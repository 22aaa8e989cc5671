-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

-- The filters of one group are a list inside of a list.
local function filter_groups(self, value, body)
  if type(value) ~= "table" or values.is_intrinsic(value) then
    return self:unsupported(nil, "a structure known only at deploy time")
  end
  for _, group in ipairs(value) do
    local block = body:block("filter_group")
    values.each(self, group, function(filter, test)
      self:map(filter, {}, block:block("filter", test))
    end)
  end
end

-- A webhook exists only where Webhook is true; the other settings are its own.
local function triggers(self, value)
  if values.is_no_value(value) then return end
  if type(value) ~= "table" then return self:unsupported(nil, "a structure is expected") end
  local wanted = self:value(value.Webhook)
  if wanted == nil or wanted == false or wanted == "false" then
    if value.FilterGroups then self:unsupported(nil, "filters without a webhook") end
    return
  end
  if wanted ~= true and wanted ~= "true" then
    return self:unsupported(nil, "a webhook known only at deploy time")
  end
  local body = self:block("aws_codebuild_webhook", "webhook")
  body:raw("project_name", self:own("name"))
  self:map(value, { Webhook = { drop = "the resource exists" }, FilterGroups = filter_groups },
    body)
end

local function service_role(self, value, body)
  body:set("service_role", values.role_arn(self, value))
end

return {
  ["AWS::CodeBuild::Project"] = {
    type = "aws_codebuild_project", ref = "name", name = "name", attributes = { Arn = "arn" },
    makes = { "aws_codebuild_webhook" },
    props = { ServiceRole = service_role, TimeoutInMinutes = "build_timeout",
      QueuedTimeoutInMinutes = "queued_timeout",
      Visibility = "project_visibility", Triggers = triggers },
  },
  ["AWS::CodeBuild::Fleet"] = { type = "aws_codebuild_fleet", ref = "arn", name = "name" },
  ["AWS::CodeBuild::ReportGroup"] = { type = "aws_codebuild_report_group", ref = "arn",
    name = "name",
    props = { ExportConfig = { to = "export_config", props = { ExportConfigType = "type" } } } },
  ["AWS::CodeBuild::SourceCredential"] = { type = "aws_codebuild_source_credential",
    ref = "arn" },
}
