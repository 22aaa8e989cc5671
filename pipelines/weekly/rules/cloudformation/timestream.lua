-- SPDX-License-Identifier: Apache-2.0
local function table_ref(target, address)
  return ('"${%s}|${%s}"'):format(address(target, "database_name"), address(target, "table_name"))
end

return {
  ["AWS::Timestream::Database"] = { type = "aws_timestreamwrite_database", ref = "database_name",
    name = "database_name", props = {} },
  ["AWS::Timestream::Table"] = { type = "aws_timestreamwrite_table", ref = table_ref,
    name = "table_name", attributes = { Name = "table_name" }, props = {} },
  ["AWS::Timestream::ScheduledQuery"] = {
    type = "aws_timestreamquery_scheduled_query", ref = "arn", name = "name",
    attributes = { SQName = "name", SQQueryString = "query_string", SQKmsKeyId = "kms_key_id",
      SQScheduledQueryExecutionRoleArn = "execution_role_arn" },
    props = { ClientToken = { drop = "it names one request" } },
  },
  ["AWS::Timestream::InfluxDBInstance"] = { type = "aws_timestreaminfluxdb_db_instance",
    props = {} },
}
