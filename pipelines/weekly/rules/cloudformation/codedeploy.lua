-- SPDX-License-Identifier: Apache-2.0
local LOAD_BALANCER = { ElbInfoList = "elb_info", TargetGroupInfoList = "target_group_info",
  TargetGroupPairInfoList = "target_group_pair_info" }

return {
  ["AWS::CodeDeploy::Application"] = { type = "aws_codedeploy_app", ref = "name", name = "name" },
  ["AWS::CodeDeploy::DeploymentConfig"] = {
    type = "aws_codedeploy_deployment_config", ref = "deployment_config_name",
    name = "deployment_config_name",
    props = { TrafficRoutingConfig = { to = "traffic_routing_config", props = {
      TimeBasedCanary = { to = "time_based_canary", props = {
        CanaryInterval = "interval", CanaryPercentage = "percentage" } },
      TimeBasedLinear = { to = "time_based_linear", props = {
        LinearInterval = "interval", LinearPercentage = "percentage" } } } } },
  },
  ["AWS::CodeDeploy::DeploymentGroup"] = {
    type = "aws_codedeploy_deployment_group", ref = "deployment_group_name",
    name = "deployment_group_name",
    props = {
      ApplicationName = "app_name",
      BlueGreenDeploymentConfiguration = "blue_green_deployment_config",
      AlarmConfiguration = { to = "alarm_configuration", props = {
        Alarms = { to = "alarms", pluck = "Name" } } },
      Ec2TagSet = { to = "ec2_tag_set", each = "Ec2TagSetList", props = {
        Ec2TagGroup = "ec2_tag_filter" } },
      LoadBalancerInfo = { to = "load_balancer_info", props = LOAD_BALANCER },
    },
  },
}
