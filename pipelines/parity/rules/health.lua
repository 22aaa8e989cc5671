-- SPDX-License-Identifier: Apache-2.0
-- What the engine assumes where a health check says nothing (seconds), how long each kind of
-- service is known to need until it answers, and the limits of one check of `lsqm parity health`.
return {
  defaults = { interval = 30, timeout = 30, retries = 3, start_period = 0 },
  -- start_period should not be shorter; by role, seconds
  startup = { etcd = 2, patroni = 10, redis = 1, ["redis-sentinel"] = 1 },
  endpoint = { method = "GET", expected_status = 200, timeout_ms = 5000 },
  max_output = 4096,
}
