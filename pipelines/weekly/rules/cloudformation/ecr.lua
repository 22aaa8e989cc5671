-- SPDX-License-Identifier: Apache-2.0
local REGISTRY = "the registry is that of the account"

local LIFECYCLE = { separate = "aws_ecr_lifecycle_policy", suffix = "lifecycle",
  link = { repository = "name" }, props = { LifecyclePolicyText = { to = "policy", json = true },
    RegistryId = { drop = REGISTRY } } }

-- Addresses of the registries that have a short name.
local UPSTREAM = { ["ecr-public"] = "public.ecr.aws", ["docker-hub"] = "registry-1.docker.io",
  quay = "quay.io", k8s = "registry.k8s.io", ["github-container-registry"] = "ghcr.io",
  ["gitlab-container-registry"] = "registry.gitlab.com" }

local function upstream(self, value, body)
  if self.props.UpstreamRegistryUrl ~= nil then return end
  local url = UPSTREAM[value]
  if not url then return self:unsupported(nil, "a registry without an address") end
  body:set("upstream_registry_url", url)
end

return {
  ["AWS::ECR::Repository"] = {
    type = "aws_ecr_repository", ref = "name", name = "name", name_lower = true,
    attributes = { Arn = "arn", RepositoryUri = "repository_url" },
    props = { EmptyOnDelete = "force_delete", LifecyclePolicy = LIFECYCLE,
      RepositoryPolicyText = { separate = "aws_ecr_repository_policy", suffix = "policy",
        link = { repository = "name" }, into = "policy", json = true } },
  },
  ["AWS::ECR::PublicRepository"] = {
    type = "aws_ecrpublic_repository", ref = "repository_name", name = "repository_name",
    name_lower = true, attributes = { Arn = "arn" },
    props = { RepositoryName = "repository_name",
      RepositoryCatalogData = { to = "catalog_data", props = {
        RepositoryDescription = "description" } },
      RepositoryPolicyText = { separate = "aws_ecrpublic_repository_policy", suffix = "policy",
        link = { repository_name = "repository_name" }, into = "policy", json = true } },
  },
  ["AWS::ECR::RegistryPolicy"] = { type = "aws_ecr_registry_policy", ref = "registry_id",
    props = { PolicyText = { to = "policy", json = true } } },
  ["AWS::ECR::RegistryScanningConfiguration"] = {
    type = "aws_ecr_registry_scanning_configuration", ref = "registry_id", props = {} },
  ["AWS::ECR::ReplicationConfiguration"] = { type = "aws_ecr_replication_configuration",
    ref = "registry_id", props = {} },
  ["AWS::ECR::PullThroughCacheRule"] = { type = "aws_ecr_pull_through_cache_rule",
    ref = "ecr_repository_prefix", props = { UpstreamRegistry = upstream } },
  ["AWS::ECR::RepositoryCreationTemplate"] = { type = "aws_ecr_repository_creation_template",
    ref = "prefix", props = {} },
}
