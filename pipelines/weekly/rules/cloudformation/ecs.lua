-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local PAIR = { { Name = "s", Value = "s" } }
local SECRET = { { Name = "s", ValueFrom = "s" } }
local MAP = { ["{}"] = "s" }

-- A container in the words of the service's own API, which Terraform takes as JSON.
local CONTAINERS = { {
  Command = { "s" }, Cpu = "n", CredentialSpecs = { "s" },
  DependsOn = { { Condition = "s", ContainerName = "s" } }, DisableNetworking = "b",
  DnsSearchDomains = { "s" }, DnsServers = { "s" }, DockerLabels = MAP,
  DockerSecurityOptions = { "s" }, EntryPoint = { "s" }, Environment = PAIR,
  EnvironmentFiles = { { Type = "s", Value = "s" } }, Essential = "b",
  ExtraHosts = { { Hostname = "s", IpAddress = "s" } },
  FirelensConfiguration = { Options = MAP, Type = "s" },
  HealthCheck = { Command = { "s" }, Interval = "n", Retries = "n", StartPeriod = "n",
    Timeout = "n" },
  Hostname = "s", Image = "s", Interactive = "b", Links = { "s" },
  LinuxParameters = { Capabilities = { Add = { "s" }, Drop = { "s" } },
    Devices = { { ContainerPath = "s", HostPath = "s", Permissions = { "s" } } },
    InitProcessEnabled = "b", MaxSwap = "n", SharedMemorySize = "n", Swappiness = "n",
    Tmpfs = { { ContainerPath = "s", MountOptions = { "s" }, Size = "n" } } },
  LogConfiguration = { LogDriver = "s", Options = MAP, SecretOptions = SECRET },
  Memory = "n", MemoryReservation = "n",
  MountPoints = { { ContainerPath = "s", ReadOnly = "b", SourceVolume = "s" } }, Name = "s",
  PortMappings = { { AppProtocol = "s", ContainerPort = "n", ContainerPortRange = "s",
    HostPort = "n", Name = "s", Protocol = "s" } },
  Privileged = "b", PseudoTerminal = "b", ReadonlyRootFilesystem = "b",
  RepositoryCredentials = { CredentialsParameter = "s" },
  ResourceRequirements = { { Type = "s", Value = "s" } },
  RestartPolicy = { Enabled = "b", IgnoredExitCodes = { "n" }, RestartAttemptPeriod = "n" },
  Secrets = SECRET, StartTimeout = "n", StopTimeout = "n",
  SystemControls = { { Namespace = "s", Value = "s" } },
  Ulimits = { { HardLimit = "n", Name = "s", SoftLimit = "n" } }, User = "s",
  VersionConsistency = "s", VolumesFrom = { { ReadOnly = "b", SourceContainer = "s" } },
  WorkingDirectory = "s",
} }

local VOLUMES = { to = "volume", props = { ConfiguredAtLaunch = "configure_at_launch",
  Host = { inline = true, props = { SourcePath = "host_path" } } } }

local PUBLIC = { to = "assign_public_ip", enum = { ENABLED = true, DISABLED = false } }

local function network(name)
  return { inline = true, props = { [name] = { to = "network_configuration", props = {
    AssignPublicIp = PUBLIC } } } }
end

local function strategy(self, value)
  if value ~= "ROLLING" then self:unsupported(nil, "a strategy other than ROLLING") end
end

local DEPLOYMENT = { inline = true, props = {
  MaximumPercent = "deployment_maximum_percent", Strategy = strategy,
  MinimumHealthyPercent = "deployment_minimum_healthy_percent",
} }

local CONNECT = { to = "service_connect_configuration", props = { Services = { to = "service",
  props = { Tls = { to = "tls", props = {
    IssuerCertificateAuthority = "issuer_cert_authority" } } } } } }

local EBS = { to = "managed_ebs_volume", props = { SizeInGiB = "size_in_gb" } }

