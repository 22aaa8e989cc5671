-- SPDX-License-Identifier: Apache-2.0
local function attributes(prefix, map)
  local out = {}
  for name, attribute in pairs(map) do out[prefix .. "." .. name] = attribute end
  return out
end

local PRICE = { to = "price_performance_target", props = {
  Status = { to = "enabled", enum = { ENABLED = true, DISABLED = false } } } }

return {
  ["AWS::RedshiftServerless::Namespace"] = {
    type = "aws_redshiftserverless_namespace", ref = "namespace_name",
    attributes = attributes("Namespace", { NamespaceArn = "arn", NamespaceId = "namespace_id",
      NamespaceName = "namespace_name", DbName = "db_name", KmsKeyId = "kms_key_id",
      AdminUsername = "admin_username", DefaultIamRoleArn = "default_iam_role_arn",
      IamRoles = "iam_roles", LogExports = "log_exports",
      AdminPasswordSecretArn = "admin_password_secret_arn" }),
    props = { NamespaceResourcePolicy = { separate = "aws_redshiftserverless_resource_policy",
      suffix = "policy", link = { resource_arn = "arn" }, into = "policy", json = true } },
  },
  ["AWS::RedshiftServerless::Workgroup"] = {
    type = "aws_redshiftserverless_workgroup", ref = "workgroup_name",
    attributes = attributes("Workgroup", { WorkgroupArn = "arn", WorkgroupId = "workgroup_id",
      WorkgroupName = "workgroup_name", NamespaceName = "namespace_name",
      BaseCapacity = "base_capacity", MaxCapacity = "max_capacity", TrackName = "track_name",
      EnhancedVpcRouting = "enhanced_vpc_routing", PubliclyAccessible = "publicly_accessible",
      SecurityGroupIds = "security_group_ids", SubnetIds = "subnet_ids",
      ["Endpoint.Address"] = "endpoint[0].address", ["Endpoint.Port"] = "endpoint[0].port",
      ["Endpoint.VpcEndpoints.VpcEndpointId"] = "endpoint[0].vpc_endpoint[0].vpc_endpoint_id",
      ["Endpoint.VpcEndpoints.VpcId"] = "endpoint[0].vpc_endpoint[0].vpc_id" }),
    props = { PricePerformanceTarget = PRICE } },
  ["AWS::RedshiftServerless::Snapshot"] = {
    type = "aws_redshiftserverless_snapshot", ref = "snapshot_name",
    attributes = attributes("Snapshot", { SnapshotArn = "arn", SnapshotName = "snapshot_name",
      NamespaceArn = "namespace_arn", NamespaceName = "namespace_name", KmsKeyId = "kms_key_id",
      OwnerAccount = "owner_account", AdminUsername = "admin_username",
      RetentionPeriod = "retention_period" }), props = {} },
}
