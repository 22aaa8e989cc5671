-- SPDX-License-Identifier: Apache-2.0
-- Deploys and tests every architecture that is ready, each in a fresh emulator; counts failures.

local architectures = require "pipelines.validator.model.architecture"
local error_of = require "std.error"
local parallel = require "std.parallel"
local place_of = require "pipelines.validator.model.place"
local results = require "pipelines.validator.model.results"
local runs = require "pipelines.validator.model.runs"
local sha256 = require "std.sha256"
local stage = require "std.stage"
local stock_of = require "pipelines.validator.model.stock"
local tables = require "std.table"
local time = require "std.time"
local tracker_of = require "pipelines.validator.model.tracker"
local validation = require "std.validation"
local width = require "std.validation.width"

-- Ready ones are run; those whose app could not be written are skipped by name.
local function select(ctx, place, wanted)
  local only = #wanted > 0 and tables.set(wanted) or nil
  local ready, skipped, by_hash, known = {}, {}, {}, {}
  for _, arch in ipairs(architectures.all(place, ctx.log)) do
    local is_wanted = not only or only[arch.id]
    known[arch.id] = arch.status
    if is_wanted and arch.status == "ready" then
      -- std.validation knows an architecture by a name of letters and digits, one for each
      arch.hash = sha256.string(arch.id):sub(1, 16)
      arch.name, arch.tests_file = arch.id, results.APP_TESTS
      ready[#ready + 1], by_hash[arch.hash] = arch, arch
    elseif is_wanted and arch.status == "generation_failed" then
      skipped[#skipped + 1] = arch
    end
  end
  for _, id in ipairs(wanted) do
    if known[id] ~= "ready" and known[id] ~= "generation_failed" then
      return nil, error_of.new { op = "run", code = "usage", message = known[id]
        and ("'%s' has nothing to run: it is %s"):format(id, known[id])
        or ("there is no architecture '%s'"):format(id) }
    end
  end
  return { ready = ready, skipped = skipped, by_hash = by_hash }
end

local function version_of(lab)
  local emulator = lab:describe()
  return emulator.name .. " " .. (emulator.version or "unknown")
end

-- What the harness failed at is tried again before it is written down, but for what the emulator
-- lacks here: it will lack it again.
local function judge(ctx, lab, run, arch)
  local seen, result, emulator = {}, nil, nil
  for _ = 1, ctx.config.retries + 1 do
    result = lab:validate(arch, { run_id = run.id,
      observe = function(_, outcome) seen = outcome end })
    emulator = result.emulator
    if result.status ~= "ERROR" or emulator and emulator.lacks then break end
  end
  if emulator and emulator.started and emulator.version then
    run.localstack_version = emulator.name .. " " .. emulator.version
  end
  return results.of(run.id, arch, result, seen)
end

local function validate_all(ctx, place, lab, run, ready)
  local progress <close> = ctx.progress:task("validate", #ready)
  local hashes = {}
  for i, arch in ipairs(ready) do hashes[i] = arch.hash end
  local ahead <close> = lab:boot_ahead({ run_id = run.id }, hashes) -- luacheck: ignore ahead
  local list = parallel.map(ready, function(arch)
    local result = judge(ctx, lab, run, arch)
    local ok, err = results.save(place, result)
    if not ok then error(err, 0) end
    progress:step(("%-8s %s%s"):format(result.status, arch.id,
      result.reason and " (" .. result.reason .. ")" or ""))
    return result
  end, { limit = run.parallelism })
  progress:done()
  return list
end

local function save_skipped(place, run, skipped, list)
  for _, arch in ipairs(skipped) do
    local result = results.skipped(run.id, arch)
    local ok, err = results.save(place, result)
    if not ok then return nil, err end
    list[#list + 1] = result
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  for i, result in ipairs(list) do run.results[i] = result.id end
  return true
end

-- A run that could judge nothing of what it ran has failed: it says nothing, and counts nowhere.
local function finish(place, run, list, seconds)
  local work, why = runs.take_work(place)
  if not work then return nil, why end
  work.running_seconds = seconds
  run.timing, run.token_usage = runs.timing(work), work.token_usage or 0
  run.statistics, run.completed_at = runs.statistics(list), time.iso()
  local n = run.statistics
  run.status = n.unjudged > 0 and n.skipped == n.total_architectures and "failed" or "completed"
  if run.status == "completed" then
    local tracker, err = tracker_of.load(place)
    if not tracker then return nil, err end
    if not tracker_of.count(tracker, run.id, list) then
      return nil, error_of.new { op = "run", code = "conflict", message = run.id
        .. " is not newer than " .. tracker.last_run .. ", which the failure tracker has" }
    end
    local ok
    ok, err = tracker_of.save(place, tracker)
    if not ok then return nil, err end
  end
  return runs.save(place, run)
end

local function show(ctx, run)
  local n = run.statistics
  ctx.out(("%s: total=%d passed=%d partial=%d failed=%d (timeout=%d) skipped=%d (unjudged=%d) "
    .. "pass_rate=%.3f"):format(run.id, n.total_architectures, n.passed, n.partial, n.failed,
      n.timeout, n.skipped, n.unjudged, n.pass_rate))
end

local function first_error(list)
  for _, result in ipairs(list) do
    if result.harness_error then return result.harness_error end
  end
end

local function run_all(ctx, place, args, chosen)
  local lab <close>, err = validation.open(stock_of.context(ctx, place, chosen.by_hash))
  if not lab then return nil, err end
  local run
  run, err = runs.new(place, { trigger = args.trigger, version = version_of(lab),
    parallelism = width.choose(ctx.config.parallel, chosen.ready),
    budget = ctx.config.token_budget })
  if not run then return nil, err end
  local began = time.monotonic()
  local ran, list = pcall(validate_all, ctx, place, lab, run, chosen.ready)
  if not ran then
    run.status, run.completed_at = "failed", time.iso()
    runs.save(place, run)
    error(list, 0)
  end
  local ok, why = save_skipped(place, run, chosen.skipped, list)
  if ok then ok, why = finish(place, run, list, time.monotonic() - began) end
  if not ok then return nil, why end
  show(ctx, run)
  if run.status == "completed" then return 0 end
  return nil, error_of.new { op = "run", code = "unavailable",
    message = "nothing could be judged: " .. first_error(list) }
end

-- What a run's end needs is read before hours are spent.
local function is_sound(place)
  local ok, err = tracker_of.load(place)
  if ok then ok, err = runs.end_dead(place) end
  return ok, err
end

local function hold_and_run(ctx, place, args)
  local lock <close>, held = place:hold(ctx.dry_run)
  if not lock then return nil, held end
  local chosen, err = select(ctx, place, args.architectures)
  if not chosen then return nil, err end
  if ctx.dry_run then
    ctx.out(("run: would validate %d, skip %d"):format(#chosen.ready, #chosen.skipped))
    return 0
  end
  if #chosen.ready + #chosen.skipped == 0 then
    ctx.out "run: nothing to run: no architecture is ready"
    return 0
  end
  local ok
  ok, err = is_sound(place)
  if not ok then return nil, err end
  return run_all(ctx, place, args, chosen)
end

return stage {
  api = 1,
  name = "run",
  help = "Deploy and test every architecture that is ready, each in a fresh emulator",
  args = place_of.args({ name = "--trigger", kind = "option", default = "manual",
    choices = { "manual", "scheduled" }, help = "What started it (default: manual)" },
    { name = "architectures", kind = "positional", optional = true, repeatable = true,
      help = "Their ids (default: all)" }),
  run = function(ctx, args) return hold_and_run(ctx, place_of.open(args.root), args) end,
}
