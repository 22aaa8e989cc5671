-- SPDX-License-Identifier: Apache-2.0
local OF = { cluster_identifier = "cluster_identifier" }

-- All that is said of copies to another region is one resource in Terraform.
local COPY = { DestinationRegion = "destination_region",
  SnapshotCopyGrantName = "snapshot_copy_grant_name",
  SnapshotCopyRetentionPeriod = "retention_period" }

local function copy(self)
  local props = {}
  for name in pairs(COPY) do props[name] = self.props[name] end
  local body = self:block("aws_redshift_snapshot_copy", "snapshot_copy")
  body:raw("cluster_identifier", self:own("cluster_identifier"))
  self:map(props, COPY, body)
end

local function said_with_region(self)
  if self.props.DestinationRegion == nil then
    self:unsupported(nil, "a copy without DestinationRegion")
  end
end

return {
  ["AWS::Redshift::Cluster"] = {
    type = "aws_redshift_cluster", ref = "cluster_identifier", name = "cluster_identifier",
    name_limit = 63, name_lower = true,
    set = { publicly_accessible = "false" }, defaults = { skip_final_snapshot = "true" },
    attributes = { ["Endpoint.Address"] = "dns_name", ["Endpoint.Port"] = "port",
      ClusterNamespaceArn = "cluster_namespace_arn" },
    props = {
      ClusterIdentifier = "cluster_identifier", DBName = "database_name",
      MasterUserPassword = "master_password", RevisionTarget = "cluster_revision_number",
      AvailabilityZoneRelocation = "availability_zone_relocation_enabled",
      LoggingProperties = { separate = "aws_redshift_logging", suffix = "logging", link = OF },
      NamespaceResourcePolicy = { separate = "aws_redshift_resource_policy", suffix = "policy",
        link = { resource_arn = "cluster_namespace_arn" }, into = "policy", json = true },
      DestinationRegion = copy, SnapshotCopyGrantName = said_with_region,
      SnapshotCopyRetentionPeriod = said_with_region,
    },
  },
  ["AWS::Redshift::ClusterParameterGroup"] = { type = "aws_redshift_parameter_group",
    ref = "name", name = "name", name_lower = true,
    props = { ParameterGroupName = "name", ParameterGroupFamily = "family",
      Parameters = { to = "parameter", props = { ParameterName = "name",
        ParameterValue = "value" } } } },
  ["AWS::Redshift::ClusterSubnetGroup"] = { type = "aws_redshift_subnet_group", ref = "name",
    name = "name", name_lower = true, attributes = { ClusterSubnetGroupName = "name" },
    props = {} },
  ["AWS::Redshift::EndpointAccess"] = { type = "aws_redshift_endpoint_access",
    ref = "endpoint_name",
    attributes = { ["VpcEndpoint.VpcEndpointId"] = "vpc_endpoint[0].vpc_endpoint_id",
      ["VpcEndpoint.VpcId"] = "vpc_endpoint[0].vpc_id" }, props = {} },
  ["AWS::Redshift::EndpointAuthorization"] = { type = "aws_redshift_endpoint_authorization",
    attributes = { AllowedAllVPCs = "allowed_all_vpcs" }, props = { Force = "force_delete" } },
  ["AWS::Redshift::EventSubscription"] = { type = "aws_redshift_event_subscription",
    ref = "name", attributes = { CustSubscriptionId = "name", SourceIdsList = "source_ids",
      EventCategoriesList = "event_categories" }, props = { SubscriptionName = "name" } },
  ["AWS::Redshift::Integration"] = { type = "aws_redshift_integration", ref = "arn",
    name = "integration_name", attributes = { IntegrationArn = "arn" }, props = {} },
  ["AWS::Redshift::ScheduledAction"] = { type = "aws_redshift_scheduled_action", ref = "name",
    props = {} },
  ["AWS::Redshift::SnapshotCopyGrant"] = { type = "aws_redshift_snapshot_copy_grant",
    ref = "arn", props = {} },
  ["AWS::Redshift::SnapshotSchedule"] = { type = "aws_redshift_snapshot_schedule", ref = "arn",
    props = { ScheduleDefinitions = "definitions", ScheduleDescription = "description",
      ScheduleIdentifier = "identifier" } },
  ["AWS::Redshift::Snapshot"] = { type = "aws_redshift_cluster_snapshot", ref = "arn",
    attributes = { SnapshotArn = "arn" }, props = {} },
  ["AWS::Redshift::UsageLimit"] = { type = "aws_redshift_usage_limit", ref = "arn",
    attributes = { UsageLimitId = "id" }, props = {} },
}
