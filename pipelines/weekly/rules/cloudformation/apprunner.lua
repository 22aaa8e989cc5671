-- SPDX-License-Identifier: Apache-2.0
local RUNTIME = {
  RuntimeEnvironmentVariables = { to = "runtime_environment_variables", pairs = { key = "Name" } },
  RuntimeEnvironmentSecrets = { to = "runtime_environment_secrets", pairs = { key = "Name" } },
}

local SOURCE = { to = "source_configuration", props = {
  CodeRepository = { to = "code_repository", props = { CodeConfiguration = {
    to = "code_configuration", props = { CodeConfigurationValues = {
      to = "code_configuration_values", props = RUNTIME } } } } },
  ImageRepository = { to = "image_repository", props = { ImageConfiguration = {
    to = "image_configuration", props = RUNTIME } } },
} }

return {
  ["AWS::AppRunner::Service"] = { type = "aws_apprunner_service", ref = "arn",
    name = "service_name", name_limit = 40, attributes = { ServiceArn = "arn" },
    props = { SourceConfiguration = SOURCE } },
  ["AWS::AppRunner::AutoScalingConfiguration"] = {
    type = "aws_apprunner_auto_scaling_configuration_version", ref = "arn",
    name = "auto_scaling_configuration_name", name_limit = 32,
    attributes = { AutoScalingConfigurationArn = "arn" }, props = {} },
  ["AWS::AppRunner::ObservabilityConfiguration"] = {
    type = "aws_apprunner_observability_configuration", ref = "arn",
    name = "observability_configuration_name", name_limit = 32,
    attributes = { ObservabilityConfigurationArn = "arn" }, props = {} },
  ["AWS::AppRunner::VpcConnector"] = { type = "aws_apprunner_vpc_connector", ref = "arn",
    name = "vpc_connector_name", name_limit = 40, attributes = { VpcConnectorArn = "arn" },
    props = {} },
  ["AWS::AppRunner::VpcIngressConnection"] = { type = "aws_apprunner_vpc_ingress_connection",
    ref = "arn", name = "name", name_limit = 40,
    attributes = { VpcIngressConnectionArn = "arn" }, props = {} },
}
