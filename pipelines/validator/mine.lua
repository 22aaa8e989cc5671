-- SPDX-License-Identifier: Apache-2.0
-- Finds templates and drawings in the sources and makes Terraform of what is new or changed.

local architectures = require "pipelines.validator.model.architecture"
local error_of = require "std.error"
local mining = require "pipelines.validator.model.mining"
local place_of = require "pipelines.validator.model.place"
local runs = require "pipelines.validator.model.runs"
local sources = require "pipelines.validator.model.sources"
local stage = require "std.stage"
local tables = require "std.table"
local time = require "std.time"

local function show(ctx, source, report)
  local counts = {}
  for _, item in ipairs(report.items) do
    local status = item.arch.status
    counts[status] = (counts[status] or 0) + 1
    if item.arch.status_reason then
      ctx.progress:line(("  %s: %s"):format(item.arch.id, item.arch.status_reason))
    end
  end
  for _, problem in ipairs(report.problems) do ctx.progress:line("  " .. tostring(problem)) end
  ctx.out(("mine: %s: %d found, %d as before, %d pending, %d normalized, %d conversion_failed, "
    .. "%d gone"):format(source.id, report.found, report.same, counts.pending or 0,
      counts.normalized or 0, counts.conversion_failed or 0, report.gone))
end

local function mine_all(ctx, place, list, force)
  local known, tokens, unreached = {}, 0, nil
  for _, arch in ipairs(architectures.all(place, ctx.log)) do known[arch.id] = arch end
  for _, source in ipairs(list) do
    local report, why = mining.source(ctx, place, source, known, { force = force })
    if report then
      show(ctx, source, report)
      tokens = tokens + report.tokens
    else
      unreached = unreached or why
      ctx.log:error("source not mined", { source = source.id, error = tostring(why) })
    end
  end
  return tokens, unreached
end

local function only(list, id)
  if not id then return list end
  local chosen = tables.filter(list, function(source) return source.id == id end)
  if #chosen > 0 then return chosen end
  return nil, error_of.new { op = "mine", code = "usage",
    message = ("there is no enabled source '%s'"):format(id) }
end

return stage {
  api = 1,
  name = "mine",
  help = "Find templates and drawings and make Terraform of them",
  args = place_of.args({ name = "--force", kind = "flag", help = "Also what did not change" },
    { name = "--source", kind = "option", metavar = "ID", help = "Only this source" }),
  run = function(ctx, args)
    local place, began = place_of.open(args.root), time.monotonic()
    local list, err = sources.load(place)
    if not list then return nil, err end
    list, err = only(list, args.source)
    if not list then return nil, err end
    local lock <close>, held = place:hold(ctx.dry_run)
    if not lock then return nil, held end
    local tokens, unreached = mine_all(ctx, place, list, args.force)
    if not ctx.dry_run then
      local ok, why = runs.add_work(place, { token_usage = tokens,
        mining_seconds = time.monotonic() - began })
      if not ok then return nil, why end
    end
    if unreached then return nil, unreached end
    return 0
  end,
}
