-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"

local DRAFT = { agent_id = "agent_id" }

local FUNCTIONS = { to = "functions", props = {
  Parameters = { to = "parameters", named = "map_block_key" } } }

-- function_schema { member_functions { functions { … } } }
local function functions(self, value, body)
  self:map({ Items = value }, { Items = FUNCTIONS }, body:single("member_functions"))
end

local ACTION_GROUP = {
  SkipResourceInUseCheckOnDelete = "skip_resource_in_use_check",
  FunctionSchema = { to = "function_schema", props = { Functions = functions } },
}

local PROMPTS = { to = "prompt_override_configuration", props = {
  PromptConfigurations = { to = "prompt_configurations", props = {
    InferenceConfiguration = { to = "inference_configuration", props = {
      MaximumLength = "max_length" } } } } } }

local CHUNKING = { to = "chunking_configuration", props = {
  SemanticChunkingConfiguration = { to = "semantic_chunking_configuration", props = {
    MaxTokens = "max_token" } } } }

local PARSING = { to = "parsing_configuration", props = {
  BedrockFoundationModelConfiguration = { to = "bedrock_foundation_model_configuration", props = {
    ParsingPrompt = { to = "parsing_prompt", props = {
      ParsingPromptText = "parsing_prompt_string" } } } } } }

local SUPPLEMENT = { to = "supplemental_data_storage_configuration", props = {
  SupplementalDataStorageLocations = { to = "storage_location", props = {
    SupplementalDataStorageLocationType = "type" } } } }

local KNOWLEDGE = { to = "knowledge_base_configuration", props = {
  VectorKnowledgeBaseConfiguration = { to = "vector_knowledge_base_configuration", props = {
    SupplementalDataStorageConfiguration = SUPPLEMENT } } } }

-- CloudFormation takes an id too, Terraform the ARN.
local function guardrail(self, value, body)
  local node = self:value(value)
  local text = type(node) == "table" and node.k == "raw" and node.text or ""
  if text:find("^aws_bedrock_guardrail%.[%w_]+%.guardrail_id$") then
    node = expr.raw((text:gsub("_id$", "_arn")), "string")
  end
  body:set("guardrail_arn", node)
end

local CHOICE = { to = "tool_choice", props = { Any = { to = "any", keep_empty = true },
  Auto = { to = "auto", keep_empty = true } } }

local VARIANT = { TemplateConfiguration = { to = "template_configuration", props = {
  Chat = { to = "chat", props = { ToolConfiguration = { to = "tool_configuration", props = {
    ToolChoice = CHOICE } } } } } } }

return {
  ["AWS::Bedrock::Agent"] = {
    type = "aws_bedrockagent_agent", ref = "agent_id",
    -- Terraform prepares an agent unless told, CloudFormation only when told.
    defaults = { prepare_agent = "false" },
    props = {
      AutoPrepare = "prepare_agent", PromptOverrideConfiguration = PROMPTS,
      SkipResourceInUseCheckOnDelete = "skip_resource_in_use_check",
      ActionGroups = { separate = "aws_bedrockagent_agent_action_group", suffix = "action_group",
        link = DRAFT, set = { agent_version = '"DRAFT"' }, props = ACTION_GROUP },
      AgentCollaborators = { separate = "aws_bedrockagent_agent_collaborator",
        suffix = "collaborator", link = DRAFT },
      KnowledgeBases = { separate = "aws_bedrockagent_agent_knowledge_base_association",
        suffix = "knowledge_base", link = DRAFT,
        defaults = { knowledge_base_state = '"ENABLED"' } },
    },
  },
  ["AWS::Bedrock::AgentAlias"] = { type = "aws_bedrockagent_agent_alias",
    ref = { "agent_id", "agent_alias_id" } },
  ["AWS::Bedrock::ApplicationInferenceProfile"] = { type = "aws_bedrock_inference_profile",
    ref = "arn", props = { InferenceProfileName = "name" },
    attributes = { InferenceProfileArn = "arn", InferenceProfileId = "id",
      InferenceProfileIdentifier = "arn" } },
  ["AWS::Bedrock::DataSource"] = { type = "aws_bedrockagent_data_source",
    ref = { "knowledge_base_id", "data_source_id" },
    props = { VectorIngestionConfiguration = { to = "vector_ingestion_configuration", props = {
      ChunkingConfiguration = CHUNKING, ParsingConfiguration = PARSING } } } },
  ["AWS::Bedrock::Guardrail"] = { type = "aws_bedrock_guardrail", ref = "guardrail_arn" },
  ["AWS::Bedrock::GuardrailVersion"] = { type = "aws_bedrock_guardrail_version", ref = false,
    props = { GuardrailIdentifier = guardrail } },
  ["AWS::Bedrock::KnowledgeBase"] = { type = "aws_bedrockagent_knowledge_base",
    attributes = { KnowledgeBaseArn = "arn", KnowledgeBaseId = "id" },
    props = { KnowledgeBaseConfiguration = KNOWLEDGE } },
  ["AWS::Bedrock::Prompt"] = { type = "aws_bedrockagent_prompt", ref = "arn",
    props = { Variants = { to = "variant", props = VARIANT } } },
}
