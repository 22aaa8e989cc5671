-- SPDX-License-Identifier: Apache-2.0
-- One job (one combination of its matrix) as a PipelineStage: in a copy of the project, with its
-- services, its steps one after the other, and what it leaves kept as artifacts.

local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local fs = require "std.fs"
local json = require "std.json"
local mask = require "std.mask"
local resolve = require "std.resolve"
local services_of = require "pipelines.parity.ci.services"
local sha256 = require "std.sha256"
local step_of = require "pipelines.parity.ci.step"
local table_of = require "std.table"
local time = require "std.time"

local M = {}

local MAX_LOG <const> = 256 * 1024

local function new_log()
  local out, err = {}, {}
  local function text(list)
    local all = mask.text(table.concat(list))
    return #all > MAX_LOG and all:sub(-MAX_LOG) or all
  end
  return { stdout = function(part) out[#out + 1] = part end,
    stderr = function(part) err[#err + 1] = part end,
    both = function() return { stdout = text(out), stderr = text(err) } end }
end

local function hash_files(workspace)
  return function(...)
    local parts = {}
    for _, name in ipairs(fs.walk(workspace, { skip = { ".git" } }) or {}) do
      for _, glob in ipairs { ... } do
        if fs.match(glob, name) then
          parts[#parts + 1] = sha256.file(fs.join(workspace, name)) or ""
          break
        end
      end
    end
    return #parts > 0 and sha256.string(table.concat(parts)) or ""
  end
end

local function artifact_rule(job, name)
  for _, rule in ipairs(assert(resolve.load("parity", "rules.artifacts"))) do
    if fs.match(rule[1], name) then return rule end
  end
  for _, glob in ipairs(job.uploads) do
    local clean = glob:gsub("^%./", ""):gsub("/$", "")
    if fs.match(clean, name) or name:sub(1, #clean + 1) == clean .. "/" then
      return { type = "build_artifact", format = fs.ext(name):sub(2) }
    end
  end
  return nil
end

local function keep(job, stage, name, rule)
  local to = fs.join(job.artifacts_dir, name)
  fs.mkdir(fs.dirname(to))
  local ok, err = fs.copy(fs.join(job.workspace, name), to)
  if not ok then error(err, 0) end
  table.insert(stage.artifacts, { stage_id = stage.id, type = rule.type, path = to,
    size_bytes = fs.stat(to).size, format = rule.format ~= "" and rule.format or "binary" })
end

-- Files that were there before the job are no artifacts of it, unless it changed them.
local function collect(job, stage)
  for _, name in ipairs(fs.walk(job.workspace, { skip = { ".git", "node_modules" } }) or {}) do
    local rule = artifact_rule(job, name)
    local before = rule and fs.stat(fs.join(job.project, name))
    local now = rule and fs.stat(fs.join(job.workspace, name))
    if rule and now.type == "file" and not (before and before.size == now.size
      and sha256.file(fs.join(job.project, name)) == sha256.file(fs.join(job.workspace, name))) then
      keep(job, stage, name, rule)
    end
  end
end

local function keep_log(job, stage)
  local path = fs.join(job.artifacts_dir, "job.log")
  fs.mkdir(job.artifacts_dir)
  local text = stage.logs.stdout .. stage.logs.stderr
  if not fs.write(path, text) then return end
  table.insert(stage.artifacts, { stage_id = stage.id, type = "log_file", path = path,
    size_bytes = #text, format = "text" })
end

local function run_steps(job, scope)
  local failed_code
  for i, step in ipairs(job.definition.steps) do
    local entry = step_of.run(job, step, i, scope)
    if entry.conclusion == "failure" then
      scope.status = "failure"
      failed_code = failed_code or entry.code
    end
  end
  return failed_code or 0
end

local function with_services(job, scope)
  local held <close> = services_of.start(job.definition.services, scope, job.run_id)
  scope.contexts.job = { status = scope.status, services = held.contexts }
  return run_steps(job, scope)
end

local function prepare(job, folder)
  job.workspace, job.temp = fs.join(folder, "work"), fs.join(folder, "temp")
  local ok, err = fs.copy(job.project, job.workspace)
  if not ok then error(err, 0) end
  fs.mkdir(job.temp)
  job.base_env = table_of.merge(job.base_env, { GITHUB_WORKSPACE = job.workspace,
    RUNNER_TEMP = job.temp })
  job.path, job.uploads, job.log = {}, {}, new_log()
end

local function attempt(job, scope)
  local folder <close> = assert(fs.tempdir("lsqm-ci-"))
  prepare(job, folder.path)
  scope.status, scope.contexts.steps = "success", {}
  scope.hash_files = hash_files(job.workspace)
  scope.contexts.github = table_of.merge(scope.contexts.github, { workspace = job.workspace })
  job.env = step_of.filled_map(table_of.merge(job.workflow_env, job.definition.env), scope)
  local ok, code = pcall(with_services, job, scope)
  if not ok then
    if not error_of.is(code) or code.code == "cancelled" then error(code, 0) end
    job.log.stderr(tostring(code) .. "\n")
    code = 1
  end
  local stage = job.stage
  stage.exit_code, stage.logs = code, job.log.both()
  stage.artifacts = json.array()
  collect(job, stage)
  return code
end

local function outputs(job, scope)
  local ok, map = pcall(step_of.filled_map, job.definition.outputs, scope)
  return ok and map or {}
end

--- Runs a job, again after a failure as often as it may.
---@param job table {definition, stage, project, base_env, workflow_env, artifacts_dir, run_id,
---  retries, defaults, timeout_minutes}
---@param scope table of expressions
---@return string result success or failure
---@return table outputs
function M.run(job, scope)
  local stage, start = job.stage, time.monotonic()
  stage.status, stage.started_at = "running", time.iso()
  for try = 0, job.retries do
    stage.metadata.retry_count = try
    fs.remove(job.artifacts_dir)
    if attempt(job, scope) == 0 then break end
  end
  keep_log(job, stage)
  local allowed = job.definition["continue-on-error"]
  local passed = stage.exit_code == 0
    or allowed ~= nil and expression.truthy(expression.fill(allowed, scope))
  stage.status = passed and "passed" or "failed"
  stage.completed_at = time.iso()
  stage.duration_seconds = math.floor(time.monotonic() - start + 0.5)
  return passed and "success" or "failure", outputs(job, scope)
end

return M
