-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::WorkSpaces::Workspace"] = { type = "aws_workspaces_workspace",
    attributes = { WorkspaceId = "id" }, props = {} },
  ["AWS::WorkSpaces::ConnectionAlias"] = { type = "aws_workspaces_connection_alias",
    attributes = { AliasId = "id", ConnectionAliasState = "state" }, props = {} },
  ["AWS::WorkSpaces::WorkspaceIpGroup"] = { type = "aws_workspaces_ip_group", ref = false,
    attributes = { GroupId = "id" },
    props = { GroupName = "name", GroupDesc = "description",
      UserRules = { to = "rules", props = { IpRule = "source", RuleDesc = "description" } } } },
}
