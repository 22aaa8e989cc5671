-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::DLM::LifecyclePolicy"] = { type = "aws_dlm_lifecycle_policy",
    attributes = { PolicyId = "id" },
    props = { PolicyDetails = { to = "policy_details", props = {
      Schedules = { to = "schedule", props = {
        CrossRegionCopyRules = { to = "cross_region_copy_rule", props = {
          TargetRegion = "target" } } } } } } } },
}
