-- SPDX-License-Identifier: Apache-2.0
-- Which stage of a developer's work may follow which, and which state of an environment. Nothing
-- else is accepted. The data model draws them; two things had to be read out of its drawing:
--   workflow     the column below the working stages is a ladder: from a working stage one may step
--                to each rung, and from a rung to a lower one; provisioning may fail
--   environment  provisioning may fail, what is degraded may recover, and what was stopped,
--                terminated or failed may be provisioned again
return {
  workflow = {
    uninitialized = { "provisioning" },
    provisioning = { "ready", "failed" },
    ready = { "active_development", "debugging", "paused", "stopped", "failed" },
    active_development = { "ready", "testing", "debugging", "paused", "stopped", "failed" },
    testing = { "active_development", "debugging", "paused", "stopped", "failed" },
    debugging = { "paused", "stopped", "failed" },
    paused = { "ready", "stopped", "failed" },
    stopped = { "ready", "failed" },
    failed = { "provisioning" },
  },
  environment = {
    uninitialized = { "provisioning" },
    provisioning = { "healthy", "failed" },
    healthy = { "degraded", "stopped" },
    degraded = { "failed", "stopped", "healthy" },
    stopped = { "terminated", "provisioning" },
    terminated = { "provisioning" },
    failed = { "provisioning", "stopped" },
  },
  -- transitions that count as a restart of the environment
  restarts = { "stopped>ready", "failed>provisioning" },
}
