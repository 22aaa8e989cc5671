-- SPDX-License-Identifier: Apache-2.0
-- validate: every architecture with an app in a fresh emulator of its own (FR-023 to FR-031).

local error_of = require "std.error"
local stage = require "std.stage"
local validation = require "std.validation"

-- What takes longest goes first, by the last run's durations: the tail gets short.
local function order(store, jobs)
  local last, seconds = store:runs()[1], {}
  local run = last and store:run(last.run_id)
  for hash, result in pairs(run and run:results() or {}) do
    seconds[hash] = result.duration_seconds or 0
  end
  table.sort(jobs, function(a, b)
    local x, y = seconds[a.hash] or 0, seconds[b.hash] or 0
    if x ~= y then return x > y end
    return a.hash < b.hash
  end)
  return jobs
end

local function wanted(config, args)
  local set, any = {}, false
  for _, list in ipairs { args.hashes or {}, config.only or {} } do
    for _, hash in ipairs(list) do
      set[hash] = true
      any = true
    end
  end
  return any and set or nil
end

local function select_jobs(ctx, args)
  local want, jobs = wanted(ctx.config, args), {}
  for _, architecture in ipairs(ctx.store:architectures()) do
    local ready = not architecture.skipped and not architecture.superseded_by
      and ctx.store:app(architecture.hash) ~= nil
    if ready and (not want or want[architecture.hash] or want[architecture.name]) then
      jobs[#jobs + 1] = architecture
    end
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

local function validate_all(ctx, run, jobs, lab)
  local parallel = require "std.parallel"
  local done, open = run:done(), {}
  for _, job in ipairs(jobs) do
    if not done[job.hash] then open[#open + 1] = job end
  end
  local progress = ctx.progress:task("validate", #open)
  parallel.map(open, function(job)
    local result = lab:validate(job, run)
    local ok, err = run:put_result(result)
    if not ok then report_problem(ctx, run, job, err) end
    progress:step(("%-8s %6.1fs %s%s"):format(result.status, result.duration_seconds,
      job.name or job.hash, result.reason and " (" .. result.reason .. ")" or ""))
  end, { limit = ctx.config.parallel })
  return progress:done()
end

return stage {
  api = 1, name = "validate",
  help = "Deploy and test each architecture in a fresh emulator",
  args = {
    { name = "hashes", kind = "positional", optional = true, repeatable = true,
      help = "Hashes or names of architectures (default: all that have an app)" },
    { name = "--resume", kind = "flag", help = "Go on with the run that did not finish" },
    { name = "--json", kind = "flag", help = "Print the run's summary as JSON" },
  },
  run = function(ctx, args)
    local jobs = select_jobs(ctx, args)
    if ctx.dry_run then return dry_run(ctx, jobs) end
    local lab, err = validation.open(ctx)
    if not lab then return nil, err end
    local owned <close> = lab -- luacheck: ignore owned
    local run
    run, err = open_run(ctx, args, lab)
    if not run then return nil, err end
    local timing = ctx.log:stage("validate")
    local seconds = validate_all(ctx, run, jobs, lab)
    if run.lost then
      return nil, error_of.new { op = "validate", code = "io",
        message = ("%d results could not be stored; run %s can be resumed"):format(run.lost,
          run.run_id) }
    end
    local summary
    summary, err = run:finish { duration_seconds = seconds }
    if not summary then return nil, err end
    timing:done { total = summary.total, passed = summary.passed }
    if args.json then ctx.out(require("std.json").encode(summary)) end
    return 0
  end,
}
