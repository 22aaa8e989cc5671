-- SPDX-License-Identifier: Apache-2.0
-- Where architectures come from when the configuration names no `sources`. To add an organisation,
-- add a line to GITHUB in a copy of this file (`lsqm init` makes one).
--
--   { type = "dir", path = "templates", include = { "**/*.yaml" }, exclude = { "**/test/**" } }
--   { type = "git", url = "https://example.com/team/templates.git", ref = "main" }
--   { type = "github", org = "acme", match = "infra-*", limit = 50 }    or user =, or repo =
--   { type = "registry", search = "vpc", provider = "aws", limit = 10 } or module =
--
-- base_url is what source URLs begin with (a folder's default is its file:// URL); source_type is
-- the data model's enum, by default derived from the format. match is a glob of repository names.
-- limit is how many repositories not seen before are fetched in one run (the others wait for the
-- next), or how many modules of a search are read. Repositories above max_mb (200) are left out.
--
-- GITHUB_API_URL and TF_REGISTRY_URL name other servers, GITHUB_TOKEN is used with GitHub only.

-- The families of modules that are always looked at: the best known one, and what a search finds.
local FAMILIES = {
  { search = "vpc", module = "terraform-aws-modules/vpc/aws" },
  { search = "lambda", module = "terraform-aws-modules/lambda/aws" },
  { search = "s3", module = "terraform-aws-modules/s3-bucket/aws" },
  { search = "dynamodb", module = "terraform-aws-modules/dynamodb-table/aws" },
  { search = "sqs", module = "terraform-aws-modules/sqs/aws" },
  { search = "sns", module = "terraform-aws-modules/sns/aws" },
  { search = "api gateway", module = "terraform-aws-modules/apigateway-v2/aws" },
  { search = "step functions", module = "terraform-aws-modules/step-functions/aws" },
}

-- Single repositories come first: they do not wait for their organisation's turn.
local GITHUB = {
  { repo = "serverless/examples" },
  { repo = "aws-samples/aws-cdk-examples" },
  { org = "aws-quickstart", limit = 50 },
  { org = "aws-solutions", limit = 50 },
  { org = "aws-samples", limit = 100 },
}

---@param find fun(name: string): string path of a file of the pipeline
---@param has_token boolean without one GitHub answers 60 requests an hour: too few for any of this
return function(find, has_token)
  local sources = { { type = "dir", path = find "samples/", base_url = "lsqm://samples" } }
  if not has_token then return sources end
  for _, family in ipairs(FAMILIES) do
    table.insert(sources, { type = "registry", module = family.module })
    table.insert(sources, { type = "registry", search = family.search, limit = 10 })
  end
  for _, source in ipairs(GITHUB) do
    table.insert(sources, { type = "github", org = source.org, repo = source.repo,
      limit = source.limit })
  end
  return sources
end
