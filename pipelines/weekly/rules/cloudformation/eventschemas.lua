-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::EventSchemas::Discoverer"] = { type = "aws_schemas_discoverer", ref = "arn",
    attributes = { DiscovererArn = "arn", DiscovererId = "id" }, props = {} },
  ["AWS::EventSchemas::Registry"] = { type = "aws_schemas_registry", ref = "arn", name = "name",
    attributes = { RegistryArn = "arn", RegistryName = "name" }, props = {} },
  ["AWS::EventSchemas::RegistryPolicy"] = { type = "aws_schemas_registry_policy", props = {} },
  ["AWS::EventSchemas::Schema"] = { type = "aws_schemas_schema", ref = "arn", name = "name",
    attributes = { SchemaArn = "arn", SchemaName = "name", SchemaVersion = "version" },
    props = {} },
}
