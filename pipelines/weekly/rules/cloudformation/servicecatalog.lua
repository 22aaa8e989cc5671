-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local LANGUAGE = { drop = "the language of messages" }

local ARTIFACT = { Info = { inline = true, props = { LoadTemplateFromURL = "template_url" } } }

-- The first artifact belongs to the product, further ones are resources of their own.
local function artifacts(self, value, body)
  local seen = 0
  values.each(self, value, function(item, test)
    seen = seen + 1
    if seen == 1 then
      return self:map(item, ARTIFACT, body:block("provisioning_artifact_parameters", test))
    end
    local further = self:block("aws_servicecatalog_provisioning_artifact", "artifact", test)
    further:raw("product_id", self:own("id"))
    self:map(item, ARTIFACT, further)
  end)
end

local PREFERENCES = {
  StackSetAccounts = "accounts", StackSetFailureToleranceCount = "failure_tolerance_count",
  StackSetFailureTolerancePercentage = "failure_tolerance_percentage",
  StackSetMaxConcurrencyCount = "max_concurrency_count",
  StackSetMaxConcurrencyPercentage = "max_concurrency_percentage",
  StackSetRegions = "regions",
}

-- The parameters of a constraint are JSON text in the form of the service's API.
local function parameters(format)
  return function(self, value, body)
    body:raw("parameters", ("jsonencode(%s)"):format(format:format(self:text(value))))
  end
end

local function constraint(kind, props)
  return { type = "aws_servicecatalog_constraint", set = { type = '"' .. kind .. '"' },
    props = props }
end

local DEFINITION = { Name = "name", Version = "version", AssumeRole = "assume_role",
  Parameters = "parameters" }

local function definition(self, value, body)
  local block = body:single("definition")
  values.each(self, value, function(item, test)
    local key = type(item) == "table" and item.Key
    local name = DEFINITION[key]
    if not name or test then return self:unsupported(nil, "key " .. tostring(key)) end
    block:set(name, self:value(item.Value))
  end)
end

return {
  ["AWS::ServiceCatalog::Portfolio"] = { type = "aws_servicecatalog_portfolio",
    attributes = { PortfolioName = "name" },
    props = { DisplayName = "name", AcceptLanguage = LANGUAGE } },
  ["AWS::ServiceCatalog::CloudFormationProduct"] = {
    type = "aws_servicecatalog_product", attributes = { ProductName = "name" },
    makes = { "aws_servicecatalog_provisioning_artifact" },
    defaults = { type = '"CLOUD_FORMATION_TEMPLATE"' },
    props = { ProductType = "type", ProvisioningArtifactParameters = artifacts,
      ReplaceProvisioningArtifacts = { drop = "how an update is done" } },
  },
  ["AWS::ServiceCatalog::CloudFormationProvisionedProduct"] = {
    type = "aws_servicecatalog_provisioned_product", name = "name",
    attributes = { ProvisionedProductId = "id", RecordId = "last_record_id" },
    props = { ProvisionedProductName = "name", ProvisioningPreferences = {
      to = "stack_set_provisioning_preferences", props = PREFERENCES } },
  },
  ["AWS::ServiceCatalog::LaunchNotificationConstraint"] = constraint("NOTIFICATION", {
    NotificationArns = parameters "{ NotificationArns = %s }" }),
  ["AWS::ServiceCatalog::LaunchRoleConstraint"] = constraint("LAUNCH", {
    RoleArn = parameters "{ RoleArn = %s }",
    LocalRoleName = parameters "{ LocalRoleName = %s }" }),
  ["AWS::ServiceCatalog::LaunchTemplateConstraint"] = constraint("TEMPLATE", {
    Rules = parameters "{ Rules = jsondecode(%s) }" }),
  ["AWS::ServiceCatalog::ResourceUpdateConstraint"] = constraint("RESOURCE_UPDATE", {
    TagUpdateOnProvisionedProduct = parameters
      '{ Version = "2.0", Properties = { TagUpdateOnProvisionedProduct = %s } }' }),
  ["AWS::ServiceCatalog::PortfolioPrincipalAssociation"] = {
    type = "aws_servicecatalog_principal_portfolio_association",
    ref = { "portfolio_id", "principal_arn" } },
  ["AWS::ServiceCatalog::PortfolioProductAssociation"] = {
    type = "aws_servicecatalog_product_portfolio_association",
    ref = { "portfolio_id", "product_id" } },
  ["AWS::ServiceCatalog::PortfolioShare"] = { type = "aws_servicecatalog_portfolio_share",
    ref = { "portfolio_id", "principal_id" }, set = { type = '"ACCOUNT"' },
    props = { AccountId = "principal_id" } },
  ["AWS::ServiceCatalog::ServiceAction"] = { type = "aws_servicecatalog_service_action",
    props = { DefinitionType = "definition.type", Definition = definition } },
  ["AWS::ServiceCatalog::TagOption"] = { type = "aws_servicecatalog_tag_option" },
  ["AWS::ServiceCatalog::TagOptionAssociation"] = {
    type = "aws_servicecatalog_tag_option_resource_association",
    ref = { "tag_option_id", "resource_id" } },
}
