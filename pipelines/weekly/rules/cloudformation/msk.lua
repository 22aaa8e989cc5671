-- SPDX-License-Identifier: Apache-2.0
local function switch(name) return { inline = true, props = { Enabled = name } } end

local SASL = { to = "sasl", props = { Iam = switch "iam", Scram = switch "scram" } }

-- The provider switches TLS on when authorities are given.
local function tls(self, value, body)
  local block = body:block("tls")
  self:map(value, { CertificateAuthorityArnList = "certificate_authority_arns",
    Enabled = { drop = "it is on when authorities are given" } }, block)
  if not block:has("certificate_authority_arns") and self:value(value.Enabled) == true then
    self:unsupported(nil, "TLS without authorities")
  end
end

local BROKERS = { to = "broker_node_group_info", props = {
  BrokerAZDistribution = "az_distribution",
  ConnectivityInfo = { to = "connectivity_info", props = {
    NetworkType = { drop = "the only kind of the provider", only = { "IPV4" } },
    VpcConnectivity = { to = "vpc_connectivity", props = { ClientAuthentication = {
      to = "client_authentication", props = { Sasl = SASL, Tls = switch "tls" } } } } } } } }

return {
  ["AWS::MSK::Cluster"] = {
    type = "aws_msk_cluster", ref = "arn",
    props = {
      BrokerNodeGroupInfo = BROKERS,
      ClientAuthentication = { to = "client_authentication", props = { Sasl = SASL, Tls = tls,
        Unauthenticated = switch "unauthenticated" } },
      EncryptionInfo = { to = "encryption_info", props = { EncryptionAtRest = { inline = true,
        props = { DataVolumeKMSKeyId = "encryption_at_rest_kms_key_arn" } } } },
    },
  },
  ["AWS::MSK::ServerlessCluster"] = { type = "aws_msk_serverless_cluster", ref = "arn",
    props = { VpcConfigs = { to = "vpc_config", props = {
      SecurityGroups = "security_group_ids" } } } },
  ["AWS::MSK::BatchScramSecret"] = { type = "aws_msk_scram_secret_association",
    ref = "cluster_arn", props = {} },
  ["AWS::MSK::ClusterPolicy"] = { type = "aws_msk_cluster_policy", ref = "cluster_arn",
    props = {} },
  ["AWS::MSK::Configuration"] = { type = "aws_msk_configuration", ref = "arn",
    attributes = { ["LatestRevision.Revision"] = "latest_revision",
      ["LatestRevision.Description"] = "description" },
    props = { KafkaVersionsList = "kafka_versions",
      LatestRevision = { drop = "the service fills it in" } } },
  ["AWS::MSK::Replicator"] = { type = "aws_msk_replicator", ref = "arn",
    attributes = { ReplicatorArn = "arn" },
    props = { KafkaClusters = { to = "kafka_cluster", props = { VpcConfig = { to = "vpc_config",
      props = { SecurityGroupIds = "security_groups_ids" } } } } } },
  ["AWS::MSK::VpcConnection"] = { type = "aws_msk_vpc_connection", ref = "arn", props = {} },
}
