-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local PARAMETERS = shared.parameters("parameter", "pending-reboot")
local NO_SNAPSHOT = { skip_final_snapshot = "true" }
local SECRET = { inline = true, props = { KmsKeyId = "master_user_secret_kms_key_id",
  SecretArn = { drop = "RDS makes the secret" } } }
local SECRET_ARN = "master_user_secret[0].secret_arn"

local RESTORE = shared.under("restore_to_point_in_time", { RestoreTime = "restore_time",
  UseLatestRestorableTime = "use_latest_restorable_time",
  SourceDBInstanceAutomatedBackupsArn = "source_db_instance_automated_backups_arn",
  SourceDbiResourceId = "source_dbi_resource_id" })

-- The same property names what a replica follows and what a restored instance comes from.
local function source_instance(self, value, body)
  local props = self.props
  if props.UseLatestRestorableTime ~= nil or props.RestoreTime ~= nil then
    body:single("restore_to_point_in_time"):set("source_db_instance_identifier",
      self:value(value))
  else
    body:set("replicate_source_db", self:value(value))
  end
end

local INSTANCE = {
  AssociatedRoles = { separate = "aws_db_instance_role_association", suffix = "role",
    link = { db_instance_identifier = "identifier" } },
  CACertificateIdentifier = "ca_cert_identifier", DBInstanceClass = "instance_class",
  DBParameterGroupName = "parameter_group_name",
  CertificateRotationRestart = { drop = "it says how a certificate is renewed later" },
  DBSnapshotIdentifier = "snapshot_identifier",
  EnableCloudwatchLogsExports = "enabled_cloudwatch_logs_exports",
  EnableIAMDatabaseAuthentication = "iam_database_authentication_enabled",
  EnablePerformanceInsights = "performance_insights_enabled", MasterUserPassword = "password",
  MasterUsername = "username", MasterUserSecret = SECRET, PreferredBackupWindow = "backup_window",
  PreferredMaintenanceWindow = "maintenance_window", VPCSecurityGroups = "vpc_security_group_ids",
  SourceDBInstanceIdentifier = source_instance,
  PromotionTier = { drop = "it is about the members of a cluster" },
}
for name, path in pairs(RESTORE) do INSTANCE[name] = path end

-- Backups are kept a day where nothing is said; Terraform would keep none.
local function keep_backups(_, props, body)
  local replica = not values.is_no_value(props.SourceDBInstanceIdentifier)
  if replica or body:has "backup_retention_period" then return end
  body:set("backup_retention_period", 1)
end

local MEMBER = shared.without("the cluster says it",
  [[AllocatedStorage AllowMajorVersionUpgrade BackupRetentionPeriod CharacterSetName DBName
    DeleteAutomatedBackups DeletionProtection Domain DomainIAMRoleName
    EnableCloudwatchLogsExports EnableIAMDatabaseAuthentication EngineLifecycleSupport Iops
    KmsKeyId LicenseModel ManageMasterUserPassword MasterUserPassword MasterUserSecret
    MasterUsername MaxAllocatedStorage MultiAZ NetworkType OptionGroupName Port StorageEncrypted
    StorageThroughput StorageType Timezone VPCSecurityGroups]], {
    CACertificateIdentifier = "ca_cert_identifier", DBClusterIdentifier = "cluster_identifier",
    DBInstanceClass = "instance_class",
    CertificateRotationRestart = { drop = "it says how a certificate is renewed later" },
    EnablePerformanceInsights = "performance_insights_enabled",
  })

local function engine_of_cluster(self, props, body)
  local id = shared.resource_of(self, props.DBClusterIdentifier, "AWS::RDS::DBCluster")
  if id and not body:has "engine" then body:set("engine", self.scope:attribute(id, "engine")) end
end

