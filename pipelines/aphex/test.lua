-- SPDX-License-Identifier: Apache-2.0
-- Runs an environment's tests; writes TestExecutionResult with what the test programs counted.

local counts_of = require "pipelines.aphex.model.test_counts"
local json = require "std.json"
local runner = require "pipelines.aphex.model.runner"
local session_of = require "pipelines.aphex.model.session"
local stage = require "std.stage"
local stage_log = require "pipelines.aphex.model.stage_log"
local time = require "std.time"

local function execute(ctx, session, commands)
  local environment, rules = session.environment, ctx.rules "deploy"
  local since = math.floor(time.now())
  local ran = runner.run(commands, { dir = session.dir, timeout = rules.test_timeout,
    env = session_of.environment_variables(environment, rules.variables) })
  local counts, problems = counts_of.of(ctx.rules "test_reports", { dir = session.dir,
    since = since, output = ran.stdout .. "\n" .. ran.stderr })
  for _, problem in ipairs(problems) do ran.stderr = ran.stderr .. tostring(problem) .. "\n" end
  return { success = ran.success and counts.failed == 0 and #problems == 0,
    exit_code = ran.exit_code, stdout = ran.stdout, stderr = ran.stderr, duration = ran.duration,
    test_count = counts.passed + counts.failed, passed_count = counts.passed,
    failed_count = counts.failed }, ran.failed
end

local function say(ctx, args, name, result, failed)
  if args.json then return ctx.out(json.encode(result)) end
  ctx.out(("%s: %d of %d tests passed, %.1f s"):format(name, result.passed_count,
    result.test_count, result.duration))
  if failed then ctx.out(("'%s' ended with %d"):format(failed, result.exit_code)) end
  if not result.success then ctx.out((result.stderr:sub(-2000):gsub("\n$", ""))) end
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
    local commands = (session.environment.tests or {}).commands or {}
    if ctx.dry_run then
      for _, command in ipairs(commands) do ctx.out("would run: " .. command) end
      return 0
    end
    local began, name = time.now(), session.environment.name
    local result, failed = execute(ctx, session, commands)
    stage_log.tell(ctx, "test-" .. name, began, not result.success and (failed
      and ("'%s' ended with %d"):format(failed, result.exit_code)
      or ("%d of %d tests failed"):format(result.failed_count, result.test_count)) or nil)
    local path
    path, err = session_of.keep(args, "test_execution_result", result, "test", name)
    if not path then return nil, err end
    say(ctx, args, name, result, failed)
    return result.success and 0 or 1
  end,
}
