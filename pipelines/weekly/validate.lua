-- SPDX-License-Identifier: Apache-2.0
-- validate: every architecture with an app in a fresh emulator of its own (FR-023 to FR-031).

local error_of = require "std.error"
local confirm = require "pipelines.weekly.confirm"
local recorded = require "std.validation.recorded"
local stage = require "std.stage"
local suggest = require "std.suggest"
local tables = require "std.table"
local validation = require "std.validation"

-- Seconds that the provider waits, without using the processor, when it makes such resources.
local WAITS = { sqs = 50, kinesis = 40, lambda = 5 }

local function estimate(architecture)
  local seconds = 25 + architecture.resource_count
  for _, service in ipairs(architecture.services) do
    seconds = seconds + (WAITS[service] or 0)
  end
  return seconds
end

-- What takes longest goes first, by the last run's durations or an estimate: the tail gets short.
local function order(store, jobs)
  local last, seconds = store:runs()[1], {}
  for _, job in ipairs(jobs) do seconds[job.hash] = estimate(job) end
  local run = last and store:run(last.run_id)
  for hash, result in pairs(run and run:results() or {}) do
    seconds[hash] = result.duration_seconds
  end
  table.sort(jobs, function(a, b)
    local x, y = seconds[a.hash], seconds[b.hash]
    if x ~= y then return x > y end
    return a.hash < b.hash
  end)
  return jobs
end

local function is_ready(ctx, architecture)
  return not architecture.skipped and not architecture.superseded_by
    and not architecture.source_error and ctx.store:app(architecture.hash) ~= nil
end

-- Words that name nothing are a mistake of the caller, not an empty run.
local function check_words(words, architectures)
  local names = {}
  for _, one in ipairs(architectures) do
    names[one.hash] = true
    if one.name then names[one.name] = true end
  end
  for _, word in ipairs(words) do
    if not names[word] then
      local near = suggest.did_you_mean(word, names)
      return nil, error_of.new { op = "validate", code = "usage",
        message = ("no architecture '%s'"):format(word),
        hint = near and ("did you mean '%s'?"):format(near) or "lsqm status counts what there is" }
    end
  end
  return true
end

local function select_jobs(ctx, args)
  local words, all = {}, ctx.store:architectures()
  for _, list in ipairs { args.hashes or {}, ctx.config.only or {} } do
    for _, word in ipairs(list) do words[#words + 1] = word end
  end
  local ok, err = check_words(words, all)
  if not ok then return nil, err end
  local jobs = {}
  for _, one in ipairs(all) do
    local wanted = #words == 0 or tables.contains(words, one.hash)
      or tables.contains(words, one.name)
    if wanted and is_ready(ctx, one) then jobs[#jobs + 1] = one end
  end
  return order(ctx.store, jobs)
end

local function unfinished(store)
  for _, record in ipairs(store:runs()) do
    if not record.finished then return store:open_run(record.run_id) end
  end
  return nil
end

local function open_run(ctx, args, lab)
  if args.resume then
    local run = unfinished(ctx.store)
    if run then return run end
    ctx.log:warn("no unfinished run to resume; a new one begins")
  end
  local snapshot = { parallel = ctx.config.parallel, timeout = ctx.config.timeout,
    token_budget = ctx.config.token_budget, dry_run = ctx.config.dry_run,
    deployer = ctx.config.deployer, generator = ctx.config.generator,
    terraform_version = lab.tool.kind .. " " .. lab.tool.version }
  return ctx.store:new_run(snapshot, lab:describe())
end

local function lost_results(run, cause)
  return error_of.new { op = "validate", code = "io", cause = cause,
    message = ("%d results could not be stored; run %s can be resumed"):format(run.lost or 1,
      run.run_id) }
end

local function dry_run(ctx, jobs)
  for _, job in ipairs(jobs) do
    ctx.out(("would validate %s %s"):format(job.hash, job.name or job.source_url))
  end
  return 0
end

local function report_problem(ctx, run, job, err)
  ctx.log:error("result not stored", { arch = job.hash, error = tostring(err) })
  run.lost = (run.lost or 0) + 1
end

-- "latest" becomes the version that the emulator itself names.
local function note_emulator(ctx, run, lab, result)
  local seen = result.emulator
  if run.noted or not (seen and seen.started and seen.version) then return end
  run.noted = true
  local emulator = lab:describe()
  emulator.version = seen.version
  local ok, err = run:note { emulator = emulator }
  if not ok then ctx.log:error("emulator's version not noted", { error = tostring(err) }) end
end

-- What the harness failed at says nothing: it is tried again before it is written down.
local function judge(ctx, run, job, lab, known)
  local inputs = recorded.key(lab, job)
  if known[inputs] then return recorded.reuse(known[inputs], run.run_id) end
  local result
  for attempt = 1, ctx.config.retries + 1 do
    result = lab:validate(job, run)
    result.attempts, result.inputs = attempt, inputs
    if result.status ~= "ERROR" then break end
  end
  return result
end

local function validate_all(ctx, run, jobs, lab, known)
  local parallel = require "std.parallel"
  local done, open = run:done(), {}
  for _, job in ipairs(jobs) do
    if not done[job.hash] then open[#open + 1] = job end
  end
  local progress = ctx.progress:task("validate", #open)
  parallel.map(open, function(job)
    local result = judge(ctx, run, job, lab, known)
    local ok, err = run:put_result(result)
    if not ok then report_problem(ctx, run, job, err) end
    note_emulator(ctx, run, lab, result)
    progress:step(("%-8s %6.1fs %s%s%s"):format(result.status, result.duration_seconds,
      job.name or job.hash, result.reason and " (" .. result.reason .. ")" or "",
      result.cached_from and ", recorded by run " .. result.cached_from:sub(1, 8) or ""))
  end, { limit = ctx.config.parallel })
  return progress:done()
end

-- What came in since the run before this one: the data model's new_architectures and tokens_used.
local function news(store, run)
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

return stage {
  api = 1, name = "validate",
  help = "Deploy and test each architecture in a fresh emulator",
  args = {
    { name = "hashes", kind = "positional", optional = true, repeatable = true,
      help = "Hashes or names of architectures (default: all that have an app)" },
    { name = "--resume", kind = "flag", help = "Go on with the run that did not finish" },
    { name = "--cached", kind = "flag",
      help = "Take over earlier verdicts where nothing that they depend on changed" },
    { name = "--json", kind = "flag", help = "Print the run's summary as JSON" },
  },
  run = function(ctx, args)
    local jobs, err = select_jobs(ctx, args)
    if not jobs then return nil, err end
    if ctx.dry_run then return dry_run(ctx, jobs) end
    local lab
    lab, err = validation.open(ctx)
    if not lab then return nil, err end
    local owned <close> = lab -- luacheck: ignore owned
    local run
    run, err = open_run(ctx, args, lab)
    if not run then return nil, err end
    local timing = ctx.log:stage("validate")
    local known = args.cached and recorded.of(ctx.store) or {}
    local seconds = validate_all(ctx, run, jobs, lab, known)
    if run.lost then return nil, lost_results(run) end
    if ctx.config.confirm.enabled then
      local ok
      ok, err = confirm.run(ctx, run, lab, jobs)
      if not ok then return nil, lost_results(run, err) end
    end
    local new, tokens = news(ctx.store, run)
    local summary
    summary, err = run:finish { duration_seconds = seconds, new_architectures = new,
      tokens_used = tokens }
    if not summary then return nil, err end
    timing:done { total = summary.total, passed = summary.passed }
    if args.json then ctx.out(require("std.json").encode(summary)) end
    return 0
  end,
}
