-- SPDX-License-Identifier: Apache-2.0
local INPUT = { to = "input_artifacts", pluck = "Name" }

local CONDITIONS = { props = { Conditions = { to = "condition", props = {
  Rules = { to = "rule", props = { InputArtifacts = INPUT } } } } } }

local function conditions(name) return { to = name, props = CONDITIONS.props } end

local STAGE = {
  BeforeEntry = conditions "before_entry", OnFailure = conditions "on_failure",
  OnSuccess = conditions "on_success",
  Actions = { to = "action", props = {
    ActionTypeId = { inline = true }, InputArtifacts = INPUT,
    OutputArtifacts = { to = "output_artifacts", pluck = "Name" } } },
}

return {
  ["AWS::CodePipeline::Pipeline"] = {
    type = "aws_codepipeline", ref = "name", name = "name",
    props = {
      Stages = { to = "stage", props = STAGE },
      ArtifactStores = { to = "artifact_store", props = { ArtifactStore = { inline = true } } },
      RestartExecutionOnUpdate = { drop = "an update starts no execution", only = { false } },
    },
  },
  ["AWS::CodePipeline::CustomActionType"] = { type = "aws_codepipeline_custom_action_type",
    ref = { "category", "provider_name", "version" }, props = { Provider = "provider_name" } },
  ["AWS::CodePipeline::Webhook"] = { type = "aws_codepipeline_webhook", ref = "name",
    name = "name",
    props = {
      TargetPipelineVersion = { drop = "the service's API for webhooks has no such field" },
      RegisterWithThirdParty = { drop = "the default", only = { false } },
    } },
}
