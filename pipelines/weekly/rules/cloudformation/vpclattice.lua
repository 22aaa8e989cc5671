-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"

local DNS = { drop = "the service fills it in" }
local DNS_ENTRY = { ["DnsEntry.DomainName"] = "dns_entry[0].domain_name",
  ["DnsEntry.HostedZoneId"] = "dns_entry[0].hosted_zone_id" }
local POLICY = { Policy = { to = "policy", json = true } }

local function targets(self, value)
  shared.structures(self, value, function(item, test, i)
    local body = self:block("aws_vpclattice_target_group_attachment", "target_" .. i, test)
    body:raw("target_group_identifier", self:own("id"))
    self:map(item, {}, body:block("target"))
  end)
end

local HEALTH = { to = "health_check", props = { Matcher = { to = "matcher", props = {
  HttpCode = "value" } } } }

local DEFINITION = { to = "resource_configuration_definition", props = {
  ArnResource = "arn_resource.arn", IpResource = "ip_resource.ip_address" } }

return {
  ["AWS::VpcLattice::AccessLogSubscription"] = { type = "aws_vpclattice_access_log_subscription",
    ref = "arn", props = {} },
  ["AWS::VpcLattice::AuthPolicy"] = { type = "aws_vpclattice_auth_policy",
    ref = "resource_identifier", props = POLICY },
  ["AWS::VpcLattice::ResourcePolicy"] = { type = "aws_vpclattice_resource_policy",
    ref = "resource_arn", props = POLICY },
  ["AWS::VpcLattice::Listener"] = { type = "aws_vpclattice_listener", ref = "arn", name = "name",
    attributes = { Id = "listener_id", ServiceId = "service_identifier" }, props = {} },
  ["AWS::VpcLattice::Rule"] = { type = "aws_vpclattice_listener_rule", ref = "arn",
    name = "name", attributes = { Id = "rule_id" }, props = {} },
  ["AWS::VpcLattice::ResourceConfiguration"] = {
    type = "aws_vpclattice_resource_configuration", ref = "arn",
    props = { ResourceConfigurationDefinition = DEFINITION, ProtocolType = "protocol",
      ResourceGatewayId = "resource_gateway_identifier",
      AllowAssociationToSharableServiceNetwork =
        "allow_association_to_shareable_service_network" } },
  ["AWS::VpcLattice::ResourceGateway"] = { type = "aws_vpclattice_resource_gateway", ref = "arn",
    props = { VpcIdentifier = "vpc_id" } },
  ["AWS::VpcLattice::Service"] = { type = "aws_vpclattice_service", ref = "arn", name = "name",
    name_lower = true, name_limit = 40, attributes = DNS_ENTRY, props = { DnsEntry = DNS } },
  ["AWS::VpcLattice::ServiceNetwork"] = { type = "aws_vpclattice_service_network", ref = "arn",
    name = "name", name_lower = true, name_limit = 63, props = {} },
  ["AWS::VpcLattice::ServiceNetworkResourceAssociation"] = {
    type = "aws_vpclattice_service_network_resource_association", ref = "arn",
    props = { ResourceConfigurationId = "resource_configuration_identifier",
      ServiceNetworkId = "service_network_identifier" } },
  ["AWS::VpcLattice::ServiceNetworkServiceAssociation"] = {
    type = "aws_vpclattice_service_network_service_association", ref = "arn",
    attributes = DNS_ENTRY, props = { DnsEntry = DNS } },
  ["AWS::VpcLattice::ServiceNetworkVpcAssociation"] = {
    type = "aws_vpclattice_service_network_vpc_association", ref = "arn",
    attributes = { VpcId = "vpc_identifier" }, props = {} },
  ["AWS::VpcLattice::TargetGroup"] = { type = "aws_vpclattice_target_group", ref = "arn",
    name = "name", name_lower = true,
    props = { Targets = targets, Config = { to = "config", props = { HealthCheck = HEALTH } } } },
}
