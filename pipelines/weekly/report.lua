-- SPDX-License-Identifier: Apache-2.0
-- Writes reports/latest/index.html: one file with everything in it. Of an earlier run, or of one
-- that is not finished, reports/RUN/index.html.

local fs = require "std.fs"
local stage = require "std.stage"

local function load_sections(ctx)
  local sections = {}
  for i, entry in ipairs(ctx.load("report.layout")) do
    if type(entry) == "string" then entry = ctx.load("report.sections." .. entry) end
    if type(entry) ~= "table" or type(entry.render) ~= "function" then
      error(("report/layout.lua: entry %d must be a section's name or {name=, render=}"):format(
        i), 0)
    end
    sections[i] = entry
  end
  return sections
end

local function read_asset(ctx, name)
  local path = ctx.find("report/" .. name)
  if not path then error("report/" .. name .. " is not in any pipelines folder", 0) end
  local text, err = fs.read(path)
  if not text then error(err, 0) end
  return text
end

local function render(ctx, run, changes)
  local view = ctx.load("report.view").build(ctx.store, run,
    { signature = ctx.rules("signature"), changes = changes })
  local assets = { style = read_asset(ctx, "report.css"), script = read_asset(ctx, "report.js") }
  return ctx.load("report.page").render(view, load_sections(ctx), assets)
end

local function write(path, html)
  local ok, err = fs.mkdir(fs.dirname(path))
  if not ok then return nil, err end
  return fs.write(path, html)
end

local function folder_of(store, run)
  local latest = store:runs({ finished = true })[1]
  return latest and latest.run_id == run.run_id and "latest" or run.run_id
end

return stage {
  api = 1,
  name = "report",
  help = "Write the HTML report of a run",
  args = {
    { name = "--run", kind = "option", metavar = "ID", help = "the run (default: the latest)" },
    { name = "--output", kind = "option", metavar = "FILE",
      help = "where to write (default: reports/latest/index.html of the artifact repository; of "
        .. "another run than the latest its id stands for latest)" },
  },
  run = function(ctx, args)
    local timing <close> = ctx.log:stage("report") -- luacheck: ignore timing
    local run, err = ctx.store:find_run(args.run or "latest")
    if not run then return nil, err end
    local path = args.output or ctx.store:path("reports", folder_of(ctx.store, run), "index.html")
    if ctx.dry_run then
      ctx.out(("would write the report of run %s to %s"):format(run.run_id, path))
      return 0
    end
    -- The page shows trends that include its own run.
    local changes
    changes, err = ctx.store:update_trends(run)
    if not changes then return nil, err end
    local html = render(ctx, run, changes)
    local ok
    ok, err = write(path, html)
    if not ok then return nil, err end
    for _, problem in ipairs(ctx.store:problems()) do
      ctx.log:warn("left out: damaged", { error = problem })
    end
    ctx.log:info("report written", { path = path, bytes = #html, run_id = run.run_id })
    ctx.out(("report %s (%d KB)"):format(path, (#html + 1023) // 1024))
    return 0
  end,
}
