-- SPDX-License-Identifier: Apache-2.0
-- Tries again what got worse since the run before, until it is known what it is: in fresh
-- emulators of the same version, then on the emulator of the run before. The class is decided by
-- rules/confirm.lua and kept in the result, so that it is never asked twice.

local compare = require "std.store.compare"
local json = require "std.json"
local parallel = require "std.parallel"
local width = require "std.validation.width"

local M = {}

local function round_of(result, is_previous)
  return { status = result.status, reason = result.reason or result.error_message,
    emulator_version = result.emulator and result.emulator.version,
    previous = is_previous, duration_seconds = result.duration_seconds }
end

-- The emulator of the run before: by its image's digest, since a tag may have moved on.
local function lab_before(ctx, lab, previous)
  local emulator = previous.emulator
  local now = lab:describe()
  if not emulator or emulator.driver ~= "docker" or now.driver ~= "docker" then return nil end
  if emulator.image_id == nil or emulator.image_id == now.image_id then return nil end
  local found, err = lab:beside { name = emulator.name, driver = "docker",
    image = emulator.image_id, version = emulator.version, env = ctx.config.emulator.env,
    memory_mb = ctx.config.emulator.memory_mb, boot_timeout = ctx.config.emulator.boot_timeout }
  if not found then
    ctx.log:info("the emulator of the run before is not at hand", { error = tostring(err) })
  end
  return found
end

local function aspects(ctx, run, previous, job)
  local list = {}
  for _, one in ipairs(compare.circumstances(previous, run.config)) do
    list[#list + 1] = one.aspect
  end
  local app = ctx.store:app(job.hash)
  if app and app.generated_at > previous.started_at then list[#list + 1] = "app" end
  return list
end

local function try(lab, run, job, times)
  local results = {}
  for i = 1, times do results[i] = lab:validate(job, run) end
  return results
end

local function has_bad_only(results)
  for _, result in ipairs(results) do
    if compare.is_good(result.status) or result.status == "ERROR" then return false end
  end
  return #results > 0
end

local function confirm_one(ctx, work, change)
  local run, job = work.run, work.jobs[change.arch_hash]
  local first = run:result(change.arch_hash)
  local again = try(work.lab, run, job, ctx.config.confirm.rounds)
  local before = work.before and has_bad_only(again) and try(work.before, run, job, 1) or {}
  local class, reason = work.decide { first = first, again = again, before = before,
    differs = aspects(ctx, run, work.previous, job) }
  local rounds = json.array {}
  for _, result in ipairs(again) do table.insert(rounds, round_of(result, false)) end
  for _, result in ipairs(before) do table.insert(rounds, round_of(result, true)) end
  first.confirmation = { class = class, reason = reason, rounds = rounds }
  work.progress:step(("%-11s %s: %s"):format(class, job.name or job.hash, reason))
  ctx.log:info("confirmed", { arch = job.hash, class = class, reason = reason })
  return run:put_result(first)
end

---Tries again what got worse. Only results without a class are tried.
---@param ctx table
---@param run lsqm.Run
---@param lab table see std.validation
---@param jobs table[] architectures of this run
---@return boolean|nil ok
---@return lsqm.Error|nil err a result could not be stored
function M.run(ctx, run, lab, jobs)
  local changes = ctx.store:changes(run)
  local open, by_hash = {}, {}
  for _, job in ipairs(jobs) do by_hash[job.hash] = job end
  for _, change in ipairs(changes.regressions) do
    if by_hash[change.arch_hash] and not change.class then open[#open + 1] = change end
  end
  if #open == 0 then return true end
  local work = { run = run, lab = lab, jobs = by_hash, previous = changes.previous,
    before = lab_before(ctx, lab, changes.previous), decide = ctx.rules("confirm"),
    progress = ctx.progress:task("confirm", #open) }
  local failure
  parallel.map(open, function(change)
    local ok, err = confirm_one(ctx, work, change)
    if not ok then failure = err end
  end, { limit = width.choose(ctx.config.parallel, jobs) })
  work.progress:done()
  if failure then return nil, failure end
  return true
end

return M
