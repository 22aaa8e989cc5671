-- SPDX-License-Identifier: Apache-2.0
-- run: the weekly flow (FR-003). It only orders the stages; what one hands to the next lies in the
-- store. A stage that finds something (exit 1) does not stop the flow; an environment that fails
-- in one that the rest stands on does.

local context = require "std.context"
local stage = require "std.stage"

-- needed: without it the rest is pointless.
local FLOW = {
  { name = "sync", needed = true },
  { name = "mine" },
  { name = "generate" },
  { name = "validate", needed = true },
  { name = "report" },
  { name = "push" },
  { name = "notify" },
}

local function run_stage(ctx, name, args)
  local definition = ctx.load(name)
  local given = {}
  for _, arg in ipairs(definition.args) do
    given[arg.key] = args[arg.key]
    if given[arg.key] == nil then given[arg.key] = arg.default end
    if given[arg.key] == nil and arg.repeatable then given[arg.key] = {} end
  end
  return definition.run(context.for_stage(ctx, name, given), given)
end

-- FR-064: every stage is timed; SC-008: what fails is logged with its cause and the flow goes on.
local function guarded(ctx, step, args)
  local code, err = run_stage(ctx, step.name, args)
  if code == nil and err ~= nil then
    ctx.log:error("stage failed", { stage = step.name, error_type = err.code,
      error = tostring(err), stack_trace = err.traceback })
    ctx.progress:line(("%s: %s"):format(step.name, tostring(err)))
    return nil, err
  end
  return code or 0
end

local function closing_line(ctx)
  local latest = ctx.store:runs { finished = true }[1]
  if not latest then return end
  local s = latest.summary
  ctx.out(("run %s: total=%d passed=%d partial=%d failed=%d timeout=%d error=%d"):format(
    latest.run_id, s.total, s.passed, s.partial, s.failed, s.timeout, s.error))
  ctx.out("report: " .. ctx.store:path("reports", "latest", "index.html"))
end

return stage {
  api = 1, name = "run", help = "Run the whole weekly flow",
  description = "sync, mine, generate, validate, report, push, notify. Exit 1 when a regression "
    .. "was found, 3 when the environment failed.",
  args = {
    { name = "--resume", kind = "flag", help = "Go on with the run that did not finish" },
    { name = "--json", kind = "flag", help = "Print the run's summary as JSON" },
  },
  run = function(ctx, args)
    local found, failure = 0, nil
    local passed = { resume = args.resume }
    for _, step in ipairs(FLOW) do
      local code, err = guarded(ctx, step, passed)
      if code == nil then
        failure = failure or err
        if step.needed then return nil, err end
      elseif code == 1 and step.name ~= "mine" and step.name ~= "generate" then
        found = 1
      end
    end
    if ctx.dry_run then return 0 end
    if args.json then
      local latest = ctx.store:runs { finished = true }[1]
      ctx.out(require("std.json").encode(latest and latest.summary or {}))
    else
      closing_line(ctx)
    end
    if failure then return nil, failure end
    return found
  end,
}
