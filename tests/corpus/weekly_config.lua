-- SPDX-License-Identifier: Apache-2.0
-- Every Terraform root of the public corpus that lies beside the checkout.
return {
  workspace = "./workspace-corpus",
  sources = {
    { type = "dir", path = "../shared/corpus", base_url = "https://corpus.invalid",
      include = { "**/*.tf" } },
  },
}
