-- SPDX-License-Identifier: Apache-2.0
-- Deploys an environment's stacks in their order; writes a DeploymentResult for each. The first
-- that fails ends it.

local json = require "std.json"
local monitoring = require "pipelines.aphex.model.monitoring"
local session_of = require "pipelines.aphex.model.session"
local stacks = require "pipelines.aphex.model.stacks"
local stage = require "std.stage"

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

local function deploy(ctx, session, args, stack)
  local rules, region = ctx.rules "deploy", session.environment.region
  local result, err = stacks.deploy(session.client, stack, { dir = session.dir,
    timeout = rules.timeout, command = rules.command, inherit = session_of.INHERIT,
    env = { STACK = stack.name, AWS_REGION = region, AWS_DEFAULT_REGION = region,
      CDK_DEFAULT_ACCOUNT = session.environment.account, CDK_DEFAULT_REGION = region } })
  local path, why = session_of.keep(args, "deployment_result", result, "deploy",
    session.environment.name, stack.name)
  if not path then return nil, why end
  tell(ctx, session, result)
  ctx.out(args.json and json.encode(result) or ("%-9s %s in %s, %.1f s%s"):format(
    result.success and "deployed" or "failed", stack.name, session.environment.name,
    result.duration, err and ": " .. tostring(err) or ""))
  return result
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
      return nil, require("std.error").new { op = "aphex", code = "usage",
        message = ("%s has no stack '%s'"):format(session.environment.name, args.stack) }
    end
    for _, stack in ipairs(list) do
      local result
      result, err = deploy(ctx, session, args, stack)
      if not result then return nil, err end
      if not result.success then return 1 end
    end
    return 0
  end,
}
