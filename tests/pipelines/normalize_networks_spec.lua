-- SPDX-License-Identifier: Apache-2.0
-- CloudFormation's networks, machines, databases and file systems where Terraform cuts them in
-- another way.
local kit = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/normalize_kit.lua")

local function run(resources)
  local record, main, outputs = kit.resources(resources)
  record.why, record.outputs = kit.reasons(record), outputs
  return main, record
end

local function normalized(resources)
  local main, record = run(resources)
  assert.equal("", record.why)
  assert.equal("normalized", record.status, record.error and record.error.message)
  return main, record
end

local has = assert.contains

describe("networks from CloudFormation", function()
  it("gives rules for every protocol the ports that Terraform wants", function()
    local main = normalized [[
  G:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: d
      SecurityGroupIngress:
        - { IpProtocol: "-1", FromPort: 0, ToPort: 65535, CidrIp: 10.0.0.0/8 }
        - { IpProtocol: tcp, FromPort: 80, ToPort: 80, SourceSecurityGroupId: sg-1,
            SourceSecurityGroupOwnerId: "123456789012" }
  R:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: { GroupId: !Ref G, IpProtocol: -1, FromPort: 0, ToPort: 0, CidrIpv6: "::/0",
      SourceSecurityGroupOwnerId: !Ref AWS::AccountId }
]]
    has(main, ' from_port = 0\n to_port = 0\n cidr_blocks = ["10.0.0.0/8"]\n protocol = "-1"\n')
    has(main, ' security_groups = ["123456789012/sg-1"]\n')
    has(main, 'egress {\n from_port = 0\n')
    has(main, ' cidr_ipv6 = "::/0"\n security_group_id = aws_security_group.g.id\n'
      .. ' ip_protocol = -1\n')
    assert.is_nil(main:find("65535", 1, true))
  end)

  it("takes IPv6 ranges from the association that the template makes", function()
    local main = normalized [[
  V: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  Six:
    Type: AWS::EC2::VPCCidrBlock
    Properties: { VpcId: !Ref V, AmazonProvidedIpv6CidrBlock: true }
  Four: { Type: AWS::EC2::VPCCidrBlock, Properties: { VpcId: !Ref V, CidrBlock: 10.1.0.0/16 } }
  S: { Type: AWS::EC2::Subnet, Properties: { VpcId: !Ref V, CidrBlock: 10.0.0.0/24 } }
  SubnetSix:
    Type: AWS::EC2::SubnetCidrBlock
    Properties: { SubnetId: !Ref S, Ipv6CidrBlock: !Select [0, !GetAtt V.Ipv6CidrBlocks] }
]]
    has(main, 'resource "aws_vpc_ipv6_cidr_block_association" "six" {')
    has(main, 'resource "aws_vpc_ipv4_cidr_block_association" "four" {')
    has(main, ' ipv6_cidr_block = element('
      .. '[aws_vpc_ipv6_cidr_block_association.six.ipv6_cidr_block], 0)\n')
  end)

  it("attaches the gateway that is given", function()
    local main = normalized [[
  I: { Type: AWS::EC2::VPCGatewayAttachment, Properties: { VpcId: v, InternetGatewayId: i } }
  P: { Type: AWS::EC2::VPCGatewayAttachment, Properties: { VpcId: v, VpnGatewayId: g } }
  B:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: { VpcId: v, VpnGatewayId: g, InternetGatewayId: i }
]]
    has(main, 'resource "aws_internet_gateway_attachment" "i" {')
    has(main, 'resource "aws_vpn_gateway_attachment" "p" {')
    has(main, 'resource "aws_vpn_gateway_attachment" "b_vpn" {\n vpc_id = "v"\n')
  end)

  it("accepts a peering with a network of the same account and region", function()
    local peering = "  %s: { Type: AWS::EC2::VPCPeeringConnection, Properties: { VpcId: a, "
      .. "PeerVpcId: b, PeerOwnerId: %s } }\n"
    local main = normalized(peering:format("Own", "!Ref AWS::AccountId"))
    has(main, " auto_accept = true\n")
    main = normalized(peering:format("Other", "'123456789012'"))
    assert.is_nil(main:find("auto_accept", 1, true))
  end)

  it("numbers the tunnels of a VPN connection", function()
    local main = normalized [[
  C:
    Type: AWS::EC2::VPNConnection
    Properties:
      Type: ipsec.1
      CustomerGatewayId: c
      VpnTunnelOptionsSpecifications:
        - { PreSharedKey: a }
        - { PreSharedKey: b, Phase1DHGroupNumbers: [{ Value: 14 }, { Value: 15 }] }
]]
    has(main, ' tunnel1_preshared_key = "a"\n')
    has(main, " tunnel2_phase1_dh_group_numbers = [14, 15]\n")
  end)

  it("makes one resource for each route table and principal", function()
    local main = normalized [[
  P:
    Type: AWS::EC2::VPNGatewayRoutePropagation
    Properties: { RouteTableIds: [a, b], VpnGatewayId: g }
  S: { Type: AWS::EC2::VPCEndpointService, Properties: { NetworkLoadBalancerArns: [n] } }
  A:
    Type: AWS::EC2::VPCEndpointServicePermissions
    Properties: { ServiceId: !Ref S, AllowedPrincipals: [x] }
]]
    has(main, 'resource "aws_vpn_gateway_route_propagation" "p_2" {')
    has(main, " acceptance_required = true\n")
    has(main, " vpc_endpoint_service_id = aws_vpc_endpoint_service.s.id\n"
      .. ' principal_arn = "x"\n')
  end)
end)

