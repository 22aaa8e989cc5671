-- SPDX-License-Identifier: Apache-2.0
-- merge: makes one run of the shards that `lsqm run --shard` left. Which result stays where two
-- shards have one is written down in std.store.merge.

local carry = require "std.store.carry"
local digest = require "std.store.digest"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local merge = require "std.store.merge"
local one_run = require "pipelines.weekly.validate.one_run"
local stage = require "std.stage"
local tables = require "std.table"

local function fail(code, message, hint)
  return nil, error_of.new { op = "merge", code = code, message = message, hint = hint }
end

local function is_done(store, parts)
  local run = store:open_run(parts[1].config.run_id)
  local merged = run and run:is_finished() and run.config.merged
  return merged and #merged.shards == merged.count
end

-- The emulators of a matrix are a set each and merged together.
local function are_siblings(a, b)
  local matrix = a[1].config.matrix
  return a == b or matrix ~= nil and matrix == b[1].config.matrix
end

local function with_siblings(sets, name)
  local list = {}
  for _, other in tables.sorted_pairs(sets) do
    if are_siblings(sets[name], other) then list[#list + 1] = other end
  end
  return list
end

local function open_sets(store, sets)
  local open = {}
  for name, parts in tables.sorted_pairs(sets) do
    if not is_done(store, parts) then open[#open + 1] = name end
  end
  return open
end

-- One set, or those of one matrix. Of several the one that no run has been made of is meant; where
-- that does not decide, the user does.
local function choose(ctx, args, sets)
  local names = tables.sorted_keys(sets)
  if args.set then
    if sets[args.set] then return { sets[args.set] } end
    return fail("usage", ("there is no set '%s'"):format(args.set),
      "there are: " .. table.concat(names, " "))
  end
  if #names == 0 then
    return fail("not_found", "no shards in " .. table.concat(args.dirs, " "),
      "`lsqm run --shard 1/4` makes the first of four")
  end
  local open = open_sets(ctx.store, sets)
  if #open == 0 then open = names end
  for _, name in ipairs(open) do
    if not are_siblings(sets[open[1]], sets[name]) then
      return fail("usage", "shards of different runs are here: " .. table.concat(open, " "),
        "choose one with --set")
    end
  end
  return with_siblings(sets, open[1])
end

local function report_problems(ctx, problems)
  for _, err in ipairs(problems) do
    ctx.log:warn("shard's file left out", { error = tostring(err) })
    ctx.progress:line("merge: " .. tostring(err))
  end
end

-- Verdicts of two emulators are not one run's.
local function check_tools(plan)
  local first = {}
  for _, one in ipairs(merge.tools(plan)) do
    local other = first[one.what]
    if other then
      return fail("invalid", ("the shards have different %ss: %s in %s, %s in %s"):format(one.what,
        other.text, other.where, one.text, one.where))
    end
    first[one.what] = one
  end
  return true
end

local function check_missing(plan, args)
  if #plan.missing == 0 or args.partial then return true end
  return fail("incomplete", ("%d of %d shards are missing: %s"):format(#plan.missing,
    plan.shard.count, table.concat(plan.missing, " ")),
    "run them again, or merge what there is with --partial")
end

local function outcome_of(plan, summary, changed)
  return { run_id = plan.run_id, set = plan.shard.set, count = plan.shard.count,
    missing = json.array(plan.missing), conflicts = plan.conflicts, summary = summary,
    changed = changed, sha256 = merge.digest(plan) }
end

local function print_text(ctx, out)
  local s = out.summary
  for _, one in ipairs(out.conflicts) do
    ctx.out(("conflict: %s %s kept, also %s"):format(one.arch_hash, one.kept,
      table.concat(one.dropped, " ")))
  end
  if #out.missing > 0 then
    ctx.out(("missing: shards %s of %d"):format(table.concat(out.missing, " "), out.count))
  end
  ctx.out(("merge: %d of %d shards%s"):format(out.count - #out.missing, out.count,
    out.changed and "" or ", nothing new"))
  ctx.out(("run %s: total=%d passed=%d partial=%d failed=%d timeout=%d error=%d"):format(
    out.run_id, s.total, s.passed, s.partial, s.failed, s.timeout, s.error))
  ctx.out("results " .. out.sha256)
end

local function merge_set(ctx, args, parts)
  local plan = merge.plan(ctx.store, parts)
  report_problems(ctx, plan.problems)
  local ok, err = check_tools(plan)
  if ok then ok, err = check_missing(plan, args) end
  if not ok then return nil, err end
  if ctx.dry_run then
    ctx.out(("would merge %d results of %d shards into run %s"):format(#tables.keys(plan.chosen),
      plan.shard.count - #plan.missing, plan.run_id))
    return #plan.missing
  end
  ok, err = carry.take(ctx.store, parts)
  if not ok then return nil, err end
  local summary, why, changed = merge.write(ctx.store, plan, function(run)
    return one_run.news(ctx.store, run)
  end)
  if not summary then return nil, why end
  local out = outcome_of(plan, summary, changed)
  if args.json then ctx.out(json.encode(out)) else print_text(ctx, out) end
  return #plan.missing
end

local function print_digest(ctx, word)
  local run, err = ctx.store:find_run(word)
  if not run then return nil, err end
  local hash
  hash, err = digest.of(run)
  if not hash then return nil, err end
  ctx.out("results " .. hash)
  return 0
end

local function merge_all(ctx, args)
  if #args.dirs == 0 then args.dirs = { fs.join(ctx.config.workspace, "shards") } end
  local parts, problems = merge.scan(args.dirs)
  report_problems(ctx, problems)
  local chosen, err = choose(ctx, args, merge.sets(parts))
  if not chosen then return nil, err end
  local missing = 0
  for _, set in ipairs(chosen) do
    local count
    count, err = merge_set(ctx, args, set)
    if not count then return nil, err end
    missing = missing + count
  end
  return missing > 0 and 1 or 0
end

return stage {
  api = 1, name = "merge", help = "Make one run of the shards of a run",
  description = "Merging again, with a shard that ran twice or died and ran again, changes "
    .. "nothing: a verdict goes before an ERROR, the earlier of two verdicts stays. Exit 3 and the "
    .. "numbers of the missing shards when some are, 1 when --partial merged without them.",
  args = {
    { name = "dirs", kind = "positional", optional = true, repeatable = true,
      help = "Folders with shards (default: WORKSPACE/shards)" },
    { name = "--partial", kind = "flag", help = "Merge although shards are missing" },
    { name = "--set", kind = "option", metavar = "ID",
      help = "Which run's shards, where those of several are there" },
    { name = "--hash", kind = "option", metavar = "RUN",
      help = "Only print the hash of a run's results, ids and times aside" },
    { name = "--json", kind = "flag", help = "Print what was merged as JSON" },
  },
  examples = { "lsqm merge", "lsqm merge downloads/", "lsqm merge --hash latest" },
  run = function(ctx, args)
    if args.hash then return print_digest(ctx, args.hash) end
    return merge_all(ctx, args)
  end,
}
