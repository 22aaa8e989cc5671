-- SPDX-License-Identifier: Apache-2.0
-- run: the weekly flow (FR-003). It only orders the stages; what one hands to the next lies in the
-- store. A stage that finds something (exit 1) does not stop the flow; an environment that fails
-- in one that the rest stands on does.

local arguments = require "pipelines.weekly.validate.arguments"
local columns = require "pipelines.weekly.validate.columns"
local context = require "std.context"
local error_of = require "std.error"
local json = require "std.json"
local shard = require "std.shard"
local stage = require "std.stage"

-- needed: without it the rest is pointless. found: its exit 1 is the flow's, too (the regressions
-- of push; a template that does not convert is mine's own matter).
local FLOW = {
  { name = "sync", needed = true },
  { name = "mine" },
  { name = "generate" },
  { name = "validate", needed = true },
  { name = "report" },
  { name = "push", found = true },
  { name = "notify" },
}

local NAMES, AT = {}, {}
for i, step in ipairs(FLOW) do NAMES[i], AT[step.name] = step.name, i end

local function to_stderr(text) io.stderr:write(text, "\n") end

local function run_stage(ctx, name, args)
  local definition = ctx.load(name)
  local given = {}
  for _, arg in ipairs(definition.args) do
    given[arg.key] = args[arg.key]
    if given[arg.key] == nil then given[arg.key] = arg.default end
    if given[arg.key] == nil and arg.repeatable then given[arg.key] = {} end
  end
  local child = context.for_stage(ctx, name, given)
  if ctx.args.json then child.out = to_stderr end
  return definition.run(child, given)
end

-- FR-064: every stage is timed; SC-008: what fails is logged with its cause and the flow goes on.
-- A raise (a broken script of the user) is kept for the end; an interrupt is not.
local function guarded(ctx, step, args)
  local handler = require("lsqm.raw.sched").error_handler
  local ok, code, err = xpcall(run_stage, handler, ctx, step.name, args)
  if not ok and error_of.is_cancelled(code) then error(code, 0) end
  if not ok then return nil, code, true end
  if code == nil and err ~= nil then return nil, err end
  return code or 0
end

-- On a fresh folder a dry run has no run to report on; that is no failure.
local function complain(ctx, step, err)
  if ctx.dry_run and err.code == "not_found" then
    ctx.out("would " .. step.name)
    return
  end
  ctx.log:error("stage failed", { stage = step.name, error_type = err.code, error = err })
end

-- Which stages: a shard ends with its results, `lsqm merge` and `--from report` go on.
---@return integer|nil first
---@return integer|lsqm.Error last
local function span_of(args)
  local first = AT[args.from or NAMES[1]]
  local last = AT[args.to or args.shard and "validate" or NAMES[#NAMES]]
  local wrong = last < first and ("%s is not before %s"):format(NAMES[first], NAMES[last])
    or args.shard and (first > AT.validate or last ~= AT.validate) and "a shard ends with validate"
    or args.shard and args.json and "a shard's summary is printed by validate --shard --json"
  if wrong then return nil, error_of.new { op = "run", code = "usage", message = wrong } end
  return first, last
end

-- The stages in their order.
---@return {found: integer, failure: any, raised: boolean?, stopped: boolean?, reported: boolean?}
local function flow(ctx, args, first, last)
  local outcome = { found = 0 }
  for i = first, last do
    local step = FLOW[i]
    local code, err, threw = guarded(ctx, step, args)
    if code == nil then
      complain(ctx, step, err)
      if not outcome.failure then outcome.failure, outcome.raised = err, threw end
      outcome.stopped = step.needed
      if step.needed then break end
    elseif code == 1 and step.found then
      outcome.found = 1
    elseif step.name == "report" then
      outcome.reported = true
    end
  end
  return outcome
end

-- Nothing regressed in a run in which nothing could be judged; nothing is known either.
local function nothing_judged(ctx)
  local latest = ctx.store:runs { finished = true }[1]
  local summary = latest and latest.summary
  if not summary or summary.total == 0 or summary.error < summary.total then return nil end
  return error_of.new { op = "run", code = "unavailable",
    message = ("none of %d architectures could be judged; the report says why"):format(
      summary.total) }
end

local function closing(ctx, args, reported)
  local latest = ctx.store:runs { finished = true }[1]
  if args.json then
    ctx.out(json.encode(latest and latest.summary or {}))
    return
  end
  if not latest then return end
  local run = ctx.store:open_run(latest.run_id)
  for _, one in ipairs(run and ctx.store:siblings(run) or {}) do
    local s = one:summary()
    local column = latest.matrix and " on " .. one.config.emulator.name or ""
    ctx.out(("run %s%s: total=%d passed=%d partial=%d failed=%d timeout=%d error=%d"):format(
      one.run_id, column, s.total, s.passed, s.partial, s.failed, s.timeout, s.error))
  end
  if reported then ctx.out("report: " .. ctx.store:path("reports", "latest", "index.html")) end
end

return stage {
  api = 1, name = "run", help = "Run the whole weekly flow",
  description = "sync, mine, generate, validate, report, push, notify. Exit 1 when a regression "
    .. "was found, 3 when the environment failed.",
  args = {
    arguments.resume, arguments.emulator, arguments.cached, arguments.json,
    { name = "--shard", kind = "option", metavar = "I/N",
      help = "Up to validate, and there only the I-th of N shares, for `lsqm merge`" },
    arguments.into, arguments.shard_set,
    { name = "--from", kind = "option", choices = NAMES, help = "Begin with this stage" },
    { name = "--to", kind = "option", choices = NAMES, help = "End with this stage" },
  },
  run = function(ctx, args)
    local first, last = span_of(args)
    if not first then return nil, last end
    if first <= AT.validate and last >= AT.validate then
      -- a slip in a name should not show after an hour of mining
      local ok, err = columns.check(ctx, args.emulator)
      if ok and args.shard then ok, err = shard.parse(args.shard) end
      if not ok then return nil, err end
    end
    local outcome = flow(ctx, { resume = args.resume, cached = args.cached,
      emulator = args.emulator, shard = args.shard, into = args.into, shard_set = args.shard_set,
      carry = args.shard ~= nil and first <= AT.generate }, first, last)
    -- Where sync failed there may be no store to open.
    local told = not args.shard and last >= AT.validate
    if told and not outcome.stopped and not ctx.dry_run then
      closing(ctx, args, outcome.reported)
    end
    if outcome.raised then error(outcome.failure, 0) end
    if ctx.dry_run then return 0 end
    if outcome.failure then return nil, outcome.failure end
    local unknown = told and nothing_judged(ctx)
    if unknown then return nil, unknown end
    return outcome.found
  end,
}
