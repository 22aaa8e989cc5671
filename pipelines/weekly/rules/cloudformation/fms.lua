-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::FMS::Policy"] = { type = "aws_fms_policy",
    props = { ResourcesCleanUp = "delete_unused_fm_managed_resources" } },
  ["AWS::FMS::ResourceSet"] = { type = "aws_fms_resource_set", props = {
    Name = "resource_set.name", Description = "resource_set.description",
    ResourceTypeList = "resource_set.resource_type_list" } },
}
