-- SPDX-License-Identifier: Apache-2.0
-- Runs a workflow: every job as soon as the jobs it needs have ended, at most so many at once. The
-- PipelineRun on disk is written when a stage begins or ends, so that a killed run shows how far
-- it came.

local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local fs = require "std.fs"
local jobs_of = require "pipelines.parity.ci.job"
local json = require "std.json"
local parallel = require "std.parallel"
local table_of = require "std.table"
local time = require "std.time"
local workflows = require "pipelines.parity.ci.workflow"

local M = {}

local function label(id, combination)
  local parts = {}
  for _, key in ipairs(table_of.sorted_keys(combination)) do
    parts[#parts + 1] = expression.text(combination[key])
  end
  return #parts > 0 and ("%s (%s)"):format(id, table.concat(parts, ", ")) or id
end

local function command_of(definition)
  local list = {}
  for _, step in ipairs(definition.steps) do
    list[#list + 1] = step.run and step.run:gsub("%s+$", "") or "uses " .. step.uses
  end
  return table.concat(list, "\n")
end

local function add_stage(state, entry, combination)
  local run = state.run
  local name = label(entry.id, combination)
  local stage = { id = ("%s/%d"):format(run.id, #run.stages + 1), pipeline_run_id = run.id,
    name = name, order = #run.stages + 1, status = "pending", command = command_of(entry.job),
    logs = {}, artifacts = json.array(), metadata = { retry_count = 0,
      service_dependencies = json.array(table_of.sorted_keys(entry.job.services or {})) } }
  table.insert(run.stages, stage)
  return stage
end

local function scope_of(state, entry, combination)
  local needs = {}
  for _, id in ipairs(entry.needs) do needs[id] = state.results[id] end
  return { status = "success", hash_files = function() return "" end,
    contexts = { github = state.github, env = state.workflow.env or {}, matrix = combination,
      needs = needs, secrets = state.secrets, vars = state.vars, inputs = {}, steps = {}, job = {},
      runner = { os = "Linux", arch = "X64", temp = "/tmp", name = "lsqm" },
      strategy = { ["fail-fast"] = entry.fail_fast } } }
end

-- Without a condition a job runs after success of all that it needs.
local function status_before(state, entry)
  local status = "success"
  for _, id in ipairs(entry.needs) do
    local result = state.results[id].result
    if result == "failure" then return "failure" end
    if result ~= "success" then status = "skipped" end
  end
  return status
end

local function job_of(state, entry, stage)
  local definition = entry.job
  local defaults = table_of.merge(state.workflow.defaults and state.workflow.defaults.run,
    definition.defaults and definition.defaults.run)
  return { definition = definition, stage = stage, project = state.project, run_id = state.run.id,
    base_env = table_of.merge(state.base_env, { GITHUB_JOB = entry.id }),
    workflow_env = state.workflow.env, retries = state.retries, defaults = defaults,
    timeout_minutes = definition["timeout-minutes"] or 360,
    artifacts_dir = fs.join(state.artifacts, (stage.name:gsub("[^%w_.-]+", "_"))) }
end

local function skip(state, stage)
  stage.status = "skipped"
  state.save()
end

-- One combination; true when it passed.
local function run_stage(state, entry, combination, stage)
  local permit <close> = state.permits:acquire() -- luacheck: ignore permit
  if entry.failed and entry.fail_fast then
    skip(state, stage)
    return "skipped", {}
  end
  local scope = scope_of(state, entry, combination)
  stage.status = "running"
  stage.started_at = time.iso()
  state.save()
  state.say(("%s started"):format(stage.name))
  local result, outputs = jobs_of.run(job_of(state, entry, stage), scope)
  if result == "failure" then entry.failed = true end
  state.save()
  state.say(("%s %s after %d s"):format(stage.name, stage.status, stage.duration_seconds))
  return result, outputs
end

local function combine(results)
  local result, outputs = "skipped", {}
  for _, one in ipairs(results) do
    if one[1] == "failure" then result = "failure" end
    if one[1] == "success" and result ~= "failure" then result = "success" end
    outputs = table_of.merge(outputs, one[2])
  end
  return { result = result, outputs = outputs }
end

local function combinations_of(state, entry)
  local matrix = entry.matrix
  if type(matrix) == "string" then
    matrix = expression.fill(matrix, scope_of(state, entry, {}))
  end
  return workflows.matrix(matrix, entry.order)
end

local function run_job(state, entry)
  for _, id in ipairs(entry.needs) do state.ended[id]:wait() end
  local scope = scope_of(state, entry, {})
  scope.status = status_before(state, entry)
  if not expression.condition(entry.job["if"], scope) then
    skip(state, add_stage(state, entry, {}))
    state.results[entry.id] = { result = "skipped", outputs = {} }
    return state.ended[entry.id]:set()
  end
  local strategy = entry.job.strategy or {}
  entry.fail_fast = strategy["fail-fast"] ~= false
  local list = combinations_of(state, entry)
  local stages = table_of.map(list, function(one) return add_stage(state, entry, one) end)
  state.results[entry.id] = combine(parallel.map(list, function(one, i)
    return { run_stage(state, entry, one, stages[i]) }
  end, { limit = strategy["max-parallel"] }))
  state.ended[entry.id]:set()
end

local function summarize(run)
  local counts = { passed = 0, failed = 0, skipped = 0 }
  for _, stage in ipairs(run.stages) do
    if counts[stage.status] then counts[stage.status] = counts[stage.status] + 1 end
  end
  run.summary = { total_stages = #run.stages, passed_stages = counts.passed,
    failed_stages = counts.failed, skipped_stages = counts.skipped }
end
M.summarize = summarize

--- Ends a run: its summary, times and status.
function M.finish(run, start, status)
  summarize(run)
  run.completed_at = time.iso()
  run.total_duration_seconds = math.floor(time.monotonic() - start + 0.5)
  run.status = status or (run.summary.failed_stages > 0 and "failed" or "passed")
end

--- Runs a workflow's jobs.
---@param state table {workflow, run, project, artifacts, github, base_env, secrets, vars, retries,
---  parallel, save = fun(), say = fun(text)}
---@return boolean?
---@return lsqm.Error?
function M.run(state)
  state.results, state.ended = {}, {}
  state.permits = parallel.semaphore(state.parallel)
  for _, entry in ipairs(state.workflow.jobs) do state.ended[entry.id] = parallel.event() end
  local ok, err = pcall(parallel.map, state.workflow.jobs, function(entry)
    run_job(state, entry)
  end)
  if ok then return true end
  if error_of.is(err) and err.code ~= "cancelled" then return nil, err end
  error(err, 0)
end

return M
