-- SPDX-License-Identifier: Apache-2.0
-- Writes docs/: what the newest run found, as JSON and as pages that read it.

local error_of = require "std.error"
local place_of = require "pipelines.validator.model.place"
local runs = require "pipelines.validator.model.runs"
local site = require "pipelines.validator.model.site"
local stage = require "std.stage"
local time = require "std.time"

return stage {
  api = 1,
  name = "report",
  help = "Write the site about the newest run",
  args = place_of.args(),
  run = function(ctx, args)
    local place, began = place_of.open(args.root), time.monotonic()
    local lock <close>, held = place:hold(ctx.dry_run)
    if not lock then return nil, held end
    local run, err = runs.latest(place)
    if run == nil then return nil, err end
    if ctx.dry_run then
      ctx.out("report: would write " .. place:data "latest.json")
      return 0
    end
    if not run then
      return nil, error_of.new { op = "report", code = "not_found",
        message = "no run has ended in " .. place:data "runs" }
    end
    local ok
    ok, err = site.write_pages(place)
    if ok then ok, err = site.write_latest(place, run, ctx) end
    if not ok then return nil, err end
    local timing = run.timing
    timing.reporting_seconds = time.monotonic() - began
    run.timing = runs.timing(timing)
    ok, err = runs.save(place, run)
    if ok then ok, err = site.write_latest(place, run, ctx) end
    if not ok then return nil, err end
    ctx.out("report: " .. place:path("docs", "index.html"))
    return 0
  end,
}
