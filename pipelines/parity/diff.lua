-- SPDX-License-Identifier: Apache-2.0
-- What differs between two environments, and how bad it is.

local compare = require "pipelines.parity.diff.compare"
local contracts = require("std.contracts").of "parity"
local fs = require "std.fs"
local json = require "std.json"
local mask = require "std.mask"
local open = require "pipelines.parity.model.open"
local runs = require "pipelines.parity.diff.run"
local stage = require "std.stage"

local function write_files(ctx, report)
  local base = open.path(ctx, "reports", "config-diffs", report.id)
  local ok, err = contracts.write(base .. ".json", "diff_report", report)
  if not ok then return nil, err end
  return fs.write(base .. ".html", mask.text(ctx.load("layouts.diff_html")(report)))
end

return stage {
  api = 1,
  name = "diff",
  help = "Compare two environments, from files or from a running engine",
  description = "SOURCE and TARGET are Compose files (a.yaml,b.yaml), a folder, or a running "
    .. "project (engine:NAME).",
  args = {
    { name = "source", kind = "positional", help = "Environment to look at" },
    { name = "target", kind = "positional", help = "Environment it should be like" },
    { name = "--mode", kind = "option", choices = { "semantic", "structural", "runtime" },
      help = "semantic: by meaning (1G = 1024M); structural: as written; runtime: what runs" },
    { name = "--fail-on", kind = "option", default = "warning",
      choices = { "info", "warning", "error", "critical" },
      help = "Exit 1 for differences of this severity or worse (default: warning)" },
    { name = "--source-env-file", kind = "option", repeatable = true, help = "Instead of .env" },
    { name = "--target-env-file", kind = "option", repeatable = true, help = "Instead of .env" },
    { name = "--profile", kind = "option", repeatable = true, help = "Active profile" },
    { name = "--json", kind = "flag", help = "Print the report as JSON" },
  },
  examples = { "lsqm parity diff . deploy/staging.yaml",
    "lsqm parity diff compose.yaml,compose.dev.yaml deploy/prod --fail-on error",
    "lsqm parity diff engine:shop compose.yaml" },
  run = function(ctx, args)
    collectgarbage("incremental", 400) -- the command ends soon: memory for time
    local report, err = runs.report(args)
    if not report then return nil, err end
    if not ctx.dry_run then
      local ok, why = write_files(ctx, report)
      if not ok then return nil, why end
    end
    if args.json then
      ctx.out(mask.text(json.encode(report, { pretty = true })))
    else
      ctx.out(mask.text(ctx.load("layouts.diff_text")(report)))
    end
    return compare.count(report, args.fail_on) > 0 and 1 or 0
  end,
}
