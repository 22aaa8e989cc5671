-- SPDX-License-Identifier: Apache-2.0
-- One job (one combination of its matrix) as a PipelineStage: in a copy of the project, with its
-- services, its steps one after the other, and what it leaves kept as artifacts.

local artifacts = require "pipelines.parity.ci.artifacts"
local container_of = require "pipelines.parity.ci.container"
local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local fs = require "std.fs"
local hash_files = require "pipelines.parity.ci.hash_files"
local json = require "std.json"
local log_of = require "pipelines.parity.ci.log"
local orphans = require "pipelines.parity.ci.orphans"
local parallel = require "std.parallel"
local services_of = require "pipelines.parity.ci.services"
local step_of = require "pipelines.parity.ci.step"
local table_of = require "std.table"
local time = require "std.time"
local uuid = require "std.uuid"
local workspace = require "pipelines.parity.ci.workspace"

local M = {}

-- By which workflows know that they run on somebody's machine: `if: ${{ !env.ACT }}`.
local LOCAL <const> = { ACT = "true" }

local function with_services(job, scope)
  local definition = job.definition
  local held <close> = services_of.start(definition.services, scope, { id = job.stage.id,
    run_id = job.run_id, control = job.control, network = definition.container ~= nil })
  local inside <close> = definition.container ~= nil
    and container_of.start(definition.container, scope, job, held) or nil
  job.container = inside
  scope.contexts.job = { status = scope.status, services = held.contexts,
    container = inside and { id = inside.id, network = held.network } or {} }
  return step_of.run_all(job, job.definition.steps, scope)
end

-- Steps that set up a program for its user do so in a home of the job's own.
local function prepare(job, folder)
  job.folder, job.workspace = folder, fs.join(folder, "work")
  job.temp = fs.join(folder, "temp")
  if not workspace.copy(job.project, job.workspace, job.own_files) then
    job.log:line("##[warning]the project is a submodule: the job's copy has no repository")
  end
  fs.mkdir(job.temp)
  local home = job.keep_home and os.getenv "HOME" or fs.join(folder, "home")
  if not job.keep_home then fs.mkdir(home) end
  job.tracking = "lsqm_" .. uuid.v4()
  local event = fs.join(folder, "event.json")
  assert(fs.write(event, json.encode(job.event)))
  job.base_env = table_of.merge(job.outer_env, { HOME = home, RUNNER_TEMP = job.temp,
    GITHUB_WORKSPACE = job.workspace, GITHUB_EVENT_PATH = event,
    RUNNER_TRACKING_ID = job.tracking })
  job.path, job.known, job.summary = {}, {}, {}
end

local function contexts_of(job, scope)
  local contexts = scope.contexts
  scope.status, contexts.steps = "success", {}
  scope.hash_files = hash_files.of(job.workspace)
  contexts.github = table_of.merge(contexts.github, { workspace = job.workspace,
    event_path = job.base_env.GITHUB_EVENT_PATH })
  contexts.runner = table_of.merge(contexts.runner, { temp = job.temp })
  contexts.env = table_of.merge(LOCAL, step_of.filled_map(job.workflow_env, scope))
  job.env = table_of.merge(contexts.env, step_of.filled_map(job.definition.env, scope))
end

local function steps_of(job, scope)
  contexts_of(job, scope)
  local minutes = expression.fill(job.definition["timeout-minutes"] or 360, scope)
  job.minutes = tonumber(minutes)
  if not job.minutes or job.minutes <= 0 then
    error(error_of.new { op = "timeout-minutes", code = "invalid",
      message = ("'%s' is no number of minutes"):format(tostring(minutes)) }, 0)
  end
  job.control.deadline = time.monotonic() + job.minutes * 60
  return with_services(job, scope)
end

-- What the job says of itself is known when its steps have ended.
local function outputs_of(job, scope)
  local ok, map = pcall(step_of.filled_map, job.definition.outputs, scope)
  if ok then return map end
  if not error_of.is(map) then error(map, 0) end
  job.log:fail("outputs: %s", tostring(map))
  return nil
end

-- A job that fails has a code; a machine on which it could not begin has not.
local function code_of(job, ok, code)
  if ok then return code end
  if not error_of.is(code) or code.code == "cancelled" or code.environment then error(code, 0) end
  job.log:fail("%s", tostring(code))
  return 1
end

-- The log so far stays with the stage, also of a run that is interrupted.
local function keeping_log(job)
  return setmetatable({}, { __close = function() job.stage.logs = job.log:both() end })
end

local function attempt(job, scope)
  local kept <close> = keeping_log(job) -- luacheck: ignore kept
  local folder <close> = assert(fs.tempdir("lsqm-ci-"))
  prepare(job, folder.path)
  local left <close> = orphans.of(job.tracking) -- luacheck: ignore left
  local code = code_of(job, pcall(steps_of, job, scope))
  local outputs = outputs_of(job, scope)
  if not outputs and code == 0 then code = 1 end
  local stage = job.stage
  stage.exit_code = code
  artifacts.collect(job)
  if #job.summary > 0 then
    artifacts.keep_text(job, "summary.md", table.concat(job.summary, "\n"), "markdown")
  end
  return code, outputs or {}
end

local function begin_attempt(job, try)
  local stage = job.stage
  stage.metadata.retry_count, stage.artifacts = try, json.array()
  fs.remove(job.artifacts_dir)
  artifacts.forget(job.uploads, stage)
  job.log = log_of.new(job.live)
  job.log:line("%s", job.runner_note)
end

-- The document knows no cancelled stage: one that ran out of time has failed, one that was stopped
-- because another combination failed is left out.
local function result_of(job, scope)
  if scope.status == "cancelled" and job.control.stopped_by then
    job.log:line("##[warning]cancelled: %s", job.control.stopped_by)
    return "skipped", "cancelled"
  end
  local allowed = job.definition["continue-on-error"]
  if job.stage.exit_code == 0 or allowed ~= nil
    and expression.truthy(expression.fill(allowed, scope)) then
    return "passed", "success"
  end
  return "failed", scope.status == "cancelled" and "cancelled" or "failure"
end

--- Runs a job, again after a failure as often as it may.
---@param job table {definition, stage, project, own_files, outer_env, workflow_env, event, skip,
---  artifacts_dir, uploads, run_id, retries, defaults, keep_home, runner_note, control, live}
---@param scope table of expressions
---@return string result success, failure or cancelled
---@return table outputs
function M.run(job, scope)
  local stage, start, outputs = job.stage, time.monotonic(), {}
  for try = 0, job.retries do
    local code
    job.control.stop = job.control.stopped_by and job.control.stop or parallel.event()
    begin_attempt(job, try)
    code, outputs = attempt(job, scope)
    if code == 0 or job.control.stopped_by then break end
  end
  local status, result = result_of(job, scope)
  stage.logs = job.log:both()
  artifacts.keep_text(job, "job.log", job.log:text(), "text")
  stage.status, stage.completed_at = status, time.iso()
  stage.duration_seconds = math.floor(time.monotonic() - start + 0.5)
  return result, outputs
end

--- Stops a job that runs: its step ends, then what runs always().
---@param control table the job's
function M.stop(control, reason)
  if control.stopped_by then return end
  control.stopped_by = reason
  control.stop:set()
end

return M
