-- SPDX-License-Identifier: Apache-2.0
-- Gateways: internet, NAT, VPN, transit; address pools; mirrors and verified access.
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local function attached_to(props)
  return values.is_no_value(props.InternetGatewayId) and 2 or 1
end

local ATTACHMENTS = { {
  type = "aws_internet_gateway_attachment",
  props = { VpnGatewayId = function(self, value)
    self:separate({ separate = "aws_vpn_gateway_attachment", suffix = "vpn", props = {} },
      { VpcId = self.props.VpcId, VpnGatewayId = value })
  end },
}, { type = "aws_vpn_gateway_attachment", props = { InternetGatewayId = {
  drop = "it is not given" } } } }

-- --- VPN ----------------------------------------------------------------------------------------

local TUNNEL = { DPDTimeoutAction = "dpd_timeout_action", DPDTimeoutSeconds = "dpd_timeout_seconds",
  EnableTunnelLifecycleControl = "enable_tunnel_lifecycle_control",
  Phase1LifetimeSeconds = "phase1_lifetime_seconds",
  Phase2LifetimeSeconds = "phase2_lifetime_seconds", PreSharedKey = "preshared_key",
  RekeyFuzzPercentage = "rekey_fuzz_percentage",
  RekeyMarginTimeSeconds = "rekey_margin_time_seconds", ReplayWindowSize = "replay_window_size",
  StartupAction = "startup_action", TunnelInsideCidr = "inside_cidr",
  TunnelInsideIpv6Cidr = "inside_ipv6_cidr", LogOptions = "log_options" }
local TUNNEL_LISTS = { IKEVersions = "ike_versions",
  Phase1DHGroupNumbers = "phase1_dh_group_numbers",
  Phase1EncryptionAlgorithms = "phase1_encryption_algorithms",
  Phase1IntegrityAlgorithms = "phase1_integrity_algorithms",
  Phase2DHGroupNumbers = "phase2_dh_group_numbers",
  Phase2EncryptionAlgorithms = "phase2_encryption_algorithms",
  Phase2IntegrityAlgorithms = "phase2_integrity_algorithms" }

local function tunnels(self, value, body)
  values.structures(self, value, function(item, test, i)
    if i > 2 or test then return self:unsupported(nil, "a tunnel beside the two") end
    local specs, prefix = {}, "tunnel" .. i .. "_"
    for key, name in pairs(TUNNEL) do specs[key] = prefix .. name end
    for key, name in pairs(TUNNEL_LISTS) do
      specs[key] = { to = prefix .. name, pluck = "Value" }
    end
    self:map(item, specs, body)
  end)
end

local function default_asn(_, _, body)
  if not body:has "bgp_asn" and not body:has "bgp_asn_extended" then
    body:set("bgp_asn", "65000")
  end
end

local CLIENT_AUTHENTICATION = { to = "authentication_options", props = {
  ActiveDirectory = { inline = true, props = { DirectoryId = "active_directory_id" } },
  MutualAuthentication = { inline = true, props = {
    ClientRootCertificateChainArn = "root_certificate_chain_arn" } },
  FederatedAuthentication = { inline = true },
} }

-- --- transit gateways ---------------------------------------------------------------------------

local function transit(type_name, props)
  return { type = "aws_ec2_transit_gateway" .. type_name, attributes = { Id = "id" },
    props = props or {} }
end

local VPC_ATTACHMENT = { Options = { inline = true } }
local TRANSPORTS = { "AWS::EC2::TransitGatewayAttachment", "AWS::EC2::TransitGatewayVpcAttachment" }

-- Terraform wants the gateway too: that of the attachment below.
local function transport(self, value, body)
  body:set("transport_attachment_id", self:value(value))
  for _, cfn_type in ipairs(TRANSPORTS) do
    local id = shared.resource_of(self, value, cfn_type)
    if id then body:set("transit_gateway_id", self.scope:attribute(id, "transit_gateway_id")) end
  end
end

local CONNECT_PEER = { ConnectPeerConfiguration = { inline = true, props = {
  BgpConfigurations = function(self, value, body)
    values.structures(self, value, function(item)
      if not body:has "bgp_asn" then self:map(item, { PeerAsn = "bgp_asn" }, body) end
    end)
  end,
  Protocol = { drop = "gre is the only one" } } } }

local VERIFIED_OIDC = { to = "oidc_options" }

