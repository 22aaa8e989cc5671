-- SPDX-License-Identifier: Apache-2.0
-- Networks; machines are in ec2_compute.lua, gateways and what hangs on them in ec2_gateway.lua.
local expr = require "std.normalize.expr"
local shared = require "std.normalize.cfn.shared"
local tables = require "std.table"
local values = require "std.normalize.cfn.values"

-- --- security groups ----------------------------------------------------------------------------

local EVERY_PROTOCOL = { ["-1"] = true, all = true }

local function of_every_protocol(item)
  return EVERY_PROTOCOL[expr.scalar(item.IpProtocol):lower()] == true
end

-- A group of this account needs no owner; one of another is named with it.
local function group_owner(argument)
  return function(self, value, body)
    if type(value) == "table" and value.Ref == "AWS::AccountId" then return end
    local group = self:value(self.entry.SourceSecurityGroupId)
    if group == expr.none then return self:unsupported(nil, "a group known by its name") end
    local node = expr.template { self:value(value), "/", group }
    body:set(argument, argument == "security_groups" and expr.list { node } or node)
  end
end

local function network(name, single)
  return { to = name, edit = shared.network_address, single = single }
end

local RULE = { IpProtocol = { to = "protocol", edit = string.lower },
  CidrIp = network("cidr_blocks", true),
  CidrIpv6 = { to = "ipv6_cidr_blocks", single = true } }
local PEERS = { ingress = "Source", egress = "Destination" }

local function rule_specs(kind)
  local specs, peer = {}, PEERS[kind]
  for name, spec in pairs(RULE) do specs[name] = spec end
  specs[peer .. "SecurityGroupId"] = { to = "security_groups", single = true }
  specs[peer .. "PrefixListId"] = { to = "prefix_list_ids", single = true }
  if kind == "ingress" then specs.SourceSecurityGroupOwnerId = group_owner "security_groups" end
  return specs
end

local NO_PORTS = { drop = "the rule is for every protocol" }

local function without_ports(specs)
  return setmetatable({ FromPort = NO_PORTS, ToPort = NO_PORTS }, { __index = specs })
end

-- Terraform wants ports always, and 0 to 0 where the rule is for every protocol.
local function group_rule(kind)
  local specs = rule_specs(kind)
  local every = without_ports(specs)
  return function(self, value, body)
    values.structures(self, value, function(item, test)
      local block = body:block(kind, test)
      block:raw("from_port", "0")
      block:raw("to_port", "0")
      self.entry = item
      self:map(item, of_every_protocol(item) and every or specs, block)
    end)
  end
end

-- CloudFormation keeps the open egress of a new group; Terraform removes it unless it is stated.
local function default_egress(_, props, body)
  if not values.is_no_value(props.SecurityGroupEgress) then return end
  local block = body:block("egress")
  block:raw("from_port", "0")
  block:raw("to_port", "0")
  block:set("protocol", "-1")
  block:set("cidr_blocks", expr.list { "0.0.0.0/0" })
end

local PROTOCOL = { to = "ip_protocol", edit = string.lower }
local LONE = {
  ingress = { IpProtocol = PROTOCOL, GroupId = "security_group_id", CidrIp = network "cidr_ipv4",
    SourceSecurityGroupId = "referenced_security_group_id",
    SourceSecurityGroupOwnerId = group_owner "referenced_security_group_id",
    SourcePrefixListId = "prefix_list_id" },
  egress = { IpProtocol = PROTOCOL, GroupId = "security_group_id", CidrIp = network "cidr_ipv4",
    DestinationSecurityGroupId = "referenced_security_group_id",
    DestinationPrefixListId = "prefix_list_id" },
}

local function lone_rule(direction)
  local specs = LONE[direction]
  local every = without_ports(specs)
  local type_name = "aws_vpc_security_group_" .. direction .. "_rule"
  return { type = type_name, attributes = { Id = "id" }, props = specs,
    build = function(self, props)
      self.entry = props
      self:map(props, of_every_protocol(props) and every or specs, self:block(type_name))
    end }
end

-- --- networks -----------------------------------------------------------------------------------

-- The IPv6 range of a network comes with the association that the template makes, if any.
local function ipv6_ranges(target, address, scope)
  for id, other in tables.sorted_pairs(scope.resources) do
    if other.type == "aws_vpc_ipv6_cidr_block_association" then
      local owner = shared.logical_id(scope.template.Resources[id].Properties.VpcId)
      if owner and scope.resources[owner] == target then
        return "[" .. address(other, "ipv6_cidr_block") .. "]", "list"
      end
    end
  end
  return "[" .. address(target, "ipv6_cidr_block") .. "]", "list"
end

local function subnet_ranges(target, address)
  return "compact([" .. address(target, "ipv6_cidr_block") .. "])", "list"
end

local DNS_NAMES = { inline = true, props = {
  HostnameType = "private_dns_hostname_type_on_launch",
  EnableResourceNameDnsARecord = "enable_resource_name_dns_a_record_on_launch",
  EnableResourceNameDnsAAAARecord = "enable_resource_name_dns_aaaa_record_on_launch" } }

