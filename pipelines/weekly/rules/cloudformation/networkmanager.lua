-- SPDX-License-Identifier: Apache-2.0
local function attachment(kind, id)
  return { type = "aws_networkmanager_" .. kind, ref = id,
    attributes = { AttachmentId = id or "id" } }
end

local function of_network(kind, name, props)
  return { type = "aws_networkmanager_" .. kind, ref = { "global_network_id", "id" },
    attributes = { [name .. "Id"] = "id", [name .. "Arn"] = "arn" }, props = props }
end

local function joined(kind, ...)
  return { type = "aws_networkmanager_" .. kind, ref = { "global_network_id", ... } }
end

return {
  ["AWS::NetworkManager::GlobalNetwork"] = { type = "aws_networkmanager_global_network" },
  ["AWS::NetworkManager::CoreNetwork"] = { type = "aws_networkmanager_core_network",
    attributes = { CoreNetworkArn = "arn", CoreNetworkId = "id" },
    props = { PolicyDocument = { suffix = "policy", into = "policy_document", json = true,
      separate = "aws_networkmanager_core_network_policy_attachment",
      link = { core_network_id = "id" } } } },
  ["AWS::NetworkManager::ConnectAttachment"] = attachment("connect_attachment", "attachment_id"),
  ["AWS::NetworkManager::ConnectPeer"] = { type = "aws_networkmanager_connect_peer",
    ref = "connect_peer_id" },
  ["AWS::NetworkManager::DirectConnectGatewayAttachment"] = attachment "dx_gateway_attachment",
  ["AWS::NetworkManager::SiteToSiteVpnAttachment"] = attachment "site_to_site_vpn_attachment",
  ["AWS::NetworkManager::TransitGatewayRouteTableAttachment"] =
    attachment "transit_gateway_route_table_attachment",
  ["AWS::NetworkManager::VpcAttachment"] = attachment "vpc_attachment",
  ["AWS::NetworkManager::TransitGatewayPeering"] = {
    type = "aws_networkmanager_transit_gateway_peering", attributes = { PeeringId = "id" } },
  ["AWS::NetworkManager::Device"] = of_network("device", "Device"),
  ["AWS::NetworkManager::Link"] = of_network("link", "Link", { Provider = "provider_name" }),
  ["AWS::NetworkManager::Site"] = of_network("site", "Site"),
  ["AWS::NetworkManager::CustomerGatewayAssociation"] =
    joined("customer_gateway_association", "customer_gateway_arn"),
  ["AWS::NetworkManager::LinkAssociation"] = joined("link_association", "device_id", "link_id"),
  ["AWS::NetworkManager::TransitGatewayRegistration"] =
    joined("transit_gateway_registration", "transit_gateway_arn"),
}
