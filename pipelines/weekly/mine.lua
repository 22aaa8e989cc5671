-- SPDX-License-Identifier: Apache-2.0
-- mine: finds templates in the sources, normalises what is new to Terraform, and stores it under
-- the hash of its content (FR-007 to FR-015, FR-068 to FR-070).

local error_of = require "std.error"
local json = require "std.json"
local mining = require "std.mining"
local stage = require "std.stage"

local function sources_of(ctx)
  if ctx.config.sources and #ctx.config.sources > 0 then return ctx.config.sources end
  return ctx.rules "sources"(ctx.find)
end

local WORDS = { new = "new", known = "known", duplicate = "duplicate", skipped = "skipped",
  unsupported = "not converted", failed = "failed", superseded = "changed" }
local ORDER = { "new", "superseded", "known", "duplicate", "skipped", "unsupported", "failed" }

local function closing_line(report)
  local parts = {}
  for _, key in ipairs(ORDER) do
    local count = report.counts[key] or 0
    if count > 0 then parts[#parts + 1] = ("%d %s"):format(count, WORDS[key]) end
  end
  return ("mine: %d found: %s"):format(report.found, table.concat(parts, ", "))
end

local function print_report(ctx, args, report)
  if args.json then
    local problems = json.array {}
    for i, err in ipairs(report.problems) do problems[i] = tostring(err) end
    report.problems = problems
    ctx.out(json.encode(report))
    return
  end
  for _, entry in ipairs(report.entries) do
    if entry.outcome == "failed" or (ctx.verbose and entry.reason) then
      ctx.progress:line(("  %-13s %s: %s"):format(WORDS[entry.outcome], entry.source_url,
        entry.error and error_of.format(entry.error):gsub("\n", "\n  ") or entry.reason))
    end
  end
  for _, err in ipairs(report.problems) do
    ctx.progress:line("  not mined     " .. error_of.format(err))
  end
  ctx.out(closing_line(report))
end

return stage {
  api = 1, name = "mine", help = "Discover and normalise architectures",
  args = {
    { name = "--force", kind = "flag", help = "Normalise again what is known already" },
    { name = "--json", kind = "flag", help = "Print the report as JSON" },
  },
  run = function(ctx, args)
    local timing = ctx.log:stage("mine")
    local report, err = mining.run {
      sources = sources_of(ctx), store = ctx.store, log = ctx.log, progress = ctx.progress,
      services = ctx.rules "services", emulator = ctx.config.emulator.name, force = args.force,
      workdir = ctx.config.workspace, dry_run = ctx.dry_run,
    }
    if not report then return nil, err end
    print_report(ctx, args, report)
    timing:done(report.counts)
    -- The other sources were mined; that one could not be reached is still the environment's.
    if report.problems[1] and not ctx.dry_run then return nil, report.problems[1] end
    return (report.counts.failed or 0) > 0 and 1 or 0
  end,
}
