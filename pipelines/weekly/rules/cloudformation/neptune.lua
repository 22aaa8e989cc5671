-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

local PARAMETERS = shared.parameters("parameter", "pending-reboot")

return {
  ["AWS::Neptune::DBCluster"] = {
    type = "aws_neptune_cluster", ref = "cluster_identifier",
    defaults = { skip_final_snapshot = "true" },
    attributes = { ReadEndpoint = "reader_endpoint" },
    props = {
      AssociatedRoles = { to = "iam_roles", pluck = "RoleArn" },
      DBClusterIdentifier = "cluster_identifier",
      DBClusterParameterGroupName = "neptune_cluster_parameter_group_name",
      DBInstanceParameterGroupName = "neptune_instance_parameter_group_name", DBPort = "port",
      DBSubnetGroupName = "neptune_subnet_group_name", KmsKeyId = "kms_key_arn",
      IamAuthEnabled = "iam_database_authentication_enabled",
      ServerlessScalingConfiguration = { to = "serverless_v2_scaling_configuration" },
    },
  },
  ["AWS::Neptune::DBInstance"] = { type = "aws_neptune_cluster_instance", ref = "identifier",
    attributes = { Endpoint = "address" },
    props = { DBClusterIdentifier = "cluster_identifier", DBInstanceClass = "instance_class",
      AllowMajorVersionUpgrade = { drop = "it is about a later upgrade of the engine" },
      DBParameterGroupName = "neptune_parameter_group_name",
      DBSubnetGroupName = "neptune_subnet_group_name" } },
  ["AWS::Neptune::DBClusterParameterGroup"] = { type = "aws_neptune_cluster_parameter_group",
    ref = "name", props = { Parameters = PARAMETERS } },
  ["AWS::Neptune::DBParameterGroup"] = { type = "aws_neptune_parameter_group", ref = "name",
    props = { Parameters = PARAMETERS } },
  ["AWS::Neptune::DBSubnetGroup"] = { type = "aws_neptune_subnet_group", ref = "name",
    props = {} },
  ["AWS::Neptune::EventSubscription"] = { type = "aws_neptune_event_subscription", ref = "name",
    props = { SubscriptionName = "name" } },
  ["AWS::Neptune::GlobalCluster"] = { type = "aws_neptune_global_cluster",
    ref = "global_cluster_identifier", name = "global_cluster_identifier", name_lower = true,
    props = {} },
}
