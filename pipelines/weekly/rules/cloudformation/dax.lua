-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

return {
  ["AWS::DAX::Cluster"] = {
    type = "aws_dax_cluster", ref = "cluster_name", name = "cluster_name", name_limit = 20,
    name_lower = true,
    attributes = { Id = "cluster_name", ClusterDiscoveryEndpoint = "configuration_endpoint" },
    props = { PreferredMaintenanceWindow = "maintenance_window",
      SSESpecification = { to = "server_side_encryption", props = { SSEEnabled = "enabled" } } } },
  ["AWS::DAX::ParameterGroup"] = { type = "aws_dax_parameter_group", ref = "name", name = "name",
    name_lower = true, props = { ParameterNameValues = shared.parameters "parameters" } },
  ["AWS::DAX::SubnetGroup"] = { type = "aws_dax_subnet_group", ref = "name", name = "name",
    name_lower = true, props = {} },
}
