-- SPDX-License-Identifier: Apache-2.0
-- Deploys and tests every architecture that is ready, each in a fresh emulator; counts failures.

local architectures = require "pipelines.validator.model.architecture"
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
local function select(place, wanted)
  local only = #wanted > 0 and tables.set(wanted) or nil
  local ready, skipped, by_hash = {}, {}, {}
  for _, arch in ipairs(architectures.all(place)) do
    local is_wanted = not only or only[arch.id]
    if is_wanted and arch.status == "ready" then
      -- std.validation knows an architecture by a name of letters and digits, one for each
      arch.hash = sha256.string(arch.id):sub(1, 16)
      arch.name, arch.tests_file = arch.id, results.APP_TESTS
      ready[#ready + 1], by_hash[arch.hash] = arch, arch
    elseif is_wanted and arch.status == "generation_failed" then
      skipped[#skipped + 1] = arch
    end
  end
  return ready, skipped, by_hash
end

local function version_of(lab)
  local emulator = lab:describe()
  return emulator.name .. " " .. (emulator.version or "unknown")
end

-- What the harness failed at is tried again before it is written down.
local function judge(ctx, lab, run, arch)
  local seen, result = {}, nil
  for _ = 1, ctx.config.retries + 1 do
    result = lab:validate(arch, { run_id = run.id,
      observe = function(_, outcome) seen = outcome end })
    if result.status ~= "ERROR" then break end
  end
  local emulator = result.emulator
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

local function finish(place, run, list, seconds)
  local work = runs.take_work(place)
  work.running_seconds = seconds
  run.timing, run.token_usage = runs.timing(work), work.token_usage or 0
  run.statistics, run.completed_at = runs.statistics(list), time.iso()
  run.status = "completed"
  local tracker, err = tracker_of.load(place)
  if not tracker then return nil, err end
  tracker_of.count(tracker, run.id, list)
  local ok
  ok, err = tracker_of.save(place, tracker)
  if not ok then return nil, err end
  return runs.save(place, run)
end

local function run_all(ctx, place, args)
  local ready, skipped, by_hash = select(place, args.architectures)
  if ctx.dry_run then
    ctx.out(("run: would validate %d, skip %d"):format(#ready, #skipped))
    return 0
  end
  local lab <close>, err = validation.open(stock_of.context(ctx, place, by_hash))
  if not lab then return nil, err end
  local run = runs.new(place, { trigger = args.trigger, version = version_of(lab),
    parallelism = width.choose(ctx.config.parallel, ready), budget = ctx.config.token_budget })
  local began = time.monotonic()
  local ran, list = pcall(validate_all, ctx, place, lab, run, ready)
  if not ran then
    run.status, run.completed_at = "failed", time.iso()
    runs.save(place, run)
    error(list, 0)
  end
  local ok, why = save_skipped(place, run, skipped, list)
  if ok then ok, why = finish(place, run, list, time.monotonic() - began) end
  if not ok then return nil, why end
  local n = run.statistics
  ctx.out(("%s: total=%d passed=%d partial=%d failed=%d (timeout=%d) skipped=%d pass_rate=%.3f")
    :format(run.id, n.total_architectures, n.passed, n.partial, n.failed, n.timeout, n.skipped,
      n.pass_rate))
  return 0
end

return stage {
  api = 1,
  name = "run",
  help = "Deploy and test every architecture that is ready, each in a fresh emulator",
  args = place_of.args({ name = "--trigger", kind = "option", default = "manual",
    choices = { "manual", "scheduled" }, help = "What started it (default: manual)" },
    { name = "architectures", kind = "positional", optional = true, repeatable = true,
      help = "Their ids (default: all)" }),
  run = function(ctx, args) return run_all(ctx, place_of.open(args.root), args) end,
}
