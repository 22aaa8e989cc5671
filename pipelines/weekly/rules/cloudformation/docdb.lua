-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

local CLUSTER = shared.under("restore_to_point_in_time", { RestoreType = "restore_type",
  RestoreToTime = "restore_to_time", SourceDBClusterIdentifier = "source_cluster_identifier",
  UseLatestRestorableTime = "use_latest_restorable_time" })
CLUSTER.DBClusterIdentifier = "cluster_identifier"
CLUSTER.EnableCloudwatchLogsExports = "enabled_cloudwatch_logs_exports"
CLUSTER.MasterUserPassword = "master_password"

return {
  ["AWS::DocDB::DBCluster"] = {
    type = "aws_docdb_cluster", ref = "cluster_identifier",
    defaults = { skip_final_snapshot = "true" }, props = CLUSTER,
    attributes = { ReadEndpoint = "reader_endpoint", Id = "cluster_identifier", Port = "port" },
  },
  ["AWS::DocDB::DBInstance"] = { type = "aws_docdb_cluster_instance", ref = "identifier",
    attributes = { Id = "identifier" }, props = { DBClusterIdentifier = "cluster_identifier",
      DBInstanceClass = "instance_class", CACertificateIdentifier = "ca_cert_identifier",
      CertificateRotationRestart = { drop = "it says how a certificate is renewed later" } } },
  ["AWS::DocDB::DBClusterParameterGroup"] = { type = "aws_docdb_cluster_parameter_group",
    ref = "name", props = { Parameters = shared.parameters("parameter", "pending-reboot") } },
  ["AWS::DocDB::DBSubnetGroup"] = { type = "aws_docdb_subnet_group", ref = "name", props = {} },
  ["AWS::DocDB::EventSubscription"] = { type = "aws_docdb_event_subscription", ref = "name",
    props = { SubscriptionName = "name" } },
  ["AWS::DocDB::GlobalCluster"] = { type = "aws_docdb_global_cluster",
    ref = "global_cluster_identifier", attributes = { GlobalClusterArn = "arn",
      GlobalClusterResourceId = "global_cluster_resource_id" }, props = {} },
}