-- Roles without a feature belong to the cluster itself.
local function cluster_roles(self, value, body)
  local plain = {}
  values.structures(self, value, function(item, test)
    if values.is_no_value(item.FeatureName) then
      local node = self:value(item.RoleArn)
      plain[#plain + 1] = test and expr.cond(test, node, expr.none) or node
    else
      self:separate({ separate = "aws_rds_cluster_role_association", suffix = "role",
        link = { db_cluster_identifier = "cluster_identifier" } }, item, test)
    end
  end)
  if #plain > 0 then body:set("iam_roles", expr.list(plain)) end
end

local CLUSTER = {
  AssociatedRoles = cluster_roles, DBClusterIdentifier = "cluster_identifier",
  EnableCloudwatchLogsExports = "enabled_cloudwatch_logs_exports",
  EnableIAMDatabaseAuthentication = "iam_database_authentication_enabled",
  MasterUserPassword = "master_password", MasterUserSecret = SECRET,
  SourceDBClusterIdentifier = "restore_to_point_in_time.source_cluster_identifier",
  SourceDbClusterResourceId = "restore_to_point_in_time.source_cluster_resource_id",
  RestoreType = "restore_to_point_in_time.restore_type",
  RestoreToTime = "restore_to_point_in_time.restore_to_time",
  UseLatestRestorableTime = "restore_to_point_in_time.use_latest_restorable_time",
}

-- The provider takes a source only beside force_destroy.
local function source_cluster(_, _, body)
  if body:has "source_db_cluster_identifier" then body:set("force_destroy", false) end
end

local function proxy_targets(argument)
  return function(self, value)
    values.each(self, value, function(item, test)
      local body = self:block("aws_db_proxy_target", "target", test)
      body:raw("db_proxy_name", self:own("db_proxy_name"))
      body:raw("target_group_name", self:own("name"))
      body:set(argument, self:value(item))
    end)
  end
end

return {
  ["AWS::RDS::DBInstance"] = {
    choose = function(props) return values.is_no_value(props.DBClusterIdentifier) and 1 or 2 end,
    variants = { {
      type = "aws_db_instance", ref = "identifier", defaults = NO_SNAPSHOT, props = INSTANCE,
      finish = keep_backups,
      attributes = { ["Endpoint.Address"] = "address", ["Endpoint.Port"] = "port",
        ["Endpoint.HostedZoneId"] = "hosted_zone_id", DBInstanceArn = "arn",
        DbiResourceId = "resource_id", ["MasterUserSecret.SecretArn"] = SECRET_ARN,
        ["ListenerEndpoint.Address"] = "listener_endpoint[0].address",
        ["ListenerEndpoint.Port"] = "listener_endpoint[0].port",
        ["ListenerEndpoint.HostedZoneId"] = "listener_endpoint[0].hosted_zone_id",
        ["CertificateDetails.CAIdentifier"] = "ca_cert_identifier" },
    }, {
      type = "aws_rds_cluster_instance", ref = "identifier", props = MEMBER,
      finish = engine_of_cluster,
      attributes = { ["Endpoint.Address"] = "endpoint", ["Endpoint.Port"] = "port",
        DBInstanceArn = "arn", DbiResourceId = "dbi_resource_id",
        ["CertificateDetails.CAIdentifier"] = "ca_cert_identifier" },
    } },
  },
  ["AWS::RDS::DBCluster"] = {
    type = "aws_rds_cluster", ref = "cluster_identifier", defaults = NO_SNAPSHOT, props = CLUSTER,
    attributes = { ["Endpoint.Address"] = "endpoint", ["Endpoint.Port"] = "port",
      ["ReadEndpoint.Address"] = "reader_endpoint", DBClusterArn = "arn",
      DBClusterResourceId = "cluster_resource_id", ["MasterUserSecret.SecretArn"] = SECRET_ARN },
  },
  ["AWS::RDS::DBClusterParameterGroup"] = { type = "aws_rds_cluster_parameter_group",
    ref = "name", props = { Parameters = PARAMETERS } },
  ["AWS::RDS::DBParameterGroup"] = { type = "aws_db_parameter_group", ref = "name",
    attributes = { DBParameterGroupArn = "arn" }, props = { Parameters = PARAMETERS } },
  ["AWS::RDS::DBSubnetGroup"] = { type = "aws_db_subnet_group", ref = "name",
    attributes = { DBSubnetGroupArn = "arn" }, props = {} },
  ["AWS::RDS::OptionGroup"] = { type = "aws_db_option_group", ref = "name",
    props = { OptionConfigurations = { to = "option", props = { OptionVersion = "version" } } } },
  ["AWS::RDS::EventSubscription"] = { type = "aws_db_event_subscription", ref = "name",
    props = { SubscriptionName = "name", SnsTopicArn = "sns_topic" } },
  ["AWS::RDS::GlobalCluster"] = { type = "aws_rds_global_cluster",
    ref = "global_cluster_identifier", name = "global_cluster_identifier", name_lower = true,
    attributes = { ["GlobalEndpoint.Address"] = "endpoint", GlobalEndpoint = "endpoint" },
    props = {}, finish = source_cluster },
  ["AWS::RDS::DBProxy"] = { type = "aws_db_proxy", ref = "name",
    attributes = { DBProxyArn = "arn" }, props = {} },
  ["AWS::RDS::DBProxyEndpoint"] = { type = "aws_db_proxy_endpoint",
    ref = "db_proxy_endpoint_name", attributes = { DBProxyEndpointArn = "arn" }, props = {} },
  ["AWS::RDS::DBProxyTargetGroup"] = {
    type = "aws_db_proxy_default_target_group", ref = "arn",
    attributes = { TargetGroupArn = "arn", TargetGroupName = "name" },
    props = { ConnectionPoolConfigurationInfo = { to = "connection_pool_config" },
      DBClusterIdentifiers = proxy_targets "db_cluster_identifier",
      DBInstanceIdentifiers = proxy_targets "db_instance_identifier",
      TargetGroupName = { drop = "a proxy has one target group, \"default\"" } },
  },
  ["AWS::RDS::Integration"] = { type = "aws_rds_integration", ref = "arn",
    name = "integration_name", attributes = { IntegrationArn = "arn" }, props = {} },
  ["AWS::RDS::DBShardGroup"] = { type = "aws_rds_shard_group", ref = "db_shard_group_identifier",
    name = "db_shard_group_identifier", name_lower = true, props = {} },
  ["AWS::RDS::DBClusterEndpoint"] = { type = "aws_rds_cluster_endpoint", ref = "arn",
    attributes = { DBClusterEndpointArn = "arn", EndpointType = "custom_endpoint_type" },
    props = { DBClusterEndpointIdentifier = "cluster_endpoint_identifier",
      DBClusterIdentifier = "cluster_identifier" } },
  ["AWS::RDS::CustomDBEngineVersion"] = { type = "aws_rds_custom_db_engine_version",
    ref = shared.compound("|", "engine", "engine_version"),
    attributes = { DBEngineVersionArn = "arn" }, props = { ImageId = "source_image_id" } },
  ["AWS::RDS::DBSnapshot"] = { type = "aws_db_snapshot", ref = "db_snapshot_arn", props = {} },
  ["AWS::RDS::ClusterSnapshot"] = { type = "aws_db_cluster_snapshot",
    ref = "db_cluster_snapshot_arn", props = {} },
}
