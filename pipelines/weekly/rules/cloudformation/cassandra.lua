-- SPDX-License-Identifier: Apache-2.0
local names = require "std.normalize.names"
local values = require "std.normalize.cfn.values"

local ENABLED = { ["true"] = "ENABLED", ["false"] = "DISABLED" }
local COLUMN = { ColumnName = "name", ColumnType = "type" }

-- A name without hyphens, as the service asks.
local function name_of(attribute)
  return function(self, _, body)
    if body:has(attribute) then return end
    local name = names.short(self.scope.stack_name .. "_" .. self.id, 48):gsub("%W", "_")
    self.scope:assume(("%s has no name: %s"):format(self.id, name))
    body:set(attribute, name)
  end
end

-- Key columns are named in one block and typed in another.
local function columns(key, of_item)
  return function(self, value, body)
    local schema = body:single("schema_definition")
    values.each(self, value, function(item, test)
      local column, order
      if type(item) == "table" then column, order = of_item(item) end
      if type(column) ~= "table" then return self:unsupported(nil, "a column is expected") end
      self:map(column, COLUMN, schema:block("column", test))
      if not key then return end
      local block = schema:block(key, test)
      block:set("name", self:value(column.ColumnName))
      if order then block:set("order_by", self:value(order)) end
    end)
  end
end

local BILLING = { inline = true, props = {
  Mode = { to = "capacity_specification.throughput_mode",
    enum = { ON_DEMAND = "PAY_PER_REQUEST", PROVISIONED = "PROVISIONED" } },
  ProvisionedThroughput = { inline = true, props = {
    ReadCapacityUnits = "capacity_specification.read_capacity_units",
    WriteCapacityUnits = "capacity_specification.write_capacity_units" } } } }

return {
  ["AWS::Cassandra::Keyspace"] = { type = "aws_keyspaces_keyspace", ref = "name",
    finish = name_of "name" },
  ["AWS::Cassandra::Table"] = {
    type = "aws_keyspaces_table", ref = { "keyspace_name", "table_name" },
    finish = name_of "table_name",
    props = {
      BillingMode = BILLING,
      PartitionKeyColumns = columns("partition_key", function(item) return item end),
      ClusteringKeyColumns = columns("clustering_key", function(item)
        return item.Column, item.OrderBy or "ASC"
      end),
      RegularColumns = columns(nil, function(item) return item end),
      ClientSideTimestampsEnabled = { to = "client_side_timestamps.status", enum = ENABLED },
      PointInTimeRecoveryEnabled = { to = "point_in_time_recovery.status", enum = ENABLED },
      EncryptionSpecification = { to = "encryption_specification", props = {
        EncryptionType = "type" } },
    },
  },
}
