-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

return {
  ["AWS::MemoryDB::Cluster"] = {
    type = "aws_memorydb_cluster", ref = "name",
    attributes = { ["ClusterEndpoint.Address"] = "cluster_endpoint[0].address",
      ["ClusterEndpoint.Port"] = "cluster_endpoint[0].port" },
    props = { KmsKeyId = "kms_key_arn" } },
  ["AWS::MemoryDB::MultiRegionCluster"] = { type = "aws_memorydb_multi_region_cluster",
    ref = "multi_region_cluster_name",
    attributes = { MultiRegionClusterName = "multi_region_cluster_name" }, props = {} },
  ["AWS::MemoryDB::ACL"] = { type = "aws_memorydb_acl", ref = "name", props = {} },
  ["AWS::MemoryDB::ParameterGroup"] = { type = "aws_memorydb_parameter_group", ref = "name",
    props = { Parameters = shared.parameters "parameter" } },
  ["AWS::MemoryDB::Snapshot"] = { type = "aws_memorydb_snapshot", ref = "arn",
    props = { KmsKeyId = "kms_key_arn" } },
  ["AWS::MemoryDB::SubnetGroup"] = { type = "aws_memorydb_subnet_group", ref = "name",
    props = {} },
  ["AWS::MemoryDB::User"] = { type = "aws_memorydb_user", ref = "user_name", props = {} },
}
