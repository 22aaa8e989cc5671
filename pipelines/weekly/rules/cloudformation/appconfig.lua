-- SPDX-License-Identifier: Apache-2.0
local names = require "std.normalize.names"
local values = require "std.normalize.cfn.values"

local function actions(self, value, body)
  if type(value) ~= "table" or values.is_intrinsic(value) then
    return self:unsupported(nil, "a structure known only at deploy time")
  end
  for _, point in ipairs(names.sorted_keys(value)) do
    local block = body:block("action_point")
    block:set("point", point)
    values.each(self, value[point], function(item, test)
      self.scope:at(point, function() self:map(item, {}, block:block("action", test)) end)
    end)
  end
end

local LOCK = { drop = "a number against edits at the same time" }

return {
  ["AWS::AppConfig::Application"] = { type = "aws_appconfig_application",
    attributes = { ApplicationId = "id" } },
  ["AWS::AppConfig::ConfigurationProfile"] = { type = "aws_appconfig_configuration_profile",
    ref = "configuration_profile_id" },
  ["AWS::AppConfig::Deployment"] = { type = "aws_appconfig_deployment",
    ref = "deployment_number" },
  ["AWS::AppConfig::DeploymentStrategy"] = { type = "aws_appconfig_deployment_strategy" },
  ["AWS::AppConfig::Environment"] = { type = "aws_appconfig_environment",
    ref = "environment_id" },
  ["AWS::AppConfig::Extension"] = { type = "aws_appconfig_extension",
    attributes = { VersionNumber = "version" },
    props = { Actions = actions, LatestVersionNumber = LOCK,
      Parameters = { to = "parameter", named = "name" } } },
  ["AWS::AppConfig::ExtensionAssociation"] = { type = "aws_appconfig_extension_association",
    props = { ExtensionIdentifier = "extension_arn", ResourceIdentifier = "resource_arn" } },
  ["AWS::AppConfig::HostedConfigurationVersion"] = {
    type = "aws_appconfig_hosted_configuration_version", ref = "version_number",
    props = { LatestVersionNumber = LOCK } },
}
