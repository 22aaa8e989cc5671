-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local values = require "std.normalize.cfn.values"

local PORTS = { all = { from_port = "0", to_port = "0" } }

-- Terraform wants ports always; a rule for every protocol has none in CloudFormation.
local function group_rule(kind)
  local props = {
    IpProtocol = "protocol", CidrIp = { to = "cidr_blocks", wrap = "[%s]" },
    CidrIpv6 = { to = "ipv6_cidr_blocks", wrap = "[%s]" },
    SourceSecurityGroupId = { to = "security_groups", wrap = "[%s]" },
    DestinationSecurityGroupId = { to = "security_groups", wrap = "[%s]" },
    SourcePrefixListId = { to = "prefix_list_ids", wrap = "[%s]" },
    DestinationPrefixListId = { to = "prefix_list_ids", wrap = "[%s]" },
  }
  return function(self, value, body)
    values.each(self, value, function(item, test)
      if type(item) ~= "table" or values.is_intrinsic(item) then
        return self:unsupported(nil, "a rule known only at deploy time")
      end
      local block = body:block(kind, test)
      for name, text in pairs(PORTS.all) do block:raw(name, text) end
      self:map(item, props, block)
    end)
  end
end

-- CloudFormation keeps the open egress of a new group; Terraform removes it unless it is stated.
local function default_egress(_, props, body)
  if props.SecurityGroupEgress ~= nil then return end
  local block = body:block("egress")
  block:raw("from_port", "0")
  block:raw("to_port", "0")
  block:set("protocol", "-1")
  block:set("cidr_blocks", expr.list { "0.0.0.0/0" })
end

local function lone_rule(direction)
  local type_name = "aws_vpc_security_group_" .. direction .. "_rule"
  local peer = "referenced_security_group_id"
  return { type = type_name, ref = "id", props = {
    GroupId = "security_group_id", CidrIp = "cidr_ipv4", CidrIpv6 = "cidr_ipv6",
    SourceSecurityGroupId = peer, DestinationSecurityGroupId = peer,
    SourcePrefixListId = "prefix_list_id", DestinationPrefixListId = "prefix_list_id",
  }, finish = function(_, props, body)
    local protocol = tostring(props.IpProtocol)
    if protocol == "-1" then
      body.named.from_port, body.named.to_port = nil, nil
      for i = #body.items, 1, -1 do
        local name = body.items[i].name
        if name == "from_port" or name == "to_port" then table.remove(body.items, i) end
      end
    end
  end }
end

local EBS = { Ebs = { inline = true, props = {} }, NoDevice = "no_device" }

local function block_devices(self, value, body)
  values.each(self, value, function(item, test)
    local block = body:block(item.Ebs and "ebs_block_device" or "ephemeral_block_device", test)
    self:map(item, EBS, block)
  end)
end

local function interfaces(self, value, body)
  values.each(self, value, function(item)
    self:map(item, { DeviceIndex = false, GroupSet = "vpc_security_group_ids", Description = false,
      DeleteOnTermination = false, AssociatePublicIpAddress = "associate_public_ip_address",
      SubnetId = "subnet_id" }, body)
    if tostring(item.DeviceIndex) ~= "0" then
      self:unsupported(nil, "a second network interface")
    end
  end)
end

local LAUNCH_DATA = { to = nil, inline = true, props = {
  IamInstanceProfile = { to = "iam_instance_profile" },
  TagSpecifications = { to = "tag_specifications", props = { Tags = { to = "tags",
    pairs = true } } },
  SecurityGroupIds = "vpc_security_group_ids", SecurityGroups = "security_group_names",
  NetworkInterfaces = { to = "network_interfaces", props = { Groups = "security_groups" } },
} }

local FLOW = { DeliverLogsPermissionArn = "iam_role_arn", ResourceType = false,
  ResourceId = function(self, value, body)
    local names = { VPC = "vpc_id", Subnet = "subnet_id", NetworkInterface = "eni_id" }
    local name = names[self.props.ResourceType]
    if not name then
      return self:unsupported(nil, "resource type " .. tostring(self.props.ResourceType))
    end
    body:set(name, self:value(value))
  end,
  LogGroupName = function(self, value, body)
    body:raw("log_group_name", self:text(value))
  end }

