-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local DESTINATION = { inline = true, props = {
  CloudWatchLogsDetails = { inline = true, props = { LogGroup = "destination" } },
  KinesisFirehoseDetails = { inline = true, props = { DeliveryStream = "destination" } },
} }

local function cache(specs)
  specs.CacheNodeType, specs.CacheParameterGroupName = "node_type", "parameter_group_name"
  specs.CacheSubnetGroupName = "subnet_group_name"
  specs.PreferredMaintenanceWindow = "maintenance_window"
  specs.LogDeliveryConfigurations = { to = "log_delivery_configuration", props = {
    DestinationDetails = DESTINATION } }
  return specs
end

local function primary_member(self, value, body)
  values.structures(self, value, function(item)
    if tostring(item.Role):upper() == "PRIMARY" then
      return body:set("primary_replication_group_id", self:value(item.ReplicationGroupId))
    end
    self:unsupported(nil, "a member in another region")
  end)
end

return {
  ["AWS::ElastiCache::CacheCluster"] = {
    type = "aws_elasticache_cluster", ref = "cluster_id", name = "cluster_id", name_limit = 50,
    name_lower = true,
    attributes = { ["RedisEndpoint.Address"] = "cache_nodes[0].address",
      ["RedisEndpoint.Port"] = "cache_nodes[0].port",
      ["ConfigurationEndpoint.Address"] = "cluster_address",
      ["ConfigurationEndpoint.Port"] = "port" },
    props = cache { ClusterName = "cluster_id", VpcSecurityGroupIds = "security_group_ids",
      PreferredAvailabilityZone = "availability_zone" },
  },
  ["AWS::ElastiCache::ReplicationGroup"] = {
    type = "aws_elasticache_replication_group", ref = "replication_group_id",
    name = "replication_group_id", name_limit = 40, name_lower = true,
    attributes = { ["ConfigurationEndPoint.Address"] = "configuration_endpoint_address",
      ["ConfigurationEndPoint.Port"] = "port",
      ["PrimaryEndPoint.Address"] = "primary_endpoint_address", ["PrimaryEndPoint.Port"] = "port",
      ["ReaderEndPoint.Address"] = "reader_endpoint_address", ["ReaderEndPoint.Port"] = "port" },
    props = cache { CacheSecurityGroupNames = "security_group_names" },
  },
  ["AWS::ElastiCache::GlobalReplicationGroup"] = {
    type = "aws_elasticache_global_replication_group", ref = "global_replication_group_id",
    attributes = { GlobalReplicationGroupId = "global_replication_group_id" },
    props = { Members = primary_member, GlobalNodeGroupCount = "num_node_groups",
      CacheParameterGroupName = "parameter_group_name" } },
  ["AWS::ElastiCache::ParameterGroup"] = { type = "aws_elasticache_parameter_group",
    ref = "name", name = "name", name_lower = true,
    attributes = { CacheParameterGroupName = "name" },
    props = { CacheParameterGroupFamily = "family",
      Properties = shared.parameters "parameter" } },
  ["AWS::ElastiCache::SubnetGroup"] = { type = "aws_elasticache_subnet_group", ref = "name",
    name = "name", name_lower = true, props = { CacheSubnetGroupName = "name" } },
  ["AWS::ElastiCache::ServerlessCache"] = {
    type = "aws_elasticache_serverless_cache", ref = "name",
    attributes = { ["Endpoint.Address"] = "endpoint[0].address",
      ["Endpoint.Port"] = "endpoint[0].port",
      ["ReaderEndpoint.Address"] = "reader_endpoint[0].address",
      ["ReaderEndpoint.Port"] = "reader_endpoint[0].port" },
    props = {} },
  ["AWS::ElastiCache::User"] = { type = "aws_elasticache_user", ref = "user_id",
    props = {} },
  ["AWS::ElastiCache::UserGroup"] = { type = "aws_elasticache_user_group",
    ref = "user_group_id", props = {} },
}
