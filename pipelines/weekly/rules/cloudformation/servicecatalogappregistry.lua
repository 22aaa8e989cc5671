-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::ServiceCatalogAppRegistry::Application"] = {
    type = "aws_servicecatalogappregistry_application", attributes = { ApplicationName = "name" } },
  ["AWS::ServiceCatalogAppRegistry::AttributeGroup"] = {
    type = "aws_servicecatalogappregistry_attribute_group" },
  ["AWS::ServiceCatalogAppRegistry::AttributeGroupAssociation"] = {
    type = "aws_servicecatalogappregistry_attribute_group_association", ref = false,
    props = { Application = "application_id", AttributeGroup = "attribute_group_id" } },
}
