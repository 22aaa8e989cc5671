-- SPDX-License-Identifier: Apache-2.0
-- Runs a workflow: every job as soon as the jobs it needs have ended, at most so many at once, with
-- the workflows that it calls. The PipelineRun on disk is written when a stage begins or ends, so
-- that a killed run shows how far it came.

local calls = require "pipelines.parity.ci.calls"
local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local fs = require "std.fs"
local jobs_of = require "pipelines.parity.ci.job"
local json = require "std.json"
local matrix_of = require "pipelines.parity.ci.matrix"
local parallel = require "std.parallel"
local table_of = require "std.table"
local time = require "std.time"

local M = {}

local function command_of(definition)
  local list = {}
  for _, step in ipairs(definition.steps or {}) do
    list[#list + 1] = step.run and tostring(step.run):gsub("%s+$", "") or "uses " .. step.uses
  end
  return #list > 0 and table.concat(list, "\n") or "uses " .. tostring(definition.uses)
end

local function add_stage(state, entry, combination)
  local run = state.run
  local name = state.prefix .. matrix_of.label(entry.id, combination, entry.order)
  local stage = { id = ("%s/%d"):format(run.id, #run.stages + 1), pipeline_run_id = run.id,
    name = name, order = #run.stages + 1, status = "pending", command = command_of(entry.job),
    logs = {}, artifacts = json.array(), metadata = { retry_count = 0,
      service_dependencies = json.array(table_of.sorted_keys(entry.job.services or {})) } }
  table.insert(run.stages, stage)
  return stage
end

local function scope_of(state, entry, combination, more)
  local needs = {}
  for _, id in ipairs(entry.needs) do needs[id] = state.results[id] end
  return { status = "success", hash_files = function() return "" end,
    contexts = table_of.merge({ github = state.github, env = {}, matrix = combination,
      needs = needs, secrets = state.secrets, vars = state.vars, inputs = state.inputs, steps = {},
      job = {}, runner = state.runner, strategy = {} }, more) }
end

-- How it went in all jobs that come before, also those of others: after a failure, or after a job
-- that was left out, one without a condition of its own is left out as well.
local function status_before(state, entry)
  local status = "success"
  for _, id in ipairs(entry.ancestors) do
    local result = state.results[id].result
    if result == "failure" then return "failure" end
    if result == "cancelled" then status = "cancelled" end
    if result == "skipped" and status == "success" then status = "skipped" end
  end
  return status
end

local FOREIGN <const> = { windows = "Windows", macos = "macOS" }

-- What the job's log begins with, and whether it is for another system than this machine's.
local function runner_note(state, definition, scope)
  local wanted = expression.text(expression.fill_all(definition["runs-on"], scope))
  local here = ("%s %s"):format(state.runner.os, state.runner.arch)
  for word, system in pairs(FOREIGN) do
    if wanted:lower():find(word, 1, true) and system ~= state.runner.os then
      return ("##[warning]runs-on %s: this machine is %s"):format(wanted, here), true
    end
  end
  return ("runs-on %s: this machine, %s"):format(wanted, here), false
end

local function job_of(state, entry, stage, scope)
  local definition = entry.job
  local note, foreign = runner_note(state, definition, scope)
  local defaults = table_of.merge(state.workflow.defaults and state.workflow.defaults.run,
    definition.defaults and definition.defaults.run)
  local folder = stage.name:gsub("[^%w_.-]+", "_"):sub(1, 100)
  return { definition = definition, stage = stage, project = state.project, run_id = state.run.id,
    outer_env = table_of.merge(state.base_env, { GITHUB_JOB = entry.id }), skip = state.skip,
    workflow_env = state.workflow.env, retries = state.retries, defaults = defaults,
    own_files = state.own_files, event = state.github.event, keep_home = state.keep_home,
    uploads = state.uploads, control = { stop = parallel.event() },
    runner_note = note, foreign = foreign and not state.any_system,
    live = state.live and function(line) state.live(stage, line) end,
    artifacts_dir = fs.join(state.artifacts, ("%d-%s"):format(stage.order, folder)) }
end

local function skip(state, stage)
  stage.status = "skipped"
  state.save()
  state.on_end(stage)
end

-- A stage that could not begin: an expression of its own has failed.
local function broken(state, stage, err)
  if not error_of.is(err) or err.code == "cancelled" then error(err, 0) end
  stage.status, stage.exit_code, stage.logs = "failed", 1, { stderr = tostring(err) .. "\n" }
  state.save()
  state.on_end(stage)
  return { result = "failure", outputs = {} }
end

-- One failed: the other combinations are stopped, unless the job says that it may fail.
local function stop_others(group, reason)
  group.failed = true
  for control in pairs(group.live) do jobs_of.stop(control, reason) end
end

-- One combination of a job with steps; the group is all of them.
local function run_stage(state, group, combination, stage, strategy)
  local permit <close> = state.permits:acquire() -- luacheck: ignore permit
  local entry = group.entry
  if group.failed then
    skip(state, stage)
    return { result = "cancelled", outputs = {} }
  end
  local scope = scope_of(state, entry, combination, { strategy = strategy })
  local ok, job = pcall(job_of, state, entry, stage, scope)
  if not ok then return broken(state, stage, job) end
  if job.foreign then
    stage.logs = { stdout = job.runner_note .. ", --any-system runs it all the same\n" }
    skip(state, stage)
    return { result = "skipped", outputs = {} }
  end
  scope.contexts.github = table_of.merge(state.github, { job = entry.id })
  stage.status, stage.started_at = "running", time.iso()
  state.save()
  local item = state.on_begin(stage)
  group.live[job.control] = true
  local result, outputs = jobs_of.run(job, scope)
  group.live[job.control] = nil
  if result ~= "success" and not job.control.stopped_by and group.fail_fast then
    stop_others(group, ("%s failed"):format(stage.name))
  end
  state.save()
  state.on_end(stage, item, job.log.annotations)
  return { result = result, outputs = outputs }
end

-- One combination of a job that calls another workflow.
local function run_called(state, group, combination, strategy)
  local scope = scope_of(state, group.entry, combination, { strategy = strategy })
  local ok, nested = pcall(calls.state, state, group.entry, combination, scope)
  if not ok then return broken(state, add_stage(state, group.entry, combination), nested) end
  M.run_jobs(nested)
  local ended, result = pcall(calls.result, nested)
  if not ended then return broken(state, add_stage(state, group.entry, combination), result) end
  return result
end

-- A value that is empty in one combination does not hide that of another.
local function combine(results)
  local outputs = {}
  for _, one in ipairs(results) do
    for name, value in pairs(one.outputs) do
      if value ~= "" or outputs[name] == nil then outputs[name] = value end
    end
  end
  return { result = calls.worst(results), outputs = outputs }
end

local function whole(value, scope)
  local number = math.tointeger(tonumber(expression.fill(value, scope)))
  if number and number >= 1 then return number end
  error(error_of.new { op = "max-parallel", code = "invalid",
    message = ("'%s' is no number of jobs"):format(tostring(value)) }, 0)
end

-- The combinations, and what the strategy says about them.
local function plan(state, entry)
  local scope = scope_of(state, entry, {})
  local strategy = entry.job.strategy or {}
  local matrix = expression.fill_all(entry.matrix, scope)
  local list = matrix_of.combinations(matrix, type(entry.matrix) == "table" and entry.order or nil)
  local fail_fast = strategy["fail-fast"]
  local limit = strategy["max-parallel"] and whole(strategy["max-parallel"], scope)
  return { entry = entry, list = list, limit = limit, live = {}, fail_fast = #list > 1
    and (fail_fast == nil or expression.truthy(expression.fill(fail_fast, scope))) }
end

local function run_all(state, group)
  local stages, list = {}, group.list
  if not group.entry.called then
    for i, one in ipairs(list) do stages[i] = add_stage(state, group.entry, one) end
  end
  return combine(parallel.map(list, function(one, i)
    local strategy = { ["fail-fast"] = group.fail_fast, ["job-index"] = i - 1,
      ["job-total"] = #list, ["max-parallel"] = group.limit or #list }
    if group.entry.called then return run_called(state, group, one, strategy) end
    return run_stage(state, group, one, stages[i], strategy)
  end, { limit = group.limit }))
end

local function result_of(state, entry)
  local scope = scope_of(state, entry, {})
  scope.status = status_before(state, entry)
  local ok, runs = pcall(expression.condition, entry.job["if"], scope)
  if not ok then return broken(state, add_stage(state, entry, {}), runs) end
  if not runs then
    skip(state, add_stage(state, entry, {}))
    return { result = "skipped", outputs = {} }
  end
  local planned, group = pcall(plan, state, entry)
  if not planned then return broken(state, add_stage(state, entry, {}), group) end
  return run_all(state, group)
end

--- Runs the jobs of one workflow.
---@param state table with `results` and `ended` of its own
function M.run_jobs(state)
  for _, entry in ipairs(state.workflow.jobs) do state.ended[entry.id] = parallel.event() end
  parallel.map(state.workflow.jobs, function(entry)
    for _, id in ipairs(entry.needs) do state.ended[id]:wait() end
    state.results[entry.id] = result_of(state, entry)
    state.ended[entry.id]:set()
  end)
end

--- Counts the stages into the run's summary.
function M.summarize(run)
  local counts = { passed = 0, failed = 0, skipped = 0 }
  for _, stage in ipairs(run.stages) do
    if counts[stage.status] then counts[stage.status] = counts[stage.status] + 1 end
  end
  run.summary = { total_stages = #run.stages, passed_stages = counts.passed,
    failed_stages = counts.failed, skipped_stages = counts.skipped }
end

--- Ends a run: its summary, times and status.
function M.finish(run, start, status)
  M.summarize(run)
  run.completed_at = time.iso()
  run.total_duration_seconds = math.floor(time.monotonic() - start + 0.5)
  run.status = status or (run.summary.failed_stages > 0 and "failed" or "passed")
end

--- Runs a workflow's jobs.
---@param state table {workflow, run, project, own_files, artifacts, github, runner, base_env,
---  secrets, vars, inputs, skip, retries, parallel, keep_home, any_system, save = fun(), on_begin =
---  fun(stage), on_end = fun(stage, item, annotations), live = fun(stage, line)?}
---@return boolean?
---@return lsqm.Error?
function M.run(state)
  state.results, state.ended, state.prefix = {}, {}, ""
  state.uploads = { folder = fs.join(state.artifacts, "uploads"), owner = {} }
  state.permits = parallel.semaphore(state.parallel)
  local ok, err = pcall(M.run_jobs, state)
  if ok then return true end
  if error_of.is(err) and err.code ~= "cancelled" then return nil, err end
  error(err, 0)
end

return M
