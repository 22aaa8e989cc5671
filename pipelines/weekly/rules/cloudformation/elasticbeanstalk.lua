-- SPDX-License-Identifier: Apache-2.0
local SETTINGS = { to = "setting", props = { OptionName = "name", ResourceName = "resource" } }

local function enabled(self, value)
  if self:value(value) ~= true then self:unsupported(nil, "a rule that is turned off") end
end

local RULE = { inline = true, props = { Enabled = enabled } }
local LIFECYCLE = { to = "appversion_lifecycle", props = {
  VersionLifecycleConfig = { inline = true, props = { MaxAgeRule = RULE,
    MaxCountRule = RULE } } } }

local OF_TIER = { drop = "the name of the tier says it" }

return {
  ["AWS::ElasticBeanstalk::Application"] = { type = "aws_elastic_beanstalk_application",
    ref = "name", name = "name", props = { ResourceLifecycleConfig = LIFECYCLE } },
  ["AWS::ElasticBeanstalk::ApplicationVersion"] = {
    type = "aws_elastic_beanstalk_application_version", ref = "name", name = "name",
    attributes = { Id = "name" },
    props = { ApplicationName = "application", SourceBundle = { inline = true, props = {
      S3Bucket = "bucket", S3Key = "key" } } } },
  ["AWS::ElasticBeanstalk::ConfigurationTemplate"] = {
    type = "aws_elastic_beanstalk_configuration_template", ref = "name", name = "name",
    attributes = { TemplateName = "name" },
    props = { ApplicationName = "application", OptionSettings = SETTINGS } },
  ["AWS::ElasticBeanstalk::Environment"] = {
    type = "aws_elastic_beanstalk_environment", ref = "name", name = "name", name_limit = 40,
    attributes = { EndpointURL = "endpoint_url" },
    props = { ApplicationName = "application", OptionSettings = SETTINGS,
      Tier = { inline = true, props = { Name = "tier", Type = OF_TIER, Version = OF_TIER } } } },
}
