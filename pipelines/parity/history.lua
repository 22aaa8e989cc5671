-- SPDX-License-Identifier: Apache-2.0
-- What was observed: health of services with percentiles and a sparkline, stages of the workflow
-- with their durations, local CI runs.

local error_of = require "std.error"
local figures = require "pipelines.parity.health.figures"
local json = require "std.json"
local open = require "pipelines.parity.model.open"
local runs_of = require "pipelines.parity.ci.runs"
local stage = require "std.stage"
local store = require "pipelines.parity.health.store"
local time = require "std.time"
local units = require "std.compose.units"
local workflow = require "pipelines.parity.model.workflow"

local function since_of(text)
  local seconds = units.duration(text)
  if seconds then return time.iso_ms(time.now() - seconds) end
  return nil, error_of.new { op = "parity history", code = "usage",
    message = ("--since wants a duration such as 24h, not '%s'"):format(text) }
end

local function health_of(ctx, environment, since)
  local database <close>, err = store.open(ctx)
  if not database then return nil, err end
  local out = json.array()
  for _, service in ipairs(environment.services) do
    local series, why = store.series(database, service.id, since)
    if not series then return nil, why end
    if #series > 0 then
      local row = figures.of(series)
      row.service, row.sparkline = service.name, figures.sparkline(series)
      row.last = series[#series].status
      out[#out + 1] = row
    end
  end
  return out
end

local function health_lines(ctx, rows)
  ctx.out(("%-16s %-9s %6s %6s %6s %6s %6s  %s"):format("service", "last", "checks", "up", "p50",
    "p95", "p99", "answer times"))
  local function time_of(ms) return ms and ms .. "ms" or "-" end
  for _, row in ipairs(rows) do
    ctx.out(("%-16s %-9s %6d %5.1f%% %6s %6s %6s  %s"):format(row.service, row.last, row.count,
      (row.availability or 0) * 100, time_of(row.p50), time_of(row.p95), time_of(row.p99),
      row.sparkline))
  end
end

-- The results in one state, newest first, instead of everything else.
local function print_status(ctx, args, since)
  local database <close>, err = store.open(ctx)
  if not database then return nil, err end
  local list, why = store.by_status(database, args.status, since)
  if not list then return nil, why end
  if args.json then
    ctx.out(json.encode(json.array(list), { pretty = true }))
    return 0
  end
  for _, one in ipairs(list) do
    ctx.out(("%s %s %s: %s"):format(one.timestamp, one.service_id, one.metadata.check_type,
      ((one.details.error_message or one.details.output or ""):gsub("%s+", " "))))
  end
  return 0
end

local function workflow_lines(ctx, session)
  ctx.out(("workflow of %s: %s for %d min, %d restarts"):format(session.developer,
    session.current_stage, session.metadata.uptime_minutes, session.metadata.total_restarts))
  for _, row in ipairs(session.stage_history) do
    ctx.out(("  %s %s -> %s after %d min (%s%s)"):format(row.timestamp, row.from_stage,
      row.to_stage, row.metadata.duration_in_previous_stage_minutes, row.trigger,
      row.metadata.associated_command and ", " .. row.metadata.associated_command or ""))
  end
end

local function run_lines(ctx, runs)
  for _, run in ipairs(runs) do
    ctx.out(("ci %s %s %s: %d of %d stages passed, %s"):format(run.started_at, run.id:sub(1, 8),
      run.status, run.summary.passed_stages, run.summary.total_stages,
      run.metadata.workflow_file or run.metadata.tool))
  end
end

local function run(ctx, args)
  local environment, err = open.from_args(ctx, args, true)
  if not environment then return nil, err end
  local since
  since, err = since_of(args.since)
  if not since then return nil, err end
  if args.status then return print_status(ctx, args, since) end
  local health
  health, err = health_of(ctx, environment, since)
  if not health then return nil, err end
  local session = workflow.load(ctx, environment.id)
  local runs = runs_of.list(ctx, environment.id)
  if args.json then
    ctx.out(json.encode({ health = health, workflow = session, runs = runs }, { pretty = true }))
    return 0
  end
  health_lines(ctx, health)
  workflow_lines(ctx, session)
  run_lines(ctx, runs)
  return 0
end

return stage {
  api = 1,
  name = "history",
  help = "Show health over time, the workflow's stages and local CI runs",
  args = open.args {
    { name = "--since", kind = "option", default = "24h", metavar = "DURATION",
      help = "How far to look back (default: 24h)" },
    { name = "--status", kind = "option",
      choices = { "healthy", "unhealthy", "starting", "unknown" },
      help = "Only the health results in this state" },
    { name = "--json", kind = "flag", help = "Print all of it as JSON" },
  },
  run = run,
}
