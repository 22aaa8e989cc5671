-- SPDX-License-Identifier: Apache-2.0
-- Machines, their templates, fleets and disks.
local keys = require "pipelines.weekly.rules.terraform_keys"
local expr = require "std.normalize.expr"
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local ATTACHED = { DeviceIndex = "device_index", NetworkInterfaceId = "network_interface_id",
  DeleteOnTermination = "delete_on_termination" }
local FIRST = {
  DeviceIndex = { drop = "the first interface is that of the machine" },
  DeleteOnTermination = { drop = "the first interface goes with the machine" },
  GroupSet = "vpc_security_group_ids", PrivateIpAddress = "private_ip",
  Ipv6Addresses = { to = "ipv6_addresses", pluck = "Ipv6Address" },
}

-- Of several addresses the primary one has a place of its own.
FIRST.PrivateIpAddresses = function(self, value, body)
  local rest = {}
  values.structures(self, value, function(item, test)
    local node = self:value(item.PrivateIpAddress)
    if test then return self:unsupported(nil, "an address under a condition") end
    if tostring(item.Primary) == "true" then return body:set("private_ip", node) end
    rest[#rest + 1] = node
  end)
  if #rest > 0 then body:set("secondary_private_ips", expr.list(rest)) end
end

-- What describes the first interface describes the machine in Terraform; interfaces made
-- elsewhere are attached.
local function interfaces(self, value, body)
  values.structures(self, value, function(item, test)
    if item.NetworkInterfaceId ~= nil then
      return self:map(item, ATTACHED, body:block("network_interface", test))
    end
    if tostring(item.DeviceIndex) ~= "0" or test then
      return self:unsupported(nil, "a second network interface")
    end
    self:map(item, FIRST, body)
  end)
end

local function tags_for_volumes(self, value, body)
  if self:value(value) ~= true or values.is_no_value(self.props.Tags) then return end
  body:set("volume_tags", values.pairs_map(self, self.props.Tags, {}))
end

local function associations(self, value)
  values.structures(self, value, function(item, test)
    local body = self:block("aws_ssm_association", "association", test)
    local targets = body:block("targets")
    targets:set("key", "InstanceIds")
    targets:raw("values", "[" .. self:own("id") .. "]")
    self:map(item, { DocumentName = "name", AssociationParameters = { to = "parameters",
      pairs = { value = "Value" } } }, body)
  end)
end

local TEMPLATE = { to = "launch_template", props = { LaunchTemplateId = "id",
  LaunchTemplateName = "name" } }

local INSTANCE = {
  ImageId = "ami", SecurityGroupIds = "vpc_security_group_ids", UserData = "user_data_base64",
  BlockDeviceMappings = shared.block_devices, NetworkInterfaces = interfaces,
  HibernationOptions = { inline = true, props = { Configured = "hibernation" } },
  Ipv6Addresses = { to = "ipv6_addresses", pluck = "Ipv6Address" }, LaunchTemplate = TEMPLATE,
  PlacementGroupName = "placement_group", PrivateIpAddress = "private_ip",
  PropagateTagsToVolumeOnCreation = tags_for_volumes, SsmAssociations = associations,
  Volumes = { separate = "aws_volume_attachment", suffix = "volume",
    link = { instance_id = "id" }, props = { Device = "device_name" } },
}

local DATA = { inline = true, props = {
  SecurityGroupIds = "vpc_security_group_ids", SecurityGroups = "security_group_names",
  NetworkInterfaces = { to = "network_interfaces", props = {
    Groups = "security_groups", SecondaryPrivateIpAddressCount = "ipv4_address_count",
    Ipv4Prefixes = { to = "ipv4_prefixes", pluck = "Ipv4Prefix" },
    Ipv6Prefixes = { to = "ipv6_prefixes", pluck = "Ipv6Prefix" },
    Ipv6Addresses = { to = "ipv6_addresses", pluck = "Ipv6Address" },
    PrivateIpAddresses = { to = "ipv4_addresses", pluck = "PrivateIpAddress", props = {
      Primary = true } } } },
} }

-- --- fleets -------------------------------------------------------------------------------------

local SPOT_LAUNCH = { to = "launch_specification", props = {
  ImageId = "ami", BlockDeviceMappings = shared.block_devices,
  IamInstanceProfile = { inline = true, props = { Arn = "iam_instance_profile_arn" } },
  Monitoring = { inline = true, props = { Enabled = "monitoring" } },
  Placement = { inline = true, props = { GroupName = "placement_group",
    Tenancy = "placement_tenancy" } },
  SecurityGroups = { to = "vpc_security_group_ids", pluck = "GroupId" },
  TagSpecifications = shared.tags_of "instance",
} }

local SPOT = { inline = true, props = {
  InstanceInterruptionBehavior = "instance_interruption_behaviour", Type = "fleet_type",
  LaunchSpecifications = SPOT_LAUNCH,
  LaunchTemplateConfigs = { to = "launch_template_config", props = {
    LaunchTemplateSpecification = { to = "launch_template_specification", props = {
      LaunchTemplateId = "id", LaunchTemplateName = "name" } } } },
  LoadBalancersConfig = { inline = true, props = {
    ClassicLoadBalancersConfig = { inline = true, props = {
      ClassicLoadBalancers = { to = "load_balancers", pluck = "Name" } } },
    TargetGroupsConfig = { inline = true, props = {
      TargetGroups = { to = "target_group_arns", pluck = "Arn" } } } } },
  TagSpecifications = shared.tags_of "spot-fleet-request",
} }

-- Terraform takes a public key and makes none.
local function stand_in_key(self, _, body)
  if body:has("public_key") then return end
  self.scope:assume(self.id .. ": a key pair that AWS would make; a fixed public key stands in")
  body:set("public_key", keys.public_key_openssh)
end

-- Terraform asks for the type that CloudFormation takes by itself.
local function usual_machine(self, _, body)
  if body:has "instance_type" or body:has "launch_template" then return end
  self.scope:assume(self.id .. " has no instance_type: m1.small")
  body:set("instance_type", "m1.small")
end

return {
  ["AWS::EC2::Instance"] = {
    type = "aws_instance", props = INSTANCE, finish = usual_machine,
    attributes = { PrivateIp = "private_ip", PublicIp = "public_ip", InstanceId = "id",
      PublicDnsName = "public_dns", PrivateDnsName = "private_dns",
      AvailabilityZone = "availability_zone", ["State.Name"] = "instance_state" },
  },
  ["AWS::EC2::LaunchTemplate"] = { type = "aws_launch_template",
    attributes = { LaunchTemplateId = "id", LatestVersionNumber = "latest_version",
      DefaultVersionNumber = "default_version" },
    props = { LaunchTemplateData = DATA, VersionDescription = "description",
      TagSpecifications = shared.tags_of "launch-template" } },
  ["AWS::EC2::KeyPair"] = { type = "aws_key_pair", ref = "key_name",
    attributes = { KeyFingerprint = "fingerprint", KeyPairId = "key_pair_id" },
    props = { PublicKeyMaterial = "public_key", KeyType = { drop = "the key itself says it" },
      KeyFormat = { drop = "it is about a private key that is not made" } },
    finish = stand_in_key },
  ["AWS::EC2::PlacementGroup"] = { type = "aws_placement_group", ref = "name", name = "name",
    attributes = { GroupName = "name", GroupId = "placement_group_id" },
    defaults = { strategy = '"cluster"' }, props = {} },
  ["AWS::EC2::Host"] = { type = "aws_ec2_host", attributes = { HostId = "id" }, props = {} },
  ["AWS::EC2::CapacityReservation"] = { type = "aws_ec2_capacity_reservation",
    attributes = { CapacityReservationArn = "arn" },
    props = { TagSpecifications = shared.tags_of "capacity-reservation" } },
  ["AWS::EC2::SpotFleet"] = { type = "aws_spot_fleet_request",
    props = { SpotFleetRequestConfigData = SPOT } },
  ["AWS::EC2::EC2Fleet"] = { type = "aws_ec2_fleet", attributes = { FleetId = "id" },
    props = { TagSpecifications = shared.tags_of "fleet" } },
  ["AWS::EC2::Volume"] = { type = "aws_ebs_volume", attributes = { VolumeId = "id" },
    props = {} },
  ["AWS::EC2::VolumeAttachment"] = { type = "aws_volume_attachment",
    props = { Device = "device_name" } },
  ["AWS::EC2::SnapshotBlockPublicAccess"] = { type = "aws_ebs_snapshot_block_public_access",
    attributes = { AccountId = "id" }, props = {} },
  ["AWS::EC2::NetworkInterfaceAttachment"] = { type = "aws_network_interface_attachment",
    ref = "attachment_id", attributes = { AttachmentId = "attachment_id" },
    props = { DeleteOnTermination = { drop = "the interface is a resource of its own" } } },
  ["AWS::EC2::InstanceConnectEndpoint"] = { type = "aws_ec2_instance_connect_endpoint",
    attributes = { InstanceConnectEndpointArn = "arn" },
    props = { ClientToken = { drop = "it makes one request safe to repeat" } } },
}
