-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local PAIR = { { Name = "s", Value = "s" } }
local SECRET = { { Name = "s", ValueFrom = "s" } }
local MAP = { ["{}"] = "s" }
local LOG = { LogDriver = "s", Options = MAP, SecretOptions = SECRET }
local LINUX = { Devices = { { ContainerPath = "s", HostPath = "s", Permissions = { "s" } } },
  InitProcessEnabled = "b", MaxSwap = "n", SharedMemorySize = "n", Swappiness = "n",
  Tmpfs = { { ContainerPath = "s", MountOptions = { "s" }, Size = "n" } } }
local MOUNTS = { { ContainerPath = "s", ReadOnly = "b", SourceVolume = "s" } }
local VOLUMES = { { EfsVolumeConfiguration = {
  AuthorizationConfig = { AccessPointId = "s", Iam = "s" }, FileSystemId = "s",
  RootDirectory = "s", TransitEncryption = "s", TransitEncryptionPort = "n" },
  Host = { SourcePath = "s" }, Name = "s" } }
local NEEDS = { { Type = "s", Value = "s" } }
local ULIMITS = { { HardLimit = "n", Name = "s", SoftLimit = "n" } }
local REPOSITORY = { CredentialsParameter = "s" }
local PLATFORM = { CpuArchitecture = "s", OperatingSystemFamily = "s" }
local NETWORK = { AssignPublicIp = "s" }

-- Job definitions in the words of the service's own API, which Terraform takes as JSON.
local CONTAINER = {
  Command = { "s" }, EnableExecuteCommand = "b", Environment = PAIR,
  EphemeralStorage = { SizeInGiB = "n" }, ExecutionRoleArn = "s",
  FargatePlatformConfiguration = { PlatformVersion = "s" }, Image = "s", InstanceType = "s",
  JobRoleArn = "s", LinuxParameters = LINUX, LogConfiguration = LOG, Memory = "n",
  MountPoints = MOUNTS, NetworkConfiguration = NETWORK, Privileged = "b",
  ReadonlyRootFilesystem = "b", RepositoryCredentials = REPOSITORY, ResourceRequirements = NEEDS,
  RuntimePlatform = PLATFORM, Secrets = SECRET, Ulimits = ULIMITS, User = "s", Vcpus = "n",
  Volumes = VOLUMES,
}

local TASKS = { TaskProperties = { {
  Containers = { { Command = { "s" }, DependsOn = { { Condition = "s", ContainerName = "s" } },
    Environment = PAIR, Essential = "b", FirelensConfiguration = { Options = MAP, Type = "s" },
    Image = "s", LinuxParameters = LINUX, LogConfiguration = LOG, MountPoints = MOUNTS,
    Name = "s", Privileged = "b", ReadonlyRootFilesystem = "b",
    RepositoryCredentials = REPOSITORY, ResourceRequirements = NEEDS, Secrets = SECRET,
    StartTimeout = "n", StopTimeout = "n", Ulimits = ULIMITS, User = "s" } },
  EnableExecuteCommand = "b", EphemeralStorage = { SizeInGiB = "n" }, ExecutionRoleArn = "s",
  IpcMode = "s", NetworkConfiguration = NETWORK, PidMode = "s", PlatformVersion = "s",
  RuntimePlatform = PLATFORM, TaskRoleArn = "s", Volumes = VOLUMES,
} } }

local NODES = { MainNode = "n", NumNodes = "n", NodeRangeProperties = { {
  Container = CONTAINER, EcsProperties = TASKS, InstanceTypes = { "s" }, TargetNodes = "s" } } }

local JOB = {
  ContainerProperties = { to = "container_properties", document = CONTAINER },
  EcsProperties = { to = "ecs_properties", document = TASKS },
  NodeProperties = { to = "node_properties", document = NODES },
  ResourceRetentionPolicy = { inline = true, props = { SkipDeregisterOnUpdate = {
    to = "deregister_on_new_revision", enum = { ["true"] = false, ["false"] = true } } } },
}

local function service_role(self, value, body)
  body:set("service_role", values.role_arn(self, value))
end

local function instance_role(self, value, body)
  body:set("instance_role", values.role_arn(self, value, "instance-profile"))
end

return {
  ["AWS::Batch::ComputeEnvironment"] = {
    type = "aws_batch_compute_environment", ref = "arn",
    attributes = { ComputeEnvironmentArn = "arn" },
    props = {
      ServiceRole = service_role,
      ComputeResources = { to = "compute_resources", props = {
        InstanceTypes = "instance_type", InstanceRole = instance_role } },
      UpdatePolicy = { to = "update_policy", defaults = { job_execution_timeout_minutes = "30",
        terminate_jobs_on_update = "false" } },
      ReplaceComputeEnvironment = { drop = "it says how CloudFormation updates" },
    },
  },
  ["AWS::Batch::JobQueue"] = { type = "aws_batch_job_queue", ref = "arn", name = "name",
    attributes = { JobQueueArn = "arn" }, defaults = { state = '"ENABLED"' }, props = {} },
  ["AWS::Batch::JobDefinition"] = { type = "aws_batch_job_definition", ref = "arn",
    name = "name", attributes = { JobDefinitionArn = "arn" }, props = JOB },
  ["AWS::Batch::SchedulingPolicy"] = { type = "aws_batch_scheduling_policy", ref = "arn",
    name = "name", props = {} },
}
