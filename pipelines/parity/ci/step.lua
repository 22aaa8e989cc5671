-- SPDX-License-Identifier: Apache-2.0
-- The steps of a job or of a composite action, one after the other: each with its condition, its
-- environment and its time, and what it hands on through the files that GITHUB_ENV, GITHUB_OUTPUT,
-- GITHUB_PATH and GITHUB_STEP_SUMMARY name.

local actions = require "pipelines.parity.ci.actions"
local commands = require "pipelines.parity.ci.commands"
local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local fs = require "std.fs"
local keys = require "pipelines.parity.ci.keys"
local parallel = require "std.parallel"
local process = require "std.process"
local table_of = require "std.table"
local time = require "std.time"

local M = {}

local MAX_SUMMARY <const> = 2 ^ 20
local MAX_FILE <const> = 16 * 2 ^ 20
local LAST_SECONDS <const> = 300 -- what always() may still do in a job that was cancelled

-- In a container, and where there is no bash, sh is what runs without a shell of its own.
local function argv_of(job, shell, script)
  if shell == "default" and (job.container or not process.which "bash") then shell = "sh" end
  local words = keys.shells[shell]
  if not words then
    if not shell:find("{0}", 1, true) then
      error(error_of.new { op = "shell", code = "invalid",
        message = ("there is no shell '%s' here"):format(shell) }, 0)
    end
    words = {}
    for word in shell:gmatch("%S+") do words[#words + 1] = word end
  end
  return table_of.map(words, function(word) return (word:gsub("{0}", function()
    return script
  end)) end)
end

local function filled_map(map, scope)
  local out, whole = {}, expression.fill(map or {}, scope)
  if type(whole) ~= "table" then
    error(error_of.new { op = "env", code = "invalid",
      message = ("'%s' is no mapping"):format(expression.text(whole)) }, 0)
  end
  for key, value in pairs(whole) do
    out[key] = expression.text(expression.fill(value, scope))
  end
  return out
end
M.filled_map = filled_map

local FILES <const> = { GITHUB_ENV = "env", GITHUB_OUTPUT = "output", GITHUB_PATH = "path",
  GITHUB_STEP_SUMMARY = "summary", GITHUB_STATE = "state" }

-- A new file in the place of whatever a step left there. It lives as long as the job: fs.write,
-- which waits for the disk, would be most of a short step's time.
local function renew(path, text)
  assert(fs.remove(path))
  assert(fs.append(path, text))
end

-- What belongs to the runner keeps its value, whatever a workflow says.
local function is_reserved(name) return name:find("^GITHUB_") or name:find("^RUNNER_") end

local function environment_of(job, step_env)
  local env = table_of.merge(job.base_env, job.env, job.action_env, step_env)
  for name, value in pairs(job.base_env) do if is_reserved(name) then env[name] = value end end
  for name, file in pairs(FILES) do
    env[name] = fs.join(job.temp, file)
    renew(env[name], "")
  end
  if #job.path > 0 then
    env.PATH = table.concat(job.path, ":") .. ":"
      .. (env.PATH or job.container and job.container.path or process.environment().PATH)
  end
  return env
end

local function take_env(job, text)
  for _, row in ipairs(commands.assignments(text, "GITHUB_ENV")) do
    if job.base_env[row.name] and is_reserved(row.name) or row.name == "NODE_OPTIONS" then
      job.log:line("##[warning]%s cannot be set through GITHUB_ENV", row.name)
    else
      job.env[row.name] = row.value
    end
  end
end

-- A file that a step has written for us; it may have put anything in its place.
local function read_back(job, file)
  local path = fs.join(job.temp, file)
  if not fs.exists(path) then return "" end
  local text, err
  if fs.is_file(path) then text, err = fs.read(path, { max = MAX_FILE }) end
  if text then return text end
  error(err or error_of.new { op = file, code = "invalid", message = "is no file any more" }, 0)
end

-- What the step wrote into its files goes to the steps after it.
local function hand_on(job, outputs)
  local function read(file) return read_back(job, file) end
  local summary = read "summary"
  if summary ~= "" then table.insert(job.summary, summary:sub(1, MAX_SUMMARY)) end
  for line in read("path"):gmatch("[^\r\n]+") do table.insert(job.path, 1, line) end
  take_env(job, read "env")
  for _, row in ipairs(commands.assignments(read "output", "GITHUB_OUTPUT")) do
    outputs[row.name] = row.value
  end
end

-- Runs a program until it ends, its time is over, or the job is to stop.
local function run_program(job, options)
  local result, err
  local container = job.container
  local first = parallel.race {
    function()
      if container then result, err = container:run(options) return end
      result, err = process.run(options)
    end,
    function() job.control.stop:wait() end,
  }
  if first == 2 and container then container:kill() end
  if first == 2 then return { cancelled = true, code = 143 } end
  if not result then
    job.log:fail("%s", tostring(err))
    return { code = 127 }
  end
  return result
end

-- Seconds that a step has: its own limit or that of the action around it, or what is left of the
-- job's.
local function seconds_of(job, step, scope)
  local now = time.monotonic()
  local left, of_job = job.control.deadline - now, true
  if job.limit and job.limit - now < left then left, of_job = job.limit - now, false end
  left = math.max(0.001, left)
  local minutes = step["timeout-minutes"]
  if minutes == nil then return left, of_job end
  local own = tonumber(expression.fill(minutes, scope))
  if not own or own <= 0 then
    error(error_of.new { op = "timeout-minutes", code = "invalid",
      message = ("'%s' is no number of minutes"):format(tostring(minutes)) }, 0)
  end
  if own * 60 < left then return own * 60, false end
  return left, of_job
end

local function timed_out(job, seconds, of_job)
  job.log:fail("%s has run for more than %g minutes", of_job and "the job" or "the step",
    of_job and job.minutes or seconds / 60)
  return { code = 124, cancelled = of_job }
end

local function script_of(job, step, scope, shell)
  local ext = (keys.shells[shell] or {}).ext or ".sh"
  local path = fs.join(job.temp, "script" .. ext)
  renew(path, expression.text(expression.fill(step.run, scope)) .. "\n")
  return path
end

local function folder_of(job, step, scope)
  local given = step["working-directory"] or job.defaults["working-directory"]
  local folder = given and expression.text(expression.fill(given, scope)) or ""
  local path = fs.join(job.workspace, folder)
  if fs.is_dir(path) then return path end
  error(error_of.new { op = "working-directory", code = "not_found",
    message = folder .. " is not there" }, 0)
end

local function run_script(job, step, scope, outputs, env)
  local shell = expression.text(expression.fill(step.shell or job.defaults.shell or "default",
    scope))
  local seconds, of_job = seconds_of(job, step, scope)
  local argv = argv_of(job, shell, script_of(job, step, scope, shell))
  local all = environment_of(job, env)
  local result = run_program(job, { env = all, argv = argv, timeout = seconds,
    inherit = { "DOCKER_HOST" }, cwd = folder_of(job, step, scope), leave_group = true,
    max_output = 4096,
    on_output = function(stream, text) job.log:write(stream, text) end })
  if result.timed_out then
    result = timed_out(job, seconds, of_job)
  elseif result.code ~= 0 then
    job.log:line("##[error]the step ended with code %d", result.code)
  end
  hand_on(job, outputs)
  return result
end

-- A composite action: its steps with contexts of their own, in the same job.
local function run_composite(job, step, scope, outputs, env)
  local action = step.action
  local path = fs.join(job.workspace, action.folder)
  local inner_job = setmetatable({ defaults = {},
    limit = time.monotonic() + seconds_of(job, step, scope),
    action_env = table_of.merge(job.action_env, env, { GITHUB_ACTION_PATH = path }) },
    { __index = job })
  local contexts = table_of.merge(scope.contexts, { steps = {}, inputs = {},
    github = table_of.merge(scope.contexts.github, { action_path = path }) })
  local given = filled_map(step.with, scope)
  for name, input in pairs(action.inputs) do
    contexts.inputs[name] = given[name]
      or expression.text(expression.fill(input.default, scope))
  end
  local inner = { status = "success", hash_files = scope.hash_files, contexts = contexts }
  local code = M.run_all(inner_job, action.steps, inner)
  for name, output in pairs(action.outputs) do
    outputs[name] = expression.text(expression.fill(output.value, inner))
  end
  return { code = code, cancelled = inner.status == "cancelled" }
end

local function run_one(job, step, scope, outputs)
  local env = filled_map(step.env, scope)
  scope.contexts.env = table_of.merge(job.env, job.action_env, env)
  if step.run ~= nil then return run_script(job, step, scope, outputs, env) end
  if step.action then return run_composite(job, step, scope, outputs, env) end
  return actions.run(job, step, filled_map(step.with, scope), outputs)
end

local function execute(job, step, scope, outputs)
  local ok, result = pcall(run_one, job, step, scope, outputs)
  if ok then return result end
  if not error_of.is(result) or result.code == "cancelled" then error(result, 0) end
  job.log:fail("%s", tostring(result))
  return { code = 1 }
end

local function title_of(step, i, scope)
  local name = step.name or step.id or step.uses or tostring(step.run):match("[^\n]*")
  local ok, text = pcall(expression.fill, name, scope)
  return ok and expression.text(text) or "step " .. i
end

local function outcome_of(result)
  if result.cancelled then return "cancelled" end
  return result.code == 0 and "success" or "failure"
end

local function conclusion_of(step, outcome, scope)
  if outcome ~= "failure" then return outcome end
  local allowed = expression.truthy(expression.fill(step["continue-on-error"] or false, scope))
  return allowed and "success" or outcome
end

local function holds(job, step, scope)
  local ok, value = pcall(expression.condition, step["if"], scope)
  if ok then return value end
  if not error_of.is(value) then error(value, 0) end
  job.log:fail("if: %s", tostring(value))
  return nil
end

-- Runs a step unless its condition says no; the job's scope learns its outcome.
local function run_step(job, step, i, scope)
  scope.contexts.env = table_of.merge(job.env, job.action_env)
  local entry = { outcome = "skipped", conclusion = "skipped", outputs = {} }
  local runs, code = holds(job, step, scope), nil
  if runs then
    job.log:begin(entry.outputs)
    local title = title_of(step, i, scope)
    job.log:line("##[step] %s", title)
    local result = execute(job, step, scope, entry.outputs)
    job.log:flush()
    code, entry.outcome = result.code, outcome_of(result)
    entry.conclusion = conclusion_of(step, entry.outcome, scope)
  elseif runs == nil then
    code, entry.outcome, entry.conclusion = 1, "failure", "failure"
  end
  if step.id then scope.contexts.steps[step.id] = entry end
  return entry, code
end

-- A job that was stopped gets a new, short time for what runs always().
local function cancelled(job, scope)
  if scope.status == "cancelled" then return end
  scope.status = "cancelled"
  job.control.stop = parallel.event()
  job.control.deadline = time.monotonic() + LAST_SECONDS
end

--- Runs steps. The scope's status is "success", "failure" or "cancelled" at the end.
---@param job table see ci/job.lua
---@return integer code of the first step that failed, or 0
function M.run_all(job, steps, scope)
  local failed_code
  for i, step in ipairs(steps) do
    if job.control.stop:is_set() then cancelled(job, scope) end
    local entry, code = run_step(job, step, i, scope)
    if entry.conclusion == "cancelled" then cancelled(job, scope) end
    if entry.conclusion == "failure" and scope.status == "success" then scope.status = "failure" end
    if entry.conclusion == "failure" or entry.conclusion == "cancelled" then
      failed_code = failed_code or code
    end
    if scope.contexts.job then scope.contexts.job.status = scope.status end
  end
  if scope.status == "cancelled" then failed_code = failed_code or 143 end
  return failed_code or 0
end

return M
