-- SPDX-License-Identifier: Apache-2.0
-- What each status of a result is to the failure tracker: a failure adds to the streak, a success
-- ends it, false leaves it alone. At so many failures in a row an issue is due.
-- "All tests pass" is the only success; "some tests fail", a deployment that fails and a time limit
-- that is exceeded are failures of what was tested. Skipped says that nothing was judged: there was
-- no app, or the harness failed.
return {
  issue_at = 2,
  statuses = { passed = "success", partial = "failure", failed = "failure", timeout = "failure",
    skipped = false },
}
