-- SPDX-License-Identifier: Apache-2.0
local METADATA = { to = "document_metadata_configuration_updates", props = {
  Relevance = { to = "relevance", props = {
    ValueImportanceItems = { to = "values_importance_map", pairs = true } } } } }

return {
  ["AWS::Kendra::Index"] = { type = "aws_kendra_index", props = {
    DocumentMetadataConfigurations = METADATA,
    UserTokenConfigurations = { to = "user_token_configurations", props = {
      JwtTokenTypeConfiguration = { to = "jwt_token_type_configuration", props = {
        SecretManagerArn = "secrets_manager_arn" } } } } } },
  ["AWS::Kendra::DataSource"] = { type = "aws_kendra_data_source", ref = "data_source_id",
    attributes = { Id = "data_source_id" } },
  ["AWS::Kendra::Faq"] = { type = "aws_kendra_faq", ref = "faq_id",
    attributes = { Id = "faq_id" } },
  ["AWS::Kendra::QuerySuggestionsBlockList"] = {
    type = "aws_kendra_query_suggestions_block_list", ref = "arn" },
  ["AWS::Kendra::Thesaurus"] = { type = "aws_kendra_thesaurus", ref = "arn" },
}
