-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local MAP = { ["{}"] = "s" }
local CONFIGURATION = { Classification = "s", ConfigurationProperties = MAP }
CONFIGURATION.Configurations = { CONFIGURATION }
local CONFIGURATIONS = { to = "configurations_json", document = { CONFIGURATION },
  keep_case = true, rename = { ConfigurationProperties = "Properties" } }

local SCALING = { to = "autoscaling_policy", keep_case = true, document = {
  Constraints = { MaxCapacity = "n", MinCapacity = "n" },
  Rules = { { Name = "s", Description = "s",
    Action = { Market = "s", SimpleScalingPolicyConfiguration = { AdjustmentType = "s",
      CoolDown = "n", ScalingAdjustment = "n" } },
    Trigger = { CloudWatchAlarmDefinition = { ComparisonOperator = "s",
      Dimensions = { { Key = "s", Value = "s" } }, EvaluationPeriods = "n", MetricName = "s",
      Namespace = "s", Period = "n", Statistic = "s", Threshold = "n", Unit = "s" } } } } } }

local DISKS = { to = "ebs_config", props = { VolumeSpecification = { inline = true, props = {
  SizeInGB = "size", VolumeType = "type" } } } }
local EBS = { inline = true, props = { EbsBlockDeviceConfigs = DISKS } }

-- Terraform has no market: it is spot where a price is bid and on demand where none is. An If has
-- to be about the same condition on both sides.
local function fits(market, bid)
  local of_market, of_bid = values.if_arms(market), values.if_arms(bid)
  if of_market and of_bid and of_market[1] ~= of_bid[1] then return false end
  if of_market or of_bid then
    return fits(of_market and of_market[2] or market, of_bid and of_bid[2] or bid)
      and fits(of_market and of_market[3] or market, of_bid and of_bid[3] or bid)
  end
  if values.is_no_value(bid) then return market == "ON_DEMAND" or values.is_no_value(market) end
  return market == "SPOT"
end

local function market(self, value)
  if not fits(value, self.bids) then self:unsupported(nil, "a market without a bid") end
end

local function group_specs(more)
  local specs = { EbsConfiguration = EBS, Market = market, AutoScalingPolicy = SCALING }
  for name, spec in pairs(more or {}) do specs[name] = spec end
  return specs
end

local function group(block, more)
  return values.structure(function(self, value, body)
    self.bids = value.BidPrice
    self:map(value, group_specs(more), body:block(block))
  end)
end

local function task_groups(self, value)
  values.structures(self, value, function(item, test)
    local body = self:block("aws_emr_instance_group", "task_group", test)
    body:raw("cluster_id", self:own("id"))
    self.bids = item.BidPrice
    self:map(item, group_specs { Configurations = CONFIGURATIONS }, body)
  end)
end

local FLEET = { InstanceTypeConfigs = { to = "instance_type_configs", props = {
  EbsConfiguration = EBS, Configurations = { to = "configurations", props = {
    ConfigurationProperties = "properties" } } } } }

local STEP = { HadoopJarStep = { to = "hadoop_jar_step", props = {
  StepProperties = { to = "properties", pairs = true } } } }

local function joined(name) return { to = "ec2_attributes." .. name, wrap = 'join(",", %s)' } end

local INSTANCES = {
  AdditionalMasterSecurityGroups = joined "additional_master_security_groups",
  AdditionalSlaveSecurityGroups = joined "additional_slave_security_groups",
  Ec2KeyName = "ec2_attributes.key_name", Ec2SubnetId = "ec2_attributes.subnet_id",
  Ec2SubnetIds = "ec2_attributes.subnet_ids",
  EmrManagedMasterSecurityGroup = "ec2_attributes.emr_managed_master_security_group",
  EmrManagedSlaveSecurityGroup = "ec2_attributes.emr_managed_slave_security_group",
  ServiceAccessSecurityGroup = "ec2_attributes.service_access_security_group",
  TerminationProtected = "termination_protection",
  MasterInstanceGroup = group "master_instance_group",
  CoreInstanceGroup = group "core_instance_group",
  MasterInstanceFleet = { to = "master_instance_fleet", props = FLEET },
  CoreInstanceFleet = { to = "core_instance_fleet", props = FLEET },
  TaskInstanceGroups = task_groups,
  TaskInstanceFleets = { separate = "aws_emr_instance_fleet", suffix = "task_fleet",
    link = { cluster_id = "id" }, props = FLEET },
}

local function only_task(self, value)
  if value ~= "TASK" then self:unsupported(nil, "another role than TASK") end
end

local function lone_group(self, props, body)
  self.bids = props.BidPrice
  self:map(props, group_specs { JobFlowId = "cluster_id", InstanceRole = only_task,
    Configurations = CONFIGURATIONS, EbsConfiguration = { inline = true, props = {
      EbsBlockDeviceConfigs = DISKS } } }, body)
end

local FLEET_CONFIG = { InstanceFleetType = only_task }
for name, spec in pairs(FLEET) do FLEET_CONFIG[name] = spec end

return {
  ["AWS::EMR::Cluster"] = {
    type = "aws_emr_cluster", attributes = { Id = "id", MasterPublicDNS = "master_public_dns" },
    props = {
      Applications = { to = "applications", pluck = "Name" },
      Configurations = CONFIGURATIONS,
      BootstrapActions = { to = "bootstrap_action", props = {
        ScriptBootstrapAction = { inline = true } } },
      Instances = { inline = true, props = INSTANCES },
      JobFlowRole = "ec2_attributes.instance_profile",
      ManagedScalingPolicy = { separate = "aws_emr_managed_scaling_policy", suffix = "scaling",
        link = { cluster_id = "id" } },
      PlacementGroupConfigs = "placement_group_config", Steps = { to = "step", props = STEP },
    },
  },
  ["AWS::EMR::Step"] = { type = "aws_emr_cluster", part_of = "JobFlowId", into = "step",
    ref = false, props = STEP },
  ["AWS::EMR::InstanceGroupConfig"] = { type = "aws_emr_instance_group",
    attributes = { InstanceGroupId = "id" },
    build = function(self, props) lone_group(self, props, self:block("aws_emr_instance_group")) end,
  },
  ["AWS::EMR::InstanceFleetConfig"] = { type = "aws_emr_instance_fleet",
    attributes = { InstanceFleetId = "id" }, props = FLEET_CONFIG },
  ["AWS::EMR::SecurityConfiguration"] = { type = "aws_emr_security_configuration", ref = "name",
    props = { SecurityConfiguration = { to = "configuration", json = true } } },
  ["AWS::EMR::Studio"] = { type = "aws_emr_studio", attributes = { StudioId = "id" },
    props = {} },
  ["AWS::EMR::StudioSessionMapping"] = { type = "aws_emr_studio_session_mapping", props = {} },
}
