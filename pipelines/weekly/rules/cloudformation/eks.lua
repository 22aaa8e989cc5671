-- SPDX-License-Identifier: Apache-2.0
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

local LOG_TYPES = { inline = true, props = { EnabledTypes = { to = "enabled_cluster_log_types",
  pluck = "Type" } } }

-- What is kept on an update cannot be kept when the add-on is made.
local function resolve_conflicts(self, value, body)
  local node = self:value(value)
  body:set("resolve_conflicts_on_create", node == "PRESERVE" and "NONE" or node)
  body:set("resolve_conflicts_on_update", node)
end

local oidc = values.structure(function(self, value, body)
  self:map(value, {}, body:single("oidc"))
end)

local NODES = {
  NodeRole = "node_role_arn", Subnets = "subnet_ids", ForceUpdateEnabled = "force_update_version",
  RemoteAccess = { to = "remote_access", props = {
    SourceSecurityGroups = "source_security_group_ids" } },
  LaunchTemplate = { to = "launch_template", defaults = { version = '"$Default"' } },
  ScalingConfig = { to = "scaling_config", defaults = { desired_size = "2", max_size = "2",
    min_size = "1" } },
}

local function node_count(self, props)
  if values.is_no_value(props.ScalingConfig) then
    self.scope:assume(self.id .. " has no ScalingConfig: one to two nodes")
    local sizes = self.blocks[1].body:block("scaling_config")
    sizes:set("desired_size", 2)
    sizes:set("max_size", 2)
    sizes:set("min_size", 1)
  end
end

local NODE_GROUP = shared.compound("/", "cluster_name", "node_group_name")

return {
  ["AWS::EKS::Cluster"] = {
    type = "aws_eks_cluster", ref = "name", name = "name",
    attributes = { Arn = "arn", Endpoint = "endpoint", Id = "cluster_id",
      CertificateAuthorityData = "certificate_authority[0].data",
      ["CertificateAuthority.Data"] = "certificate_authority[0].data",
      ClusterSecurityGroupId = "vpc_config[0].cluster_security_group_id",
      EncryptionConfigKeyArn = "encryption_config[0].provider[0].key_arn",
      OpenIdConnectIssuerUrl = "identity[0].oidc[0].issuer",
      ["KubernetesNetworkConfig.ServiceIpv6Cidr"] =
        "kubernetes_network_config[0].service_ipv6_cidr" },
    props = { Force = "force_update_version",
      Logging = { inline = true, props = { ClusterLogging = LOG_TYPES } },
      ResourcesVpcConfig = { to = "vpc_config" } },
  },
  ["AWS::EKS::Nodegroup"] = { type = "aws_eks_node_group", ref = NODE_GROUP,
    attributes = { Arn = "arn", Id = NODE_GROUP }, props = NODES, finish = node_count },
  ["AWS::EKS::FargateProfile"] = { type = "aws_eks_fargate_profile",
    ref = shared.compound("/", "cluster_name", "fargate_profile_name"),
    name = "fargate_profile_name", props = { Subnets = "subnet_ids" } },
  ["AWS::EKS::Addon"] = { type = "aws_eks_addon",
    ref = shared.compound("|", "cluster_name", "addon_name"),
    props = { PreserveOnDelete = "preserve", ResolveConflicts = resolve_conflicts } },
  ["AWS::EKS::AccessEntry"] = { type = "aws_eks_access_entry",
    ref = shared.compound("|", "principal_arn", "cluster_name"),
    attributes = { AccessEntryArn = "access_entry_arn" },
    props = { AccessPolicies = { separate = "aws_eks_access_policy_association",
      suffix = "policy", link = { cluster_name = "cluster_name",
        principal_arn = "principal_arn" } } } },
  ["AWS::EKS::PodIdentityAssociation"] = { type = "aws_eks_pod_identity_association",
    ref = "association_arn", props = {} },
  ["AWS::EKS::IdentityProviderConfig"] = { type = "aws_eks_identity_provider_config",
    attributes = { IdentityProviderConfigArn = "arn" },
    props = { IdentityProviderConfigName = "oidc.identity_provider_config_name", Oidc = oidc,
      Type = { drop = "oidc is the only one" } } },
}
