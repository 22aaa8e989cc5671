-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::EMRServerless::Application"] = { type = "aws_emrserverless_application", name = "name",
    attributes = { ApplicationId = "id" },
    props = { InitialCapacity = { to = "initial_capacity", props = {
      Key = "initial_capacity_type", Value = "initial_capacity_config" } } } },
}
