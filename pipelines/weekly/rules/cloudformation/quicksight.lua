-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local SOURCES = {}
for key, name in pairs { AmazonElasticsearch = "amazon_elasticsearch", Athena = "athena",
  Aurora = "aurora", AuroraPostgreSql = "aurora_postgresql", Databricks = "databricks",
  MariaDb = "maria_db", MySql = "mysql", Oracle = "oracle", PostgreSql = "postgresql",
  Presto = "presto", Rds = "rds", Redshift = "redshift", S3 = "s3", Snowflake = "snowflake",
  Spark = "spark", SqlServer = "sql_server", Teradata = "teradata" } do
  SOURCES[key .. "Parameters"] = name
end

-- An id is part of a name that the service shows, so the resource's own one is as good as any.
local function own_id(attribute)
  return function(self, _, body)
    if body:has(attribute) then return end
    self.scope:assume(("%s has no %s: %s"):format(self.id, attribute, self.id))
    body:set(attribute, self.id)
  end
end

local function schedule(self, value, body)
  if type(value) ~= "table" or values.is_intrinsic(value) then
    return self:unsupported(nil, "a structure known only at deploy time")
  end
  local block = body:block("schedule")
  for key, item in pairs(value) do
    local into = key == "ScheduleId" and body or block
    self:map({ [key] = item }, {}, into)
  end
end

return {
  ["AWS::QuickSight::DataSource"] = { type = "aws_quicksight_data_source",
    ref = { "aws_account_id", "data_source_id" }, finish = own_id "data_source_id",
    props = { DataSourceParameters = { to = "parameters", props = SOURCES } } },
  ["AWS::QuickSight::Folder"] = { type = "aws_quicksight_folder",
    ref = { "aws_account_id", "folder_id" }, finish = own_id "folder_id" },
  ["AWS::QuickSight::RefreshSchedule"] = { type = "aws_quicksight_refresh_schedule",
    ref = { "aws_account_id", "data_set_id", "schedule_id" }, props = { Schedule = schedule } },
  ["AWS::QuickSight::VPCConnection"] = { type = "aws_quicksight_vpc_connection",
    ref = { "aws_account_id", "vpc_connection_id" },
    props = { AvailabilityStatus = { drop = "the service sets it" } } },
}
