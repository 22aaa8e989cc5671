-- SPDX-License-Identifier: Apache-2.0
-- Regressions and fixes between two runs (FR-051 to FR-053). Exit 1 when there are regressions.

local compare = require "std.store.compare"
local convergence = require "std.store.convergence"
local json = require "std.json"
local matrix = require "std.store.matrix"
local matrix_text = require "pipelines.weekly.compare.matrix_text"
local stage = require "std.stage"
local text = require "pipelines.weekly.report.text"

-- Names and reasons come from templates and logs: no terminal codes, one line.
local function plain(value) return (text.clean(value):gsub("\n", " ")) end

local function side(run, architectures)
  local counts, config = run:counts(), run.config
  local emulator = config.emulator or {}
  return {
    run_id = run.run_id, started_at = config.started_at, summary = counts,
    emulator = emulator.name, localstack_version = config.localstack_version,
    terraform_version = config.terraform_version, provider_version = config.provider_version,
    convergence = convergence.of(run:outcomes(), architectures),
  }
end

local function build(store, a, b)
  local architectures = store:by_hash()
  local out = compare.runs(a:outcomes(), b:outcomes(), architectures,
    { lineage = true, run_id = b.run_id })
  for _, name in ipairs { "regressions", "flaky", "unrelated" } do
    for _, change in ipairs(out[name]) do
      local app = store:app(change.arch_hash)
      change.tests_changed = compare.tests_changed(app, a.config, b.config)
    end
  end
  out.from, out.to = side(a, architectures), side(b, architectures)
  out.circumstances = compare.circumstances(a.config, b.config)
  out.corpus_differs = #out.only_a > 0 or #out.only_b > 0
  return out, architectures
end

local function describe(label, one)
  local s = one.summary
  return ("%s %s  %s  %s %s  total=%d passed=%d partial=%d failed=%d timeout=%d error=%d"):format(
    label, one.run_id, one.started_at, one.emulator or "emulator", one.localstack_version,
    s.total, s.passed, s.partial, s.failed, s.timeout, s.error)
end

local function print_changes(ctx, title, list)
  if #list == 0 then return end
  ctx.out("")
  ctx.out(("%s: %d"):format(title, #list))
  for _, change in ipairs(list) do
    ctx.out(("  %s %s  %s -> %s  [%s]"):format(change.arch_hash,
      plain(change.architecture_name or "-"),
      change.from_status, change.to_status, table.concat(change.services_affected, " ")))
    if change.note then
      ctx.out("      " .. change.note
        .. (change.from_arch_hash and ", was " .. change.from_arch_hash or ""))
    end
    if change.tests_changed then ctx.out("      tests " .. plain(change.tests_changed)) end
    if change.reason then ctx.out("      " .. plain(change.reason)) end
    for _, one in ipairs(change.differs or {}) do
      ctx.out(("      %s %s -> %s"):format(one.aspect, plain(one.from), plain(one.to)))
    end
    if change.class then
      ctx.out(("      %s: %s"):format(change.class, plain(change.class_reason)))
    end
  end
end

local function print_missing(ctx, title, hashes, architectures)
  if #hashes == 0 then return end
  ctx.out("")
  ctx.out(("%s: %d (not counted as a change)"):format(title, #hashes))
  for _, hash in ipairs(hashes) do
    local meta = architectures[hash]
    ctx.out(("  %s %s"):format(hash, plain(meta and meta.name or "-")))
  end
end

-- Only what the later run has and the earlier one had not: the rest stands in --json.
local function print_convergence(ctx, from, to)
  if to.checked == 0 then return end
  local before = {}
  for _, one in ipairs(from.unsettled) do before[one.arch_hash] = one.word end
  ctx.out("")
  ctx.out(("convergence: %d of %d stay as deployed, before %d of %d"):format(to.settled,
    to.checked, from.settled, from.checked))
  for _, one in ipairs(to.unsettled) do
    if before[one.arch_hash] ~= one.word then
      ctx.out(("  %s %s  %s  %s"):format(one.arch_hash, plain(one.name or "-"), one.word,
        plain(convergence.attributes { convergence = one })))
    end
  end
end

local function print_text(ctx, out, architectures)
  ctx.out(describe("from", out.from))
  ctx.out(describe("to  ", out.to))
  for _, one in ipairs(out.circumstances) do
    ctx.out(("differs: %s %s -> %s"):format(one.aspect, one.from, one.to))
  end
  if out.corpus_differs then
    ctx.out(("differs: corpus, %d only in the first run, %d only in the second"):format(
      #out.only_a, #out.only_b))
  end
  print_changes(ctx, "regressions", out.regressions)
  print_changes(ctx, "flaky", out.flaky)
  print_changes(ctx, "worse for another reason", out.unrelated)
  print_changes(ctx, "fixes", out.fixes)
  print_changes(ctx, "other changes", out.changes)
  print_missing(ctx, "only in the first run", out.only_a, architectures)
  print_missing(ctx, "only in the second run", out.only_b, architectures)
  print_convergence(ctx, out.from.convergence, out.to.convergence)
  ctx.out("")
  ctx.out(("%d regressions, %d fixes, %d other changes, %d unchanged"):format(#out.regressions,
    #out.fixes, #out.changes, out.same))
  if #out.flaky + #out.unrelated > 0 then
    ctx.out(("not counted: %d flaky, %d for another reason"):format(#out.flaky, #out.unrelated))
  end
end

local function by_emulator(ctx, args)
  local last = ctx.store:runs({ finished = true })[1]
  local out = matrix.of(ctx.store, last and last.matrix)
  if args.json then
    ctx.out(json.encode(out, { pretty = true }))
  else
    matrix_text.print(ctx.out, out)
  end
  for _, row in ipairs(out.rows) do if row.differs then return 1 end end
  return 0
end

return stage {
  api = 1,
  name = "compare",
  readonly = true,
  help = "List regressions and fixes between two runs",
  description = "A regression went from PASSED or PARTIAL to FAILED, TIMEOUT or ERROR; so does an "
    .. "architecture whose changed template fails, or whose template no longer converts. What "
    .. "turned out flaky, or worse for another reason, when it was tried again does not count. "
    .. "Exit 1 when there is one. A run is its id, the beginning of it, 'latest' or 'previous'.",
  args = {
    { name = "run_a", kind = "positional", optional = true,
      help = "earlier run (default: the one before with the same emulator)" },
    { name = "run_b", kind = "positional", optional = true, help = "later run (default: latest)" },
    { name = "--by", kind = "option", choices = { "emulator" },
      help = "emulator: the runs of the last matrix side by side, or the newest of each emulator" },
    { name = "--json", kind = "flag", help = "Print the comparison as JSON" },
  },
  run = function(ctx, args)
    if args.by == "emulator" then return by_emulator(ctx, args) end
    local a, b, err
    b, err = ctx.store:find_run(args.run_b or "latest")
    if not b then return nil, err end
    local before = not args.run_a and ctx.store:previous(b)
    a, err = ctx.store:find_run(args.run_a or before and before.run_id or "previous")
    if not a then return nil, err end
    local out, architectures = build(ctx.store, a, b)
    for _, problem in ipairs(ctx.store:problems()) do
      ctx.log:warn("left out: damaged", { error = problem })
    end
    if args.json then
      ctx.out(json.encode(out, { pretty = true }))
    else
      print_text(ctx, out, architectures)
    end
    return #out.regressions > 0 and 1 or 0
  end,
}