local force_deployment = values.structure(function(self, value, body)
  self:map(value, { EnableForceNewDeployment = "force_new_deployment",
    ForceNewDeploymentNonce = function(_, nonce)
      body:raw("triggers", "{ nonce = " .. self:text(nonce) .. " }")
    end }, body)
end)

-- A new service runs one task where no count is given; Terraform would run none.
local function one_task(_, props, body)
  if not body:has "desired_count" and props.SchedulingStrategy ~= "DAEMON" then
    body:set("desired_count", 1)
  end
end

local function providers(self, value, key)
  local other = self.providers
  if not other then
    other = self:block("aws_ecs_cluster_capacity_providers", "capacity_providers")
    other:raw("cluster_name", self:own("name"))
    self.providers = other
  end
  self:map({ [key] = value }, {}, other)
end

local function cluster_providers(key)
  return function(self, value) providers(self, value, key) end
end

-- The group is named by name or by ARN; Terraform wants the ARN.
local function group_arn(self, value, body)
  local id = shared.resource_of(self, value, "AWS::AutoScaling::AutoScalingGroup")
  body:set("auto_scaling_group_arn", id and self.scope:attribute(id, "AutoScalingGroupARN")
    or self:value(value))
end

local function containers_given(self, props)
  if values.is_no_value(props.ContainerDefinitions) then
    self:unsupported("ContainerDefinitions", "a task without containers")
  end
end

return {
  ["AWS::ECS::Cluster"] = {
    type = "aws_ecs_cluster", ref = "name", name = "name", attributes = { Arn = "arn" },
    props = { ClusterSettings = { to = "setting" },
      Configuration = { to = "configuration", props = {
        ExecuteCommandConfiguration = { to = "execute_command_configuration", props = {
          LogConfiguration = { to = "log_configuration", props = {
            S3EncryptionEnabled = "s3_bucket_encryption_enabled" } } } } } },
      CapacityProviders = cluster_providers "CapacityProviders",
      DefaultCapacityProviderStrategy = cluster_providers "DefaultCapacityProviderStrategy" },
  },
  ["AWS::ECS::ClusterCapacityProviderAssociations"] = {
    type = "aws_ecs_cluster_capacity_providers", ref = "cluster_name",
    props = { Cluster = "cluster_name" } },
  ["AWS::ECS::CapacityProvider"] = { type = "aws_ecs_capacity_provider", ref = "name",
    name = "name", props = { AutoScalingGroupProvider = { to = "auto_scaling_group_provider",
      props = { AutoScalingGroupArn = group_arn } } } },
  ["AWS::ECS::Service"] = {
    type = "aws_ecs_service", ref = "id", name = "name",
    attributes = { Name = "name", ServiceArn = "id" },
    props = {
      DeploymentConfiguration = DEPLOYMENT, NetworkConfiguration = network "AwsvpcConfiguration",
      LoadBalancers = { to = "load_balancer", props = { LoadBalancerName = "elb_name" } },
      PlacementStrategies = "ordered_placement_strategy", Role = "iam_role",
      ServiceConnectConfiguration = CONNECT, ForceNewDeployment = force_deployment,
      VolumeConfigurations = { to = "volume_configuration", props = { ManagedEBSVolume = EBS } },
    },
    finish = one_task,
  },
  ["AWS::ECS::TaskSet"] = { type = "aws_ecs_task_set", ref = "task_set_id",
    attributes = { Id = "task_set_id" },
    props = { NetworkConfiguration = network "AwsVpcConfiguration" } },
  ["AWS::ECS::TaskDefinition"] = {
    type = "aws_ecs_task_definition", ref = "arn", name = "family",
    attributes = { TaskDefinitionArn = "arn" },
    props = {
      ContainerDefinitions = { to = "container_definitions", document = CONTAINERS },
      ProxyConfiguration = { to = "proxy_configuration", props = {
        ProxyConfigurationProperties = { to = "properties", pairs = { key = "Name" } } } },
      Volumes = VOLUMES,
    },
    finish = containers_given,
  },
}
