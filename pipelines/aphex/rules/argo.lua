-- SPDX-License-Identifier: Apache-2.0
-- How the workflow is run: names in the cluster, image, limits, secrets.

return {
  name = "aphex-pipeline",
  namespace = "aphex-pipeline",
  service_account = "aphex-pipeline",
  -- Of an environment by its name, where its AWS account wants another role (IRSA):
  -- { production = "aphex-production" }. Each may create workflowtaskresults.
  service_accounts = {},
  -- Of the build, whose programs (and all that they install) need no role that may deploy.
  build_service_account = nil,
  -- Has lsqm, git and what the configuration's commands need.
  image = "aphex-pipeline:latest",
  workspace = "/workspace",
  -- Further fields of the source's git artifact: usernameSecret and passwordSecret, or
  -- sshPrivateKeySecret, of a private repository.
  git = {},
  -- S3 bucket (lsqm aphex artifacts prepare) that the build uploads its artifacts to.
  artifact_bucket = nil,
  -- Seconds; what hangs must end by itself. workflow: nil is the sum of its steps.
  deadlines = { workflow = nil, build = 1800, check = 120, deploy = 3600, test = 1800,
    monitor = 300 },
  retries = { limit = "2", retryPolicy = "OnError" }, -- the cluster's failures, not the commands'
  keep_seconds = { success = 86400, failure = 604800 },
  resources = {
    requests = { cpu = "500m", memory = "1Gi" },
    limits = { cpu = "2", memory = "4Gi" },
  },
  -- A push with many files has more than the 1 MB that an EventBus carries unless its maxPayload
  -- says more.
  event_source = { port = 12000, endpoint = "/push", bus = "default" },
  -- Secrets of the namespace: name and key.
  webhook_secret = { name = "github-webhook", key = "secret" },
  api_token = { name = "github-token", key = "token" },
}
