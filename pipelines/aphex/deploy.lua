-- SPDX-License-Identifier: Apache-2.0
-- Deploys an environment's stacks in their order; writes a DeploymentResult for each. The first
-- that fails ends it.

local checks = require "pipelines.aphex.model.checks"
local error_of = require "std.error"
local json = require "std.json"
local mask = require "std.mask"
local monitoring = require "pipelines.aphex.model.monitoring"
local session_of = require "pipelines.aphex.model.session"
local stacks = require "pipelines.aphex.model.stacks"
local stage = require "std.stage"
local stage_log = require "pipelines.aphex.model.stage_log"
local time = require "std.time"

local function wanted(environment, name)
  for _, stack in ipairs(environment.stacks) do
    if stack.name == name then return { stack } end
  end
  return not name and environment.stacks or {}
end

-- Metrics are told where they can be; a deployment does not fail for want of them.
local function tell(ctx, session, result)
  local ok, err = monitoring.deployment(session.client, ctx.rules "monitoring",
    session.environment.name, result)
  if not ok then ctx.log:warn("metrics not sent", { error = tostring(err) }) end
end

-- What is wrong with the stack, not with the way to it.
local VERDICTS <const> = { failed = true, limit = true, http = true, not_found = true,
  exists = true }

local function say(ctx, session, args, result, err)
  if args.json then
    ctx.out(mask.text(json.encode(result)))
    if err then ctx.log:error(tostring(err), { hint = err.hint }) end
  else
    ctx.out(mask.text(("%-9s %s in %s, %.1f s%s%s"):format(result.success and "deployed"
      or "failed", result.stack_name, session.environment.name, result.duration,
      err and ": " .. tostring(err) or "", err and err.hint and "\n  hint: " .. err.hint or "")))
  end
end

-- The DeploymentResult; nil, err where nothing can be said about the stack.
local function deploy(ctx, session, args, stack)
  local rules = ctx.rules "deploy"
  local env = session_of.environment_variables(session.environment, rules.variables)
  env.STACK = stack.name
  local began = time.now()
  local result, err, missing = stacks.deploy(session.client, stack, { dir = session.dir,
    timeout = rules.timeout, command = rules.command, env = env })
  stage_log.tell(ctx, ("deploy-%s-%s"):format(session.environment.name, stack.name), began,
    err and tostring(err) or nil)
  if missing then ctx.log:warn("events are missing", { error = tostring(missing) }) end
  local path, why = session_of.keep(args, "deployment_result", result, "deploy",
    session.environment.name, stack.name)
  if not path then return nil, why end
  if err and not VERDICTS[err.code] then return nil, err end
  tell(ctx, session, result)
  say(ctx, session, args, result, err)
  return result
end

-- Nothing is deployed with another account's credentials.
local function is_own_account(ctx, session)
  local began, environment = time.now(), session.environment
  local verdict = checks.credentials(session.client, environment.account)
  if verdict.ok then return true end
  stage_log.tell(ctx, "deploy-" .. environment.name, began, verdict.message)
  return nil, error_of.new { op = "credentials", code = "denied", message = verdict.message }
end

local function plan(ctx, session, list)
  for _, stack in ipairs(list) do
    ctx.out(("would deploy %s (%s) in %s, account %s, %s"):format(stack.name, stack.path,
      session.environment.name, session.environment.account, session.environment.region))
  end
  return 0
end

return stage {
  api = 1,
  name = "deploy",
  help = "Deploy an environment's stacks",
  args = session_of.args(session_of.FILE, session_of.ENVIRONMENT, session_of.RESULTS,
    { name = "--stack", kind = "option", metavar = "NAME", help = "Only this stack" },
    { name = "--json", kind = "flag", help = "Print each DeploymentResult" }),
  run = function(ctx, args)
    local session, err = session_of.open(args, true)
    if not session then return nil, err end
    local list = wanted(session.environment, args.stack)
    if #list == 0 then
      return nil, error_of.new { op = "aphex", code = "usage",
        message = ("%s has no stack '%s'"):format(session.environment.name, args.stack) }
    end
    if ctx.dry_run then return plan(ctx, session, list) end
    session.client, err = session_of.client(session.environment.region)
    if not session.client then return nil, err end
    local own
    own, err = is_own_account(ctx, session)
    if not own then return nil, err end
    for _, stack in ipairs(list) do
      local result
      result, err = deploy(ctx, session, args, stack)
      if not result then return nil, err end
      if not result.success then return 1 end
    end
    return 0
  end,
}
