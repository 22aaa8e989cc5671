-- SPDX-License-Identifier: Apache-2.0
-- What each status of a result is to the failure tracker: a failure adds to the streak, a success
-- ends it, false leaves it alone (nothing was run). At so many failures in a row an issue is due.
return {
  issue_at = 2,
  statuses = { passed = "success", partial = "failure", failed = "failure", timeout = "failure",
    skipped = false },
}
