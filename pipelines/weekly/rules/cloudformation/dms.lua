-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local SECRET = { SecretsManagerAccessRoleArn = "secrets_manager_access_role_arn",
  SecretsManagerSecretId = "secrets_manager_arn" }
-- What CloudFormation says among the settings of an engine and Terraform of the endpoint itself.
local OF_ENDPOINT = { DatabaseName = "database_name", Password = "password", Port = "port",
  ServerName = "server_name", Username = "username" }

local function split_settings(value, outer)
  local out, inner = {}, {}
  for key, item in pairs(value) do
    if outer[key] then out[key] = item else inner[key] = item end
  end
  return out, inner
end

-- Settings of an engine: `block` holds them, the secret (and what `more` names) is the endpoint's.
local function settings(block, more)
  local outer = {}
  for _, group in ipairs { SECRET, more or {} } do
    for key, name in pairs(group) do outer[key] = name end
  end
  return values.structure(function(self, value, body)
    local own, inner = split_settings(value, outer)
    self:map(own, outer, body)
    if next(inner) == nil then return end
    if block then return self:map(inner, {}, body:block(block)) end
    for key in pairs(inner) do self:unsupported(nil, key .. " has no counterpart") end
  end)
end

local ENDPOINT = {
  EndpointIdentifier = "endpoint_id", KmsKeyId = "kms_key_arn",
  DynamoDbSettings = { inline = true, props = { ServiceAccessRoleArn = "service_access_role" } },
  MongoDbSettings = settings("mongodb_settings", OF_ENDPOINT),
  DocDbSettings = settings("mongodb_settings"), PostgreSqlSettings = settings "postgres_settings",
  RedshiftSettings = settings "redshift_settings", MySqlSettings = settings(),
  OracleSettings = settings(), IbmDb2Settings = settings(), SybaseSettings = settings(),
  MicrosoftSqlServerSettings = settings(nil, OF_ENDPOINT),
  GcpMySQLSettings = settings(nil, OF_ENDPOINT),
}

return {
  ["AWS::DMS::Endpoint"] = { type = "aws_dms_endpoint", ref = "endpoint_arn",
    name = "endpoint_id", name_lower = true, props = ENDPOINT },
  ["AWS::DMS::ReplicationInstance"] = {
    type = "aws_dms_replication_instance", ref = "replication_instance_arn",
    name = "replication_instance_id", name_limit = 63, name_lower = true,
    set = { publicly_accessible = "true" },
    attributes = { ReplicationInstancePrivateIpAddresses = "replication_instance_private_ips",
      ReplicationInstancePublicIpAddresses = "replication_instance_public_ips",
      Id = "replication_instance_id" },
    props = { ReplicationInstanceIdentifier = "replication_instance_id",
      ReplicationSubnetGroupIdentifier = "replication_subnet_group_id",
      KmsKeyId = "kms_key_arn" },
  },
  ["AWS::DMS::ReplicationSubnetGroup"] = { type = "aws_dms_replication_subnet_group",
    name = "replication_subnet_group_id", name_lower = true,
    props = { ReplicationSubnetGroupIdentifier = "replication_subnet_group_id" } },
  ["AWS::DMS::ReplicationTask"] = { type = "aws_dms_replication_task",
    ref = "replication_task_arn", name = "replication_task_id", name_lower = true,
    props = { ReplicationTaskIdentifier = "replication_task_id" } },
  ["AWS::DMS::ReplicationConfig"] = { type = "aws_dms_replication_config", ref = "arn",
    attributes = { ReplicationConfigArn = "arn" }, props = {} },
  ["AWS::DMS::Certificate"] = { type = "aws_dms_certificate", ref = "certificate_arn",
    name = "certificate_id", name_lower = true, props = { CertificateIdentifier =
      "certificate_id" } },
  ["AWS::DMS::EventSubscription"] = { type = "aws_dms_event_subscription", ref = "name",
    name = "name", props = { SubscriptionName = "name" } },
}