local function wants_ipv6(props)
  for name, value in pairs(props) do
    if tostring(name):find("Ipv6", 1, true) and not values.is_no_value(value) then return 2 end
  end
  return 1
end

local RANGES = { {
  type = "aws_vpc_ipv4_cidr_block_association", attributes = { Id = "id" }, props = {},
}, {
  type = "aws_vpc_ipv6_cidr_block_association", attributes = { Id = "id" },
  props = { AmazonProvidedIpv6CidrBlock = "assign_generated_ipv6_cidr_block" },
} }

-- The machine is reached through its first interface.
local function interface_of(self, value)
  if values.is_no_value(value) then return expr.none end
  local arms = values.if_arms(value)
  if arms then
    return expr.cond(self.scope:condition(arms[1]), interface_of(self, arms[2]),
      interface_of(self, arms[3]))
  end
  local id = shared.resource_of(self, value, "AWS::EC2::Instance")
  if id then return self.scope:attribute(id, "primary_network_interface_id") end
  self:unsupported(nil, "a route to a machine made elsewhere")
  return expr.none
end

local function route_to_machine(self, value, body)
  body:set("network_interface_id", interface_of(self, value))
end

local INTERFACE = {
  GroupSet = "security_groups", PrivateIpAddress = { to = "private_ips", single = true },
  PrivateIpAddresses = { to = "private_ips", pluck = "PrivateIpAddress", props = {
    Primary = true } },
  SecondaryPrivateIpAddressCount = "private_ips_count",
  Ipv6Addresses = { to = "ipv6_addresses", pluck = "Ipv6Address" },
  Ipv4Prefixes = { to = "ipv4_prefixes", pluck = "Ipv4Prefix" },
  Ipv6Prefixes = { to = "ipv6_prefixes", pluck = "Ipv6Prefix" },
}

local FLOW_OF = { VPC = "vpc_id", Subnet = "subnet_id", NetworkInterface = "eni_id",
  TransitGateway = "transit_gateway_id",
  TransitGatewayAttachment = "transit_gateway_attachment_id" }

local FLOW = {
  DeliverLogsPermissionArn = "iam_role_arn",
  ResourceType = { drop = "the argument of the id says it" },
  ResourceId = function(self, value, body)
    local name = FLOW_OF[self.props.ResourceType]
    if not name then return self:unsupported(nil, "another type of resource") end
    body:set(name, self:value(value))
  end,
}

-- Without another account or region CloudFormation accepts the peering itself.
local function accept_peering(_, props, body)
  local owner = props.PeerOwnerId
  local own = values.is_no_value(owner) or type(owner) == "table" and owner.Ref == "AWS::AccountId"
  if own and values.is_no_value(props.PeerRegion) then body:set("auto_accept", true) end
end

local function dns_entries(target, address)
  return ('[for entry in %s : "${entry.hosted_zone_id}:${entry.dns_name}"]'):format(
    address(target, "dns_entry")), "list"
end

local function first_of(list, name)
  return function(target, address) return address(target, list .. "[0]." .. name) end
end

