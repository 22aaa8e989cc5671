-- SPDX-License-Identifier: Apache-2.0
local SOURCE = { to = "source_parameters", props = {
  SelfManagedKafkaParameters = { to = "self_managed_kafka_parameters", props = {
    Vpc = { to = "vpc", props = { SecurityGroup = "security_groups" } } } } } }

local TARGET = { to = "target_parameters", props = {
  SageMakerPipelineParameters = { to = "sagemaker_pipeline_parameters", props = {
    PipelineParameterList = { to = "pipeline_parameter" } } } } }

return {
  ["AWS::Pipes::Pipe"] = { type = "aws_pipes_pipe", ref = "name",
    props = { SourceParameters = SOURCE, TargetParameters = TARGET } },
}
