-- SPDX-License-Identifier: Apache-2.0
local function policy(type_name, link)
  return { separate = type_name, suffix = "policy", link = link, into = "policy_document",
    json = true }
end

return {
  ["AWS::CodeArtifact::Domain"] = { type = "aws_codeartifact_domain", ref = "arn",
    attributes = { Name = "domain" },
    props = { DomainName = "domain", PermissionsPolicyDocument =
      policy("aws_codeartifact_domain_permissions_policy", { domain = "domain" }) } },
  ["AWS::CodeArtifact::Repository"] = { type = "aws_codeartifact_repository", ref = "arn",
    attributes = { Name = "repository" },
    props = {
      DomainName = "domain", RepositoryName = "repository",
      ExternalConnections = { to = "external_connections", scalar = "external_connection_name" },
      Upstreams = { to = "upstream", scalar = "repository_name" },
      PermissionsPolicyDocument = policy("aws_codeartifact_repository_permissions_policy",
        { domain = "domain", repository = "repository" }),
    } },
}