local function count_entries(_, props, body)
  local entries = props.Entries
  if not body:has "max_entries" and type(entries) == "table" and #entries > 0 then
    body:set("max_entries", #entries)
  end
end

return {
  include = { "ec2_compute", "ec2_gateway" },
  ["AWS::EC2::VPC"] = { type = "aws_vpc",
    attributes = { VpcId = "id", CidrBlock = "cidr_block", Ipv6CidrBlocks = ipv6_ranges,
      DefaultSecurityGroup = "default_security_group_id",
      DefaultNetworkAcl = "default_network_acl_id" },
    props = { CidrBlock = network "cidr_block" } },
  ["AWS::EC2::VPCCidrBlock"] = { choose = wants_ipv6, variants = RANGES },
  ["AWS::EC2::Subnet"] = { type = "aws_subnet",
    attributes = { SubnetId = "id", VpcId = "vpc_id", AvailabilityZone = "availability_zone",
      CidrBlock = "cidr_block", Ipv6CidrBlocks = subnet_ranges },
    props = { CidrBlock = network "cidr_block", PrivateDnsNameOptionsOnLaunch = DNS_NAMES } },
  ["AWS::EC2::SubnetCidrBlock"] = { type = "aws_subnet", part_of = "SubnetId", into = ".",
    ref = "ipv6_cidr_block_association_id", props = {} },
  ["AWS::EC2::SubnetCidrReservation"] = { type = "aws_ec2_subnet_cidr_reservation",
    attributes = { SubnetCidrReservationId = "id" }, props = { Cidr = "cidr_block" } },
  ["AWS::EC2::RouteTable"] = { type = "aws_route_table", attributes = { RouteTableId = "id" },
    props = {} },
  ["AWS::EC2::Route"] = { type = "aws_route", attributes = { CidrBlock = "destination_cidr_block" },
    props = { DestinationCidrBlock = network "destination_cidr_block",
      EgressOnlyInternetGatewayId = "egress_only_gateway_id",
      InstanceId = route_to_machine } },
  ["AWS::EC2::SubnetRouteTableAssociation"] = { type = "aws_route_table_association",
    attributes = { Id = "id" }, props = {} },
  ["AWS::EC2::GatewayRouteTableAssociation"] = { type = "aws_route_table_association",
    attributes = { AssociationId = "id" }, props = {} },
  ["AWS::EC2::SecurityGroup"] = {
    type = "aws_security_group", attributes = { GroupId = "id", Id = "id", VpcId = "vpc_id" },
    props = { GroupDescription = "description", GroupName = "name",
      SecurityGroupIngress = group_rule "ingress", SecurityGroupEgress = group_rule "egress" },
    finish = default_egress,
  },
  ["AWS::EC2::SecurityGroupIngress"] = lone_rule "ingress",
  ["AWS::EC2::SecurityGroupEgress"] = lone_rule "egress",
  ["AWS::EC2::SecurityGroupVpcAssociation"] = { type = "aws_vpc_security_group_vpc_association",
    ref = shared.compound("|", "security_group_id", "vpc_id"),
    props = { GroupId = "security_group_id" } },
  ["AWS::EC2::NetworkAcl"] = { type = "aws_network_acl", attributes = { Id = "id" }, props = {} },
  ["AWS::EC2::NetworkAclEntry"] = { type = "aws_network_acl_rule", attributes = { Id = "id" },
    props = { Icmp = { inline = true, props = { Code = "icmp_code", Type = "icmp_type" } },
      PortRange = { inline = true, props = { From = "from_port", To = "to_port" } } } },
  ["AWS::EC2::SubnetNetworkAclAssociation"] = { type = "aws_network_acl_association",
    attributes = { AssociationId = "id" }, props = {} },
  ["AWS::EC2::DHCPOptions"] = { type = "aws_vpc_dhcp_options",
    attributes = { DhcpOptionsId = "id" }, props = {} },
  ["AWS::EC2::VPCDHCPOptionsAssociation"] = { type = "aws_vpc_dhcp_options_association",
    props = {} },
  ["AWS::EC2::FlowLog"] = { type = "aws_flow_log", attributes = { Id = "id" }, props = FLOW },
  ["AWS::EC2::NetworkInterface"] = { type = "aws_network_interface",
    attributes = { Id = "id", PrimaryPrivateIpAddress = "private_ip",
      SecondaryPrivateIpAddresses = function(target, address)
        local all, first = address(target, "private_ips"), address(target, "private_ip")
        return ("[for ip in %s : ip if ip != %s]"):format(all, first), "list"
      end },
    props = INTERFACE },
  ["AWS::EC2::PrefixList"] = { type = "aws_ec2_managed_prefix_list",
    attributes = { PrefixListId = "id" }, props = {}, finish = count_entries },
  ["AWS::EC2::VPCEndpoint"] = { type = "aws_vpc_endpoint",
    attributes = { Id = "id", DnsEntries = dns_entries,
      NetworkInterfaceIds = "network_interface_ids" },
    props = { PolicyDocument = { to = "policy", json = true } } },
  ["AWS::EC2::VPCEndpointService"] = { type = "aws_vpc_endpoint_service",
    defaults = { acceptance_required = "true" },
    attributes = { ServiceId = "id",
      ["PrivateDnsNameConfiguration.Name"] = first_of("private_dns_name_configuration", "name"),
      ["PrivateDnsNameConfiguration.State"] = first_of("private_dns_name_configuration", "state"),
      ["PrivateDnsNameConfiguration.Type"] = first_of("private_dns_name_configuration", "type"),
      ["PrivateDnsNameConfiguration.Value"] = first_of("private_dns_name_configuration",
        "value") },
    props = {} },
  ["AWS::EC2::VPCEndpointServicePermissions"] = {
    type = "aws_vpc_endpoint_service_allowed_principal",
    build = shared.each_item("AllowedPrincipals", "aws_vpc_endpoint_service_allowed_principal",
      { ServiceId = "vpc_endpoint_service_id" }, "principal_arn") },
  ["AWS::EC2::VPCEndpointConnectionNotification"] = {
    type = "aws_vpc_endpoint_connection_notification",
    attributes = { VPCEndpointConnectionNotificationId = "id" },
    props = { ServiceId = "vpc_endpoint_service_id" } },
  ["AWS::EC2::VPCPeeringConnection"] = { type = "aws_vpc_peering_connection",
    attributes = { Id = "id" }, props = {}, finish = accept_peering },
  ["AWS::EC2::VPCBlockPublicAccessOptions"] = { type = "aws_vpc_block_public_access_options",
    attributes = { AccountId = "aws_account_id" }, ref = "aws_account_id", props = {} },
  ["AWS::EC2::VPCBlockPublicAccessExclusion"] = {
    type = "aws_vpc_block_public_access_exclusion", attributes = { ExclusionId = "id" },
    props = {} },
}
