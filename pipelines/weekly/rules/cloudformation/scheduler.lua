-- SPDX-License-Identifier: Apache-2.0
local ECS = { to = "ecs_parameters", props = {
  NetworkConfiguration = { to = "network_configuration", props = {
    AwsvpcConfiguration = { inline = true, props = {
      AssignPublicIp = { to = "assign_public_ip", enum = { ENABLED = true, DISABLED = false } },
    } } } } } }

return {
  ["AWS::Scheduler::Schedule"] = { type = "aws_scheduler_schedule", ref = "name",
    props = { Target = { to = "target", props = { EcsParameters = ECS,
      SageMakerPipelineParameters = { to = "sagemaker_pipeline_parameters", props = {
        PipelineParameterList = { to = "pipeline_parameter" } } } } } } },
  ["AWS::Scheduler::ScheduleGroup"] = { type = "aws_scheduler_schedule_group", ref = "name",
    props = {} },
}