describe("machines from CloudFormation", function()
  it("puts the first interface into the machine and attaches the others", function()
    local main, record = run [[
  M:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: ami-1
      NetworkInterfaces:
        - { DeviceIndex: "0", SubnetId: s, GroupSet: [g], AssociatePublicIpAddress: "True",
            PrivateIpAddresses: [{ PrivateIpAddress: 10.0.0.5, Primary: true },
              { PrivateIpAddress: 10.0.0.6, Primary: false }] }
        - { DeviceIndex: "1", NetworkInterfaceId: eni-1 }
      Volumes: [{ Device: /dev/sdh, VolumeId: vol-1 }]
]]
    assert.equal("", record.why)
    has(main, ' private_ip = "10.0.0.5"\n')
    has(main, ' associate_public_ip_address = true\n')
    has(main, ' secondary_private_ips = ["10.0.0.6"]\n')
    has(main, ' vpc_security_group_ids = ["g"]\n')
    has(main, 'network_interface {\n device_index = "1"\n network_interface_id = "eni-1"\n')
    has(main, ' instance_id = aws_instance.m.id\n device_name = "/dev/sdh"\n')
  end)

  it("says that a second interface made with the machine is too much", function()
    local _, record = run [[
  M:
    Type: AWS::EC2::Instance
    Properties: { ImageId: a, NetworkInterfaces: [{ DeviceIndex: "1", SubnetId: s }] }
]]
    assert.equal("M NetworkInterfaces.0: a second network interface", record.why)
  end)
end)

describe("databases from CloudFormation", function()
  it("tells a member of a cluster from a database of its own", function()
    local main, record = normalized [[
  C:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-mysql
      MasterUsername: u
      MasterUserPassword: password
      ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 1 }
      AssociatedRoles: [{ RoleArn: a }, { RoleArn: b, FeatureName: s3Import }]
  Member:
    Type: AWS::RDS::DBInstance
    Properties: { DBClusterIdentifier: !Ref C, DBInstanceClass: db.serverless }
  Own:
    Type: AWS::RDS::DBInstance
    Properties: { DBInstanceClass: db.t3.micro, Engine: mysql, AllocatedStorage: "20" }
Outputs:
  A: { Value: !GetAtt Member.Endpoint.Address }
  B: { Value: !GetAtt Own.Endpoint.Address }
  C: { Value: !GetAtt C.ReadEndpoint.Address }
]]
    has(main, " cluster_identifier = aws_rds_cluster.c.cluster_identifier\n")
    has(main, " engine = aws_rds_cluster.c.engine\n")
    has(main, ' iam_roles = ["a"]\n')
    has(main, ' feature_name = "s3Import"\n')
    has(main, 'resource "aws_db_instance" "own" {')
    has(main, " backup_retention_period = 1\n")
    has(record.outputs, " value = aws_rds_cluster_instance.member.endpoint\n")
    has(record.outputs, " value = aws_db_instance.own.address\n")
    has(record.outputs, " value = aws_rds_cluster.c.reader_endpoint\n")
    assert.truthy(table.concat(record.assumptions, "\n"):find("Own has no skip_final_snapshot"))
  end)

  it("writes names and ranges as the services keep them", function()
    local main = normalized [[
  I:
    Type: AWS::RDS::DBInstance
    Properties: { DBInstanceIdentifier: MyDB, DBInstanceClass: c, BackupRetentionPeriod: 0 }
  P:
    Type: AWS::RDS::DBInstance
    Properties: { DBInstanceIdentifier: !Sub "${AWS::StackName}-DB", DBInstanceClass: c }
  R:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: { GroupId: g, IpProtocol: tcp, FromPort: 1, ToPort: 2, CidrIp: 192.168.1.7/20 }
]]
    has(main, ' identifier = "mydb"\n')
    has(main, ' identifier = lower("${var.stack_name}-DB")\n')
    has(main, ' cidr_ipv4 = "192.168.0.0/20"\n')
    has(main, " backup_retention_period = 0\n")
  end)

  it("writes parameters as blocks, sorted", function()
    local main = normalized [[
  G:
    Type: AWS::RDS::DBParameterGroup
    Properties: { Description: d, Family: mysql8.0, Parameters: { z: 1, a: "on" } }
]]
    has(main, 'parameter {\n name = "a"\n value = "on"\n apply_method = "pending-reboot"\n }\n'
      .. ' parameter {\n name = "z"\n')
  end)
