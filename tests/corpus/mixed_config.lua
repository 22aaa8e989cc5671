-- SPDX-License-Identifier: Apache-2.0
-- The built-in samples and the corpus's Terraform roots that are small: what the measurements of
-- many validations (warm_equality.lua, scale.lua) run on.
--   build/lsqm --config tests/corpus/mixed_config.lua mine
--   build/lsqm --config tests/corpus/mixed_config.lua generate
return {
  workspace = "./workspace/mixed",
  sources = {
    { type = "dir", path = "pipelines/weekly/samples", base_url = "lsqm://samples" },
    { type = "dir", path = "../shared/corpus", base_url = "https://corpus.invalid",
      include = { "localstack-samples+localstack-terraform-samples/**/*.tf",
        "aws-samples+serverless-patterns/**/*.tf" } },
  },
}
