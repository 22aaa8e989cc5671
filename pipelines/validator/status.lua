-- SPDX-License-Identifier: Apache-2.0
-- What there is: architectures by status, the newest run, who fails and since when.

local architectures = require "pipelines.validator.model.architecture"
local json = require "std.json"
local place_of = require "pipelines.validator.model.place"
local records = require "pipelines.validator.model.records"
local runs = require "pipelines.validator.model.runs"
local stage = require "std.stage"
local tables = require "std.table"
local tracker_of = require "pipelines.validator.model.tracker"

-- Why architectures are not ready.
local function problem_of(arch)
  if arch.status == "ready" or arch.status == "normalized" then return nil end
  return { id = arch.id, status = arch.status, reason = arch.status_reason }
end

local function print_text(ctx, counts, problems, run, tracker)
  for _, status in ipairs(records.STATUSES) do
    ctx.out(("%-18s %d"):format(status, counts[status]))
  end
  for _, one in ipairs(problems) do
    ctx.out(("%s: %s%s"):format(one.status, one.id, one.reason and ": " .. one.reason or ""))
  end
  ctx.out("newest run: " .. (run and ("%s, pass_rate %.3f"):format(run.id,
    run.statistics.pass_rate) or "none"))
  for _, id in ipairs(tables.sorted_keys(tracker.entries)) do
    local entry = tracker.entries[id]
    ctx.out(("failing: %s, %d in a row since %s%s"):format(id, entry.consecutive_failures,
      entry.first_failure_run, entry.issue_number and ", issue #" .. entry.issue_number or ""))
  end
end

return stage {
  api = 1,
  name = "status",
  help = "Show architectures, the newest run and what fails",
  args = place_of.args({ name = "--json", kind = "flag", help = "Print it as JSON" }),
  run = function(ctx, args)
    local place = place_of.open(args.root)
    local ok, missing = place:check()
    if not ok then return nil, missing end
    local tracker, err = tracker_of.load(place)
    if not tracker then return nil, err end
    local run
    run, err = runs.latest(place)
    if run == nil then return nil, err end
    local counts, problems = {}, json.array {}
    for _, status in ipairs(records.STATUSES) do counts[status] = 0 end
    for _, arch in ipairs(architectures.all(place, ctx.log)) do
      counts[arch.status] = counts[arch.status] + 1
      problems[#problems + 1] = problem_of(arch)
    end
    if args.json then
      ctx.out(json.encode { architectures = counts, problems = problems, run = run or nil,
        failure_tracker = tracker })
    else
      print_text(ctx, counts, problems, run, tracker)
    end
    return 0
  end,
}
