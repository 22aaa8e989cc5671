-- SPDX-License-Identifier: Apache-2.0
-- mine: finds templates in the sources, normalises what is new to Terraform, and stores it under
-- the hash of its content (FR-007 to FR-015, FR-068 to FR-070).

local api = require "std.github.api"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local mining = require "std.mining"
local stage = require "std.stage"
local tables = require "std.table"

local function sources_of(ctx)
  if ctx.config.sources and #ctx.config.sources > 0 then return ctx.config.sources end
  local has_token = ctx.config.github_token ~= nil
  if not has_token then
    ctx.progress:line("GITHUB_TOKEN is not set: GitHub and the module registry are not mined")
  end
  return ctx.rules "sources"(ctx.find, has_token)
end

local WORDS = { new = "new", known = "known", duplicate = "duplicate", skipped = "skipped",
  unsupported = "not converted", failed = "failed", superseded = "changed" }
local ORDER = { "new", "superseded", "known", "duplicate", "skipped", "unsupported", "failed" }

local function counts_text(counts)
  local parts = {}
  for _, key in ipairs(ORDER) do
    local count = counts[key] or 0
    if count > 0 then parts[#parts + 1] = ("%d %s"):format(count, WORDS[key]) end
  end
  return #parts > 0 and table.concat(parts, ", ") or "no templates"
end

-- "3 skipped (2 a fork, 1 empty)"
local function skipped_text(skipped)
  local counts = {}
  for _, one in ipairs(skipped) do counts[one.reason] = (counts[one.reason] or 0) + 1 end
  local parts = {}
  for _, reason in ipairs(tables.sorted_keys(counts)) do
    parts[#parts + 1] = ("%d %s"):format(counts[reason], reason)
  end
  return ("%d skipped (%s)"):format(#skipped, table.concat(parts, ", "))
end

-- One line for a source of many repositories or modules.
local function source_line(note)
  local parts = { note.visited > 0 and note.visited .. " looked at" or nil }
  if note.unchanged > 0 then parts[#parts + 1] = note.unchanged .. " unchanged" end
  if #note.skipped > 0 then parts[#parts + 1] = skipped_text(note.skipped) end
  return ("  %s: %s; %s"):format(note.source, table.concat(parts, ", "), counts_text(note.counts))
end

local function print_json(ctx, report)
  local problems, list = json.array {}, json.array {}
  for i, note in ipairs(report.notes) do
    list[i] = note:plain()
    table.move(list[i].problems, 1, #list[i].problems, #problems + 1, problems)
  end
  ctx.out(json.encode { found = report.found, counts = report.counts, entries = report.entries,
    sources = list, problems = problems })
end

local function print_source(ctx, note)
  if note.visited > 0 or #note.skipped > 0 then ctx.progress:line(source_line(note)) end
  for _, one in ipairs(ctx.verbose and note.skipped or {}) do
    ctx.progress:line(("  %-13s %s: %s"):format("left out", one.name, one.reason))
  end
  for _, err in ipairs(note.problems) do
    ctx.progress:line("  not mined     " .. error_of.format(err)
      .. (err.more and ("\n  and %d more for the same reason"):format(err.more) or ""))
  end
end

local function print_report(ctx, args, report)
  if args.json then return print_json(ctx, report) end
  for _, entry in ipairs(report.entries) do
    if entry.outcome == "failed" or (ctx.verbose and entry.reason) then
      ctx.progress:line(("  %-13s %s: %s"):format(WORDS[entry.outcome], entry.source_url,
        entry.error and error_of.format(entry.error):gsub("\n", "\n  ") or entry.reason))
    end
  end
  for _, note in ipairs(report.notes) do print_source(ctx, note) end
  ctx.out(("mine: %d found: %s"):format(report.found, counts_text(report.counts)))
end

-- Answers are kept between runs: asking again for what did not change costs nothing.
local function github_of(ctx)
  return api.new { token = ctx.config.github_token, api_url = ctx.config.github_api_url,
    log = ctx.log, cache = fs.join(ctx.config.workspace, "sources", "answers") }
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
      workdir = ctx.config.workspace, dry_run = ctx.dry_run, github = github_of(ctx),
    }
    if not report then return nil, err end
    print_report(ctx, args, report)
    timing:done(report.counts)
    -- The other sources were mined; that one could not be reached is still the environment's.
    if report.unreached[1] and not ctx.dry_run then return nil, report.unreached[1] end
    return (report.counts.failed or 0) > 0 and 1 or 0
  end,
}
