-- SPDX-License-Identifier: Apache-2.0
local METRIC = { Dimensions = { to = "dimensions", pairs = { key = "Name" } } }

-- The plan is known by its ARN, which Terraform does not give.
return {
  ["AWS::AutoScalingPlans::ScalingPlan"] = {
    type = "aws_autoscalingplans_scaling_plan", name = "name",
    attributes = { ScalingPlanName = "name", ScalingPlanVersion = "scaling_plan_version" },
    props = { ScalingInstructions = { to = "scaling_instruction", props = {
      CustomizedLoadMetricSpecification = { to = "customized_load_metric_specification",
        props = METRIC },
      TargetTrackingConfigurations = { to = "target_tracking_configuration", props = {
        CustomizedScalingMetricSpecification = { to = "customized_scaling_metric_specification",
          props = METRIC } } } } } },
  },
}