return {
  ["AWS::EC2::VPC"] = { type = "aws_vpc", attributes = { VpcId = "id", CidrBlock = "cidr_block",
    DefaultSecurityGroup = "default_security_group_id",
    DefaultNetworkAcl = "default_network_acl_id" }, props = {} },
  ["AWS::EC2::Subnet"] = { type = "aws_subnet", attributes = { SubnetId = "id", VpcId = "vpc_id",
    AvailabilityZone = "availability_zone", CidrBlock = "cidr_block" }, props = {} },
  ["AWS::EC2::InternetGateway"] = { type = "aws_internet_gateway",
    attributes = { InternetGatewayId = "id" }, props = {} },
  ["AWS::EC2::VPCGatewayAttachment"] = { type = "aws_internet_gateway_attachment", props = {} },
  ["AWS::EC2::RouteTable"] = { type = "aws_route_table", attributes = { RouteTableId = "id" },
    props = {} },
  ["AWS::EC2::Route"] = { type = "aws_route", props = {
    InstanceId = false }, finish = function(self, props)
      if props.InstanceId then self:unsupported("InstanceId", "a route to an instance") end
    end },
  ["AWS::EC2::SubnetRouteTableAssociation"] = { type = "aws_route_table_association", props = {} },
  ["AWS::EC2::EIP"] = { type = "aws_eip", ref = "public_ip",
    attributes = { AllocationId = "allocation_id", PublicIp = "public_ip" },
    props = { InstanceId = "instance" } },
  ["AWS::EC2::EIPAssociation"] = { type = "aws_eip_association",
    props = { EIP = "public_ip" } },
  ["AWS::EC2::NatGateway"] = { type = "aws_nat_gateway", attributes = { NatGatewayId = "id" },
    props = {} },
  ["AWS::EC2::SecurityGroup"] = {
    type = "aws_security_group", attributes = { GroupId = "id", VpcId = "vpc_id" },
    props = { GroupDescription = "description", GroupName = "name",
      SecurityGroupIngress = group_rule("ingress"), SecurityGroupEgress = group_rule("egress") },
    finish = default_egress,
  },
  ["AWS::EC2::SecurityGroupIngress"] = lone_rule("ingress"),
  ["AWS::EC2::SecurityGroupEgress"] = lone_rule("egress"),
  ["AWS::EC2::VPCEndpoint"] = { type = "aws_vpc_endpoint", props = {
    PolicyDocument = { to = "policy", json = true } } },
  ["AWS::EC2::Instance"] = {
    type = "aws_instance",
    attributes = { PrivateIp = "private_ip", PublicIp = "public_ip", InstanceId = "id",
      PublicDnsName = "public_dns", PrivateDnsName = "private_dns",
      AvailabilityZone = "availability_zone" },
    props = { ImageId = "ami", KeyName = "key_name", SecurityGroupIds = "vpc_security_group_ids",
      BlockDeviceMappings = block_devices, NetworkInterfaces = interfaces,
      UserData = "user_data_base64", LaunchTemplate = { to = "launch_template", props = {
        LaunchTemplateId = "id", LaunchTemplateName = "name" } } },
  },
  ["AWS::EC2::LaunchTemplate"] = { type = "aws_launch_template",
    attributes = { LatestVersionNumber = "latest_version",
      DefaultVersionNumber = "default_version" },
    props = { LaunchTemplateName = "name", LaunchTemplateData = LAUNCH_DATA } },
  ["AWS::EC2::KeyPair"] = { type = "aws_key_pair", ref = "key_name",
    props = { PublicKeyMaterial = "public_key" } },
  ["AWS::EC2::NetworkAcl"] = { type = "aws_network_acl", props = {} },
  ["AWS::EC2::NetworkAclEntry"] = { type = "aws_network_acl_rule", props = {
    Icmp = { inline = true, props = { Code = "icmp_code", Type = "icmp_type" } },
    PortRange = { inline = true, props = { From = "from_port", To = "to_port" } } } },
  ["AWS::EC2::SubnetNetworkAclAssociation"] = { type = "aws_network_acl_association", props = {} },
  ["AWS::EC2::DHCPOptions"] = { type = "aws_vpc_dhcp_options", props = {} },
  ["AWS::EC2::VPCDHCPOptionsAssociation"] = { type = "aws_vpc_dhcp_options_association",
    props = {} },
  ["AWS::EC2::FlowLog"] = { type = "aws_flow_log", props = FLOW },
  ["AWS::EC2::VPCCidrBlock"] = { type = "aws_vpc_ipv4_cidr_block_association", props = {} },
  ["AWS::EC2::Volume"] = { type = "aws_ebs_volume", props = { VolumeType = "type" } },
  ["AWS::EC2::VolumeAttachment"] = { type = "aws_volume_attachment", props = { Device =
    "device_name" } },
  ["AWS::EC2::VPCPeeringConnection"] = { type = "aws_vpc_peering_connection", props = {} },
}