end)

describe("clusters and file systems from CloudFormation", function()
  it("fills in the nodes that EKS makes by itself", function()
    local main, record = normalized [[
  N:
    Type: AWS::EKS::Nodegroup
    Properties:
      ClusterName: !Ref C
      NodeRole: r
      Subnets: [s]
      LaunchTemplate: { Id: lt }
  C:
    Type: AWS::EKS::Cluster
    Properties:
      RoleArn: r
      ResourcesVpcConfig: { SubnetIds: [s] }
      Logging: { ClusterLogging: { EnabledTypes: [{ Type: api }, { Type: audit }] } }
Outputs:
  Id: { Value: !GetAtt N.Id }
  Issuer: { Value: !GetAtt C.OpenIdConnectIssuerUrl }
]]
    has(main, ' version = "$Default"\n')
    has(main, " desired_size = 2\n")
    has(main, ' enabled_cluster_log_types = ["api", "audit"]\n')
    has(record.outputs, "${aws_eks_node_group.n.cluster_name}/"
      .. "${aws_eks_node_group.n.node_group_name}")
    has(record.outputs, " value = aws_eks_cluster.c.identity[0].oidc[0].issuer\n")
  end)

  it("makes the policy and the backup of a file system resources of their own", function()
    local main = normalized [[
  F:
    Type: AWS::EFS::FileSystem
    Properties:
      BackupPolicy: { Status: ENABLED }
      LifecyclePolicies: [{ TransitionToIA: AFTER_7_DAYS }]
      FileSystemPolicy: { Version: "2012-10-17", Statement: [] }
      BypassPolicyLockoutSafetyCheck: true
  M:
    Type: AWS::EFS::MountTarget
    Properties: { FileSystemId: !Ref F, SubnetId: s, SecurityGroups: [g] }
]]
    has(main, 'backup_policy {\n status = "ENABLED"\n')
    has(main, ' bypass_policy_lockout_safety_check = true\n')
    has(main, ' transition_to_ia = "AFTER_7_DAYS"\n')
    has(main, " file_system_id = aws_efs_file_system.f.id\n")
  end)

  it("chooses the file system by its kind and refuses an unknown one", function()
    local main = normalized [[
  F:
    Type: AWS::FSx::FileSystem
    Properties: { FileSystemType: LUSTRE, SubnetIds: [s], StorageCapacity: 1200,
      LustreConfiguration: { DeploymentType: SCRATCH_2 } }
]]
    has(main, 'resource "aws_fsx_lustre_file_system" "f" {\n deployment_type = "SCRATCH_2"\n')
    local _, record = run [[
  F: { Type: AWS::FSx::FileSystem, Properties: { FileSystemType: OTHER, SubnetIds: [s] } }
]]
    assert.equal("F : no rule for this type", record.why)
  end)

  it("names blocks that stand there more often than the provider takes them", function()
    local _, record = run [[
  S:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: t
      ServiceConnectConfiguration:
        Enabled: true
        Services: [{ PortName: p, ClientAliases: [{ Port: 1 }, { Port: 2 }] }]
]]
    assert.equal("S : aws_ecs_service takes at most 1 "
      .. "service_connect_configuration.service.client_alias", record.why)
  end)
end)
