-- SPDX-License-Identifier: Apache-2.0
-- What the artifact repository holds.

local json = require "std.json"
local stage = require "std.stage"

local function count_architectures(store)
  local counts = { total = 0, skipped = 0, ready = 0, with_app = 0 }
  for _, meta in ipairs(store:architectures()) do
    counts.total = counts.total + 1
    if meta.skipped then
      counts.skipped = counts.skipped + 1
    elseif store:app(meta.hash) then
      counts.with_app = counts.with_app + 1
    else
      counts.ready = counts.ready + 1
    end
  end
  return counts
end

local function facts(store)
  local runs = store:runs()
  local finished, latest = 0, nil
  for _, run in ipairs(runs) do
    if run.finished then
      finished = finished + 1
      latest = latest or run
    end
  end
  local found = {
    repository = store.root, architectures = count_architectures(store),
    apps = store:app_count(),
    runs = { total = #runs, finished = finished, unfinished = #runs - finished },
    regressions = #store:regressions(), latest_run = latest, problems = json.array {},
  }
  -- at the end: what is damaged shows by being read
  for i, err in ipairs(store:problems()) do found.problems[i] = tostring(err) end
  return found
end

local function latest_lines(run)
  if not run then return { "latest run     none yet" } end
  local s = run.summary
  return {
    ("latest run     %s"):format(run.run_id),
    ("               %s, %s %s"):format(run.started_at, run.emulator and run.emulator.name
      or "emulator", run.localstack_version),
    ("               total=%d passed=%d partial=%d failed=%d timeout=%d error=%d"):format(
      s.total, s.passed, s.partial, s.failed, s.timeout, s.error),
  }
end

local function print_text(ctx, found)
  local a, r = found.architectures, found.runs
  ctx.out("repository     " .. found.repository)
  ctx.out(("architectures  %d (%d with app, %d waiting for one, %d skipped)"):format(a.total,
    a.with_app, a.ready, a.skipped))
  ctx.out(("apps           %d"):format(found.apps))
  ctx.out(("runs           %d (%d finished, %d not)"):format(r.total, r.finished, r.unfinished))
  ctx.out(("regressions    %d recorded"):format(found.regressions))
  for _, line in ipairs(latest_lines(found.latest_run)) do ctx.out(line) end
  for _, problem in ipairs(found.problems) do ctx.out("damaged        " .. problem) end
end

return stage {
  api = 1,
  name = "status",
  help = "Show what the artifact repository holds",
  readonly = true,
  args = { { name = "--json", kind = "flag", help = "Print the figures as JSON" } },
  run = function(ctx, args)
    local found = facts(ctx.store)
    if args.json then
      ctx.out(json.encode(found, { pretty = true }))
    else
      print_text(ctx, found)
    end
    return 0
  end,
}
