-- SPDX-License-Identifier: Apache-2.0
-- One run: all chosen architectures in one emulator, what got worse tried again, the summary.

local carry = require "std.store.carry"
local confirm = require "pipelines.weekly.validate.confirm"
local error_of = require "std.error"
local parallel = require "std.parallel"
local recorded = require "std.validation.recorded"
local select = require "pipelines.weekly.validate.select"
local shard = require "std.shard"
local width = require "std.validation.width"

local M = {}

local function is_same_emulator(record, lab)
  local then_, now = record.emulator or {}, lab:describe()
  return then_.name == now.name and then_.driver == now.driver and then_.image == now.image
end

-- A run of a matrix is gone on with in that matrix only; a finished one is not begun again.
local function started(store, lab, matrix)
  for _, record in ipairs(store:runs()) do
    local wanted = not record.finished or matrix ~= nil
    if wanted and record.matrix == matrix and is_same_emulator(record, lab) then
      return store:open_run(record.run_id)
    end
  end
  return nil
end

local function open_run(ctx, options, lab, at_once)
  if options.resume and not options.cut then
    local run = started(ctx.store, lab, options.matrix)
    if run then return run end
    if not options.matrix then ctx.log:warn("no unfinished run to resume; a new one begins") end
  end
  local snapshot = { parallel = at_once, timeout = ctx.config.timeout,
    token_budget = ctx.config.token_budget, dry_run = ctx.config.dry_run,
    deployer = ctx.config.deployer, generator = ctx.config.generator,
    matrix = options.matrix, provider_version = lab.provider_version,
    terraform_version = lab.tool.kind .. " " .. lab.tool.version }
  if options.cut then
    return shard.open_run(ctx.store, options.cut, snapshot, lab:describe(), options)
  end
  return ctx.store:new_run(snapshot, lab:describe())
end

local function lost_results(run, cause)
  return error_of.new { op = "validate", code = "io", cause = cause,
    message = ("%d results could not be stored; run %s can be resumed"):format(run.lost or 1,
      run.run_id) }
end

local function report_problem(ctx, run, job, err)
  ctx.log:error("result not stored", { arch = job.hash, error = tostring(err) })
  run.lost = (run.lost or 0) + 1
end

-- "latest" becomes the version that the emulator itself names; a provider that came from a registry
-- is known once it is there.
local function note_emulator(ctx, run, lab, result)
  local seen = result.emulator
  if run.noted or not (seen and seen.started and seen.version) then return end
  run.noted = true
  local emulator = lab:describe()
  emulator.version = seen.version
  local ok, err = run:note { emulator = emulator,
    provider_version = run.config.provider_version or result.provider_version }
  if not ok then ctx.log:error("emulator's version not noted", { error = tostring(err) }) end
end

-- What the harness failed at says nothing: it is tried again before it is written down. What the
-- emulator lacks here it will lack again.
local function is_final(result)
  return result.status ~= "ERROR" or result.emulator ~= nil and result.emulator.lacks ~= nil
end

local function judge(ctx, run, job, lab, known)
  local inputs = recorded.key(lab, job)
  if known[inputs] then return recorded.reuse(known[inputs], run.run_id) end
  local result
  for attempt = 1, ctx.config.retries + 1 do
    result = lab:validate(job, run)
    result.attempts, result.inputs = attempt, inputs
    if is_final(result) then break end
  end
  return result
end

-- A shard that is run again may have got work since.
local function has_open(run, jobs)
  local done = run.dir and run:done() or {}
  for _, job in ipairs(run.dir and jobs or {}) do
    if not done[job.hash] then return true end
  end
  return false
end

-- how: {known = verdicts by their key, at_once =, seconds = hash → what it is thought to take}
local function validate_all(ctx, run, jobs, lab, how)
  local done, open, hashes, sum = run:done(), {}, {}, 0
  for _, job in ipairs(jobs) do
    if not done[job.hash] then
      open[#open + 1], sum = job, sum + how.seconds[job.hash]
      local is_known = next(how.known) and how.known[recorded.key(lab, job)]
      if not is_known then hashes[#hashes + 1] = job.hash end
    end
  end
  local progress <close> = ctx.progress:task("validate", #open, sum)
  local ahead <close> = lab:boot_ahead(run, hashes) -- luacheck: ignore ahead
  parallel.map(open, function(job)
    local item = progress:begin(job.name or job.hash, how.seconds[job.hash])
    local result = judge(ctx, run, job, lab, how.known)
    local ok, err = run:put_result(result)
    if not ok then report_problem(ctx, run, job, err) end
    note_emulator(ctx, run, lab, result)
    progress:step(("%-8s %6.1fs %s%s%s"):format(result.status, result.duration_seconds,
      job.name or job.hash, result.reason and " (" .. result.reason .. ")" or "",
      result.cached_from and ", recorded by run " .. result.cached_from:sub(1, 8) or ""),
      item)
  end, { limit = how.at_once })
  return progress:done()
end

---What came in since the run before this one: the data model's new_architectures and tokens_used.
---@param store lsqm.Store
---@param run lsqm.Run
---@return integer new_architectures
---@return integer tokens_used
function M.news(store, run)
  local since = ""
  for _, record in ipairs(store:runs { finished = true }) do
    if record.run_id ~= run.run_id and record.started_at <= run.config.started_at then
      since = record.started_at
      break
    end
  end
  local new, tokens = 0, 0
  for _, meta in ipairs(store:architectures()) do
    if meta.discovered_at > since then new = new + 1 end
    local app = store:app(meta.hash)
    if app and app.generated_at > since then
      tokens = tokens + app.input_tokens + app.output_tokens
    end
  end
  return new, tokens
end

---@param ctx table
---@param lab table see std.validation
---@param jobs table[] architectures
---@param options {resume: boolean|nil, cached: boolean|nil, matrix: string|nil, cut: lsqm.Cut|nil}
---  with a cut the results are a shard's, see std.shard
---@return table|nil summary
---@return lsqm.Error|nil err
function M.run(ctx, lab, jobs, options)
  local how = { known = options.cached and recorded.of(ctx.store) or {},
    at_once = width.choose(ctx.config.parallel, jobs), seconds = select.seconds(ctx.store, jobs) }
  local run, err = open_run(ctx, options, lab, how.at_once)
  if not run then return nil, err end
  if run:is_finished() and not has_open(run, jobs) then return run:summary() end
  local timing = ctx.log:stage("validate")
  local seconds = validate_all(ctx, run, jobs, lab, how)
  if run.lost then return nil, lost_results(run) end
  if ctx.config.confirm.enabled then
    local ok
    ok, err = confirm.run(ctx, run, lab, jobs)
    if not ok then return nil, lost_results(run, err) end
  end
  if options.carry and run.dir then
    local ok
    ok, err = carry.put(ctx.store, options.cut, run)
    if not ok then return nil, err end
  end
  local new, tokens = M.news(ctx.store, run)
  local summary
  summary, err = run:finish { duration_seconds = seconds, new_architectures = new,
    tokens_used = tokens }
  if not summary then return nil, err end
  timing:done { total = summary.total, passed = summary.passed }
  return summary
end

return M
