-- SPDX-License-Identifier: Apache-2.0
local CONFIGURATION = {
  EngineVersion = { to = "engine_version", props = {
    EffectiveEngineVersion = { drop = "the service sets it" } } },
  ResultConfiguration = { to = "result_configuration", props = {
    EncryptionConfiguration = { to = "encryption_configuration", props = {
      KmsKey = "kms_key_arn" } } } },
}

return {
  ["AWS::Athena::WorkGroup"] = { type = "aws_athena_workgroup", ref = "name", props = {
    WorkGroupConfiguration = { to = "configuration", props = CONFIGURATION },
    RecursiveDeleteOption = "force_destroy" } },
  ["AWS::Athena::NamedQuery"] = { type = "aws_athena_named_query", name = "name",
    attributes = { NamedQueryId = "id" }, props = { QueryString = "query" } },
  ["AWS::Athena::PreparedStatement"] = { type = "aws_athena_prepared_statement",
    ref = { "name", "workgroup" }, props = { StatementName = "name" } },
  ["AWS::Athena::DataCatalog"] = { type = "aws_athena_data_catalog", ref = "name" },
  ["AWS::Athena::CapacityReservation"] = { type = "aws_athena_capacity_reservation",
    ref = "arn" },
}
