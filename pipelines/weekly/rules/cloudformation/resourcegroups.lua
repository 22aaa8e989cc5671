-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::ResourceGroups::Group"] = {
    type = "aws_resourcegroups_group", ref = "name",
    props = {
      ResourceQuery = { to = "resource_query", props = { Query = { to = "query", json = true } } },
      Resources = { separate = "aws_resourcegroups_resource", suffix = "resource",
        link = { group_arn = "arn" }, item = "resource_arn" },
    },
  },
}