return {
  ["AWS::EC2::InternetGateway"] = { type = "aws_internet_gateway",
    attributes = { InternetGatewayId = "id" }, props = {} },
  ["AWS::EC2::VPCGatewayAttachment"] = { choose = attached_to, variants = ATTACHMENTS },
  ["AWS::EC2::EgressOnlyInternetGateway"] = { type = "aws_egress_only_internet_gateway",
    props = {} },
  ["AWS::EC2::CarrierGateway"] = { type = "aws_ec2_carrier_gateway",
    attributes = { CarrierGatewayId = "id" }, props = {} },
  ["AWS::EC2::NatGateway"] = { type = "aws_nat_gateway",
    attributes = { NatGatewayId = "id", EniId = "network_interface_id" },
    props = { PrivateIpAddress = "private_ip", MaxDrainDurationSeconds = {
      drop = "it says how addresses are given back later" } } },
  ["AWS::EC2::EIP"] = { type = "aws_eip", ref = "public_ip",
    attributes = { AllocationId = "allocation_id", PublicIp = "public_ip" },
    props = { InstanceId = "instance" } },
  ["AWS::EC2::EIPAssociation"] = { type = "aws_eip_association", attributes = { Id = "id" },
    props = { EIP = "public_ip" } },
  ["AWS::EC2::VPNGateway"] = { type = "aws_vpn_gateway", attributes = { VPNGatewayId = "id" },
    props = { Type = { drop = "ipsec.1 is the only one" } } },
  ["AWS::EC2::VPNGatewayRoutePropagation"] = { type = "aws_vpn_gateway_route_propagation",
    build = shared.each_item("RouteTableIds", "aws_vpn_gateway_route_propagation", {},
      "route_table_id") },
  ["AWS::EC2::VPNConnection"] = { type = "aws_vpn_connection",
    attributes = { VpnConnectionId = "id" },
    props = { VpnTunnelOptionsSpecifications = tunnels } },
  ["AWS::EC2::VPNConnectionRoute"] = { type = "aws_vpn_connection_route", props = {} },
  ["AWS::EC2::CustomerGateway"] = { type = "aws_customer_gateway",
    attributes = { CustomerGatewayId = "id" }, props = {}, finish = default_asn },
  ["AWS::EC2::ClientVpnEndpoint"] = { type = "aws_ec2_client_vpn_endpoint",
    props = { AuthenticationOptions = CLIENT_AUTHENTICATION,
      TagSpecifications = shared.tags_of "client-vpn-endpoint" } },
  ["AWS::EC2::ClientVpnAuthorizationRule"] = { type = "aws_ec2_client_vpn_authorization_rule",
    props = {} },
  ["AWS::EC2::ClientVpnRoute"] = { type = "aws_ec2_client_vpn_route", props = {} },
  ["AWS::EC2::ClientVpnTargetNetworkAssociation"] = {
    type = "aws_ec2_client_vpn_network_association", ref = "association_id",
    attributes = { Id = "association_id" }, props = {} },
  ["AWS::EC2::TransitGateway"] = { type = "aws_ec2_transit_gateway",
    attributes = { Id = "id", TransitGatewayArn = "arn" }, props = {} },
  ["AWS::EC2::TransitGatewayAttachment"] = transit("_vpc_attachment", VPC_ATTACHMENT),
  ["AWS::EC2::TransitGatewayVpcAttachment"] = transit("_vpc_attachment", VPC_ATTACHMENT),
  ["AWS::EC2::TransitGatewayConnect"] = { type = "aws_ec2_transit_gateway_connect",
    attributes = { TransitGatewayAttachmentId = "id" },
    props = { Options = { inline = true }, TransportTransitGatewayAttachmentId = transport } },
  ["AWS::EC2::TransitGatewayConnectPeer"] = { type = "aws_ec2_transit_gateway_connect_peer",
    attributes = { TransitGatewayConnectPeerId = "id" }, props = CONNECT_PEER },
  ["AWS::EC2::TransitGatewayPeeringAttachment"] = {
    type = "aws_ec2_transit_gateway_peering_attachment",
    attributes = { TransitGatewayAttachmentId = "id" }, props = {} },
  ["AWS::EC2::TransitGatewayRoute"] = transit "_route",
  ["AWS::EC2::TransitGatewayRouteTable"] = { type = "aws_ec2_transit_gateway_route_table",
    attributes = { TransitGatewayRouteTableId = "id" }, props = {} },
  ["AWS::EC2::TransitGatewayRouteTableAssociation"] = transit "_route_table_association",
  ["AWS::EC2::TransitGatewayRouteTablePropagation"] = transit "_route_table_propagation",
  ["AWS::EC2::TransitGatewayMulticastDomain"] = {
    type = "aws_ec2_transit_gateway_multicast_domain",
    attributes = { TransitGatewayMulticastDomainId = "id",
      TransitGatewayMulticastDomainArn = "arn" }, props = { Options = { inline = true } } },
  ["AWS::EC2::TransitGatewayMulticastDomainAssociation"] =
    transit "_multicast_domain_association",
  ["AWS::EC2::TransitGatewayMulticastGroupMember"] = transit "_multicast_group_member",
  ["AWS::EC2::TransitGatewayMulticastGroupSource"] = transit "_multicast_group_source",
  ["AWS::EC2::IPAM"] = { type = "aws_vpc_ipam", attributes = { IpamId = "id" }, props = {} },
  ["AWS::EC2::IPAMPool"] = { type = "aws_vpc_ipam_pool", attributes = { IpamPoolId = "id" },
    props = { ProvisionedCidrs = { separate = "aws_vpc_ipam_pool_cidr", suffix = "cidr",
      link = { ipam_pool_id = "id" } } } },
  ["AWS::EC2::IPAMPoolCidr"] = { type = "aws_vpc_ipam_pool_cidr", props = {} },
  ["AWS::EC2::IPAMAllocation"] = { type = "aws_vpc_ipam_pool_cidr_allocation", props = {} },
  ["AWS::EC2::IPAMScope"] = { type = "aws_vpc_ipam_scope", attributes = { IpamScopeId = "id" },
    props = {} },
  ["AWS::EC2::IPAMResourceDiscovery"] = { type = "aws_vpc_ipam_resource_discovery",
    attributes = { IpamResourceDiscoveryId = "id", IpamResourceDiscoveryArn = "arn" },
    props = {} },
  ["AWS::EC2::IPAMResourceDiscoveryAssociation"] = {
    type = "aws_vpc_ipam_resource_discovery_association",
    attributes = { IpamResourceDiscoveryAssociationId = "id",
      IpamResourceDiscoveryAssociationArn = "arn" }, props = {} },
  ["AWS::EC2::TrafficMirrorFilter"] = { type = "aws_ec2_traffic_mirror_filter", props = {} },
  ["AWS::EC2::TrafficMirrorFilterRule"] = { type = "aws_ec2_traffic_mirror_filter_rule",
    attributes = { TrafficMirrorFilterRuleId = "id" }, props = {} },
  ["AWS::EC2::TrafficMirrorSession"] = { type = "aws_ec2_traffic_mirror_session", props = {} },
  ["AWS::EC2::TrafficMirrorTarget"] = { type = "aws_ec2_traffic_mirror_target", props = {} },
  ["AWS::EC2::NetworkInsightsPath"] = { type = "aws_ec2_network_insights_path",
    attributes = { NetworkInsightsPathId = "id", NetworkInsightsPathArn = "arn" }, props = {} },
  ["AWS::EC2::NetworkInsightsAnalysis"] = { type = "aws_ec2_network_insights_analysis",
    attributes = { NetworkInsightsAnalysisId = "id", NetworkInsightsAnalysisArn = "arn",
      NetworkPathFound = "path_found" }, props = {} },
  ["AWS::EC2::LocalGatewayRoute"] = { type = "aws_ec2_local_gateway_route", props = {} },
  ["AWS::EC2::LocalGatewayRouteTableVPCAssociation"] = {
    type = "aws_ec2_local_gateway_route_table_vpc_association",
    attributes = { LocalGatewayRouteTableVpcAssociationId = "id" }, props = {} },
  ["AWS::EC2::RouteServer"] = { type = "aws_vpc_route_server", ref = "route_server_id",
    attributes = { Id = "route_server_id" }, props = {} },
  ["AWS::EC2::RouteServerEndpoint"] = { type = "aws_vpc_route_server_endpoint",
    ref = "route_server_endpoint_id", attributes = { Id = "route_server_endpoint_id" },
    props = {} },
  ["AWS::EC2::RouteServerPeer"] = { type = "aws_vpc_route_server_peer",
    ref = "route_server_peer_id", attributes = { Id = "route_server_peer_id" }, props = {} },
  ["AWS::EC2::RouteServerAssociation"] = { type = "aws_vpc_route_server_vpc_association",
    ref = shared.compound("|", "route_server_id", "vpc_id"), props = {} },
  ["AWS::EC2::RouteServerPropagation"] = { type = "aws_vpc_route_server_propagation",
    ref = shared.compound("|", "route_server_id", "route_table_id"), props = {} },
  ["AWS::EC2::VerifiedAccessEndpoint"] = { type = "aws_verifiedaccess_endpoint",
    attributes = { VerifiedAccessEndpointId = "id" }, props = {} },
  ["AWS::EC2::VerifiedAccessGroup"] = { type = "aws_verifiedaccess_group",
    attributes = { VerifiedAccessGroupId = "id" },
    props = { SseSpecification = { to = "sse_configuration" } } },
  ["AWS::EC2::VerifiedAccessTrustProvider"] = { type = "aws_verifiedaccess_trust_provider",
    attributes = { VerifiedAccessTrustProviderId = "id" },
    props = { OidcOptions = VERIFIED_OIDC } },
}
