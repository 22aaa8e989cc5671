-- SPDX-License-Identifier: Apache-2.0
local PRINCIPAL = { inline = true, props = { DataLakePrincipalIdentifier = "principal" } }
local PRINCIPALS = "DataLakePrincipalIdentifier"

-- An empty structure says "all of them".
local function flag(name)
  return function(_, _, body) body:set(name, true) end
end

local function excluded(self, value, body)
  body:set("wildcard", true)
  self:map(value, {}, body)
end

local COLUMNS = { to = "table_with_columns", props = { ColumnWildcard = excluded } }
local TABLE = { to = "table", props = { TableWildcard = flag "wildcard" } }

local LEGACY = { inline = true, props = {
  DataLocationResource = { to = "data_location", props = { S3Resource = "arn" } },
  DatabaseResource = "database", TableWithColumnsResource = COLUMNS, TableResource = TABLE } }

local RESOURCE = { inline = true, props = {
  Catalog = flag "catalog_resource",
  DataLocation = { to = "data_location", props = { ResourceArn = "arn" } },
  LFTag = { to = "lf_tag", props = { TagKey = "key", TagValues = "values" } },
  LFTagPolicy = { to = "lf_tag_policy", props = { Expression = { to = "expression", props = {
    TagKey = "key", TagValues = "values" } } } },
  Table = TABLE, TableWithColumns = COLUMNS } }

local FILTER = {
  TableCatalogId = "table_data.table_catalog_id", DatabaseName = "table_data.database_name",
  TableName = "table_data.table_name", Name = "table_data.name",
  ColumnNames = "table_data.column_names", ColumnWildcard = "table_data.column_wildcard",
  RowFilter = { to = "table_data.row_filter", props = {
    AllRowsWildcard = { to = "all_rows_wildcard", keep_empty = true } } },
}

return {
  ["AWS::LakeFormation::DataLakeSettings"] = { type = "aws_lakeformation_data_lake_settings",
    props = {
      Admins = { to = "admins", pluck = PRINCIPALS },
      ReadOnlyAdmins = { to = "read_only_admins", pluck = PRINCIPALS },
      ExternalDataFilteringAllowList = { to = "external_data_filtering_allow_list",
        pluck = PRINCIPALS },
      CreateDatabaseDefaultPermissions = { to = "create_database_default_permissions",
        props = { Principal = PRINCIPAL } },
      CreateTableDefaultPermissions = { to = "create_table_default_permissions",
        props = { Principal = PRINCIPAL } },
      MutationType = { drop = "Terraform replaces the settings", only = { "REPLACE" } },
    } },
  ["AWS::LakeFormation::DataCellsFilter"] = { type = "aws_lakeformation_data_cells_filter",
    ref = { "table_data[0].table_catalog_id", "table_data[0].database_name",
      "table_data[0].table_name", "table_data[0].name" }, props = FILTER },
  ["AWS::LakeFormation::Permissions"] = { type = "aws_lakeformation_permissions",
    props = { DataLakePrincipal = PRINCIPAL, Resource = LEGACY } },
  ["AWS::LakeFormation::PrincipalPermissions"] = { type = "aws_lakeformation_permissions",
    ref = false, props = { Principal = PRINCIPAL, Catalog = "catalog_id", Resource = RESOURCE } },
  ["AWS::LakeFormation::Resource"] = { type = "aws_lakeformation_resource" },
  ["AWS::LakeFormation::Tag"] = { type = "aws_lakeformation_lf_tag", ref = "key" },
  ["AWS::LakeFormation::TagAssociation"] = { type = "aws_lakeformation_resource_lf_tags",
    ref = false,
    props = {
      LFTags = { to = "lf_tag", props = { TagKey = "key", TagValues = "value" } },
      Resource = { inline = true, props = { Table = TABLE } },
    } },
}
