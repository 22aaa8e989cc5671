-- SPDX-License-Identifier: Apache-2.0
-- Runs an environment's tests; writes TestExecutionResult with what the test programs counted.

local counts_of = require "pipelines.aphex.model.test_counts"
local json = require "std.json"
local runner = require "pipelines.aphex.model.runner"
local session_of = require "pipelines.aphex.model.session"
local stage = require "std.stage"
local time = require "std.time"

local function execute(ctx, session)
  local environment, rules = session.environment, ctx.rules "deploy"
  local since = math.floor(time.now())
  local ran = runner.run((environment.tests or {}).commands or {}, { dir = session.dir,
    timeout = rules.test_timeout, inherit = session_of.INHERIT,
    env = { AWS_REGION = environment.region, AWS_DEFAULT_REGION = environment.region,
      APHEX_ENVIRONMENT = environment.name } })
  local counts = counts_of.of(ctx.rules "test_reports", { dir = session.dir, since = since,
    output = ran.stdout .. "\n" .. ran.stderr })
  return { success = ran.success and counts.failed == 0, exit_code = ran.exit_code,
    stdout = ran.stdout, stderr = ran.stderr, duration = ran.duration,
    test_count = counts.passed + counts.failed, passed_count = counts.passed,
    failed_count = counts.failed }
end

return stage {
  api = 1,
  name = "test",
  help = "Run an environment's tests",
  args = session_of.args(session_of.FILE, session_of.ENVIRONMENT, session_of.RESULTS,
    { name = "--json", kind = "flag", help = "Print the TestExecutionResult" }),
  run = function(ctx, args)
    local session, err = session_of.open(args, true)
    if not session then return nil, err end
    local result = execute(ctx, session)
    local path
    path, err = session_of.keep(args, "test_execution_result", result, "test",
      session.environment.name)
    if not path then return nil, err end
    ctx.out(args.json and json.encode(result) or ("%s: %d of %d tests passed, %.1f s"):format(
      session.environment.name, result.passed_count, result.test_count, result.duration))
    return result.success and 0 or 1
  end,
}
