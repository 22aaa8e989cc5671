-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local TEMPLATE = { to = "launch_template", props = { LaunchTemplateId = "id",
  LaunchTemplateName = "name" } }

local HOOKS = { to = "initial_lifecycle_hook", props = { LifecycleHookName = "name" } }

-- All metrics are collected where none is named.
local METRICS = { "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
  "GroupDesiredCapacity", "GroupInServiceCapacity", "GroupInServiceInstances", "GroupMaxSize",
  "GroupMinSize", "GroupPendingCapacity", "GroupPendingInstances", "GroupStandbyCapacity",
  "GroupStandbyInstances", "GroupTerminatingCapacity", "GroupTerminatingInstances",
  "GroupTotalCapacity", "GroupTotalInstances", "WarmPoolDesiredCapacity", "WarmPoolMinSize",
  "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity",
  "WarmPoolWarmedCapacity" }

local function metrics(self, value, body)
  values.structures(self, value, function(item, test, i)
    if test or i > 1 then return self:unsupported(nil, "more than one list of metrics") end
    self:map(item, { Granularity = "metrics_granularity", Metrics = "enabled_metrics" }, body)
    if not body:has "enabled_metrics" then body:set("enabled_metrics", expr.list(METRICS)) end
  end)
end

local function notifications(self, value)
  if type(value) == "table" and value.TopicARN ~= nil then value = { value } end
  values.structures(self, value, function(item, test)
    local body = self:block("aws_autoscaling_notification", "notification", test)
    body:raw("group_names", "[" .. self:own("name") .. "]")
    self:map(item, { TopicARN = "topic_arn", NotificationTypes = "notifications" }, body)
  end)
end

-- CloudFormation takes zones beside subnets, which have to be in them; Terraform does not.
local function zones_of_subnets(self, _, body)
  local subnets = body.named.vpc_zone_identifier
  if subnets and not expr.may_be_none(subnets.node) and body:take "availability_zones" then
    self.scope:drop(self.id, "AvailabilityZones", "the subnets are in these zones")
  end
end

-- What is not given stays as it is; Terraform writes that as -1.
local UNCHANGED = { desired_capacity = "-1", max_size = "-1", min_size = "-1" }

return {
  ["AWS::AutoScaling::AutoScalingGroup"] = {
    type = "aws_autoscaling_group", ref = "name", attributes = { AutoScalingGroupARN = "arn" },
    -- CloudFormation gives new machines no grace, Terraform five minutes.
    set = { health_check_grace_period = "0" },
    props = {
      AutoScalingGroupName = "name", Cooldown = "default_cooldown",
      LaunchConfigurationName = "launch_configuration", LaunchTemplate = TEMPLATE,
      LoadBalancerNames = "load_balancers", Tags = { to = "tag" },
      NewInstancesProtectedFromScaleIn = "protect_from_scale_in",
      LifecycleHookSpecificationList = HOOKS, MetricsCollection = metrics,
      NotificationConfiguration = notifications, NotificationConfigurations = notifications,
      SkipZonalShiftValidation = { drop = "it checks the template, not the group" },
    }, finish = zones_of_subnets,
  },
  ["AWS::AutoScaling::LaunchConfiguration"] = {
    type = "aws_launch_configuration", ref = "name",
    props = { LaunchConfigurationName = "name", InstanceMonitoring = "enable_monitoring",
      BlockDeviceMappings = shared.block_devices, UserData = "user_data_base64" },
  },
  ["AWS::AutoScaling::LifecycleHook"] = { type = "aws_autoscaling_lifecycle_hook", ref = "name",
    name = "name", props = { LifecycleHookName = "name" } },
  ["AWS::AutoScaling::ScalingPolicy"] = {
    type = "aws_autoscaling_policy", ref = "arn", name = "name",
    attributes = { Arn = "arn", PolicyName = "name" },
    props = { TargetTrackingConfiguration = { to = "target_tracking_configuration", props = {
      CustomizedMetricSpecification = { to = "customized_metric_specification", props = {
        Dimensions = "metric_dimension" } } } } },
  },
  ["AWS::AutoScaling::ScheduledAction"] = { type = "aws_autoscaling_schedule",
    ref = "scheduled_action_name", name = "scheduled_action_name", set = UNCHANGED,
    attributes = { ScheduledActionName = "scheduled_action_name" }, props = {} },
  ["AWS::AutoScaling::WarmPool"] = { type = "aws_autoscaling_group", ref = "name",
    part_of = "AutoScalingGroupName", into = "warm_pool", props = {} },
}
