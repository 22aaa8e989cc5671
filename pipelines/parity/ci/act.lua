-- SPDX-License-Identifier: Apache-2.0
-- Runs a workflow through `act`, which knows actions and containers; its JSON lines become stages.

local json = require "std.json"
local mask = require "std.mask"
local process = require "std.process"
local time = require "std.time"

local M = {}

local STATUS <const> = { success = "passed", failure = "failed", skipped = "skipped",
  cancelled = "failed" }

local function stage_of(state, entry)
  local id = entry.jobID or entry.job
  local stage = state.stages[entry.job]
  if not stage then
    local run = state.run
    stage = { id = ("%s/%d"):format(run.id, #run.stages + 1), pipeline_run_id = run.id,
      name = id, order = #run.stages + 1, status = "running", started_at = time.iso(),
      command = "act -j " .. id, logs = {}, artifacts = json.array(),
      metadata = { retry_count = 0, service_dependencies = json.array() } }
    state.stages[entry.job], state.texts[stage] = stage, {}
    table.insert(run.stages, stage)
  end
  return stage
end

local function take_line(state, line)
  local entry = line:find("^{") and json.decode(line)
  if type(entry) ~= "table" or not entry.job then return end
  local stage = stage_of(state, entry)
  table.insert(state.texts[stage], tostring(entry.msg or ""))
  local status = STATUS[entry.jobResult]
  if status then
    stage.status, stage.completed_at = status, time.iso()
    stage.duration_seconds = math.max(0, math.floor(time.parse(stage.completed_at)
      - time.parse(stage.started_at)))
    stage.exit_code = status == "passed" and 0 or 1
  end
end

--- The program's path, or nil.
function M.path() return process.which "act" end

local function append(argv, option, values)
  for _, value in ipairs(values or {}) do table.move({ option, value }, 1, 2, #argv + 1, argv) end
end

-- act reads secrets from its environment by name, so that none stands on its command line.
local function command_of(options)
  local argv = { options.act, options.event, "-W", options.file, "--json" }
  append(argv, "--job", { options.job })
  append(argv, "--secret-file", { options.secret_file })
  append(argv, "--var-file", { options.var_file })
  append(argv, "--eventpath", { options.event_file })
  append(argv, "--secret", options.secret_names)
  append(argv, "--var", options.vars)
  append(argv, "--input", options.inputs)
  return argv
end

--- Runs `act EVENT -W FILE --json` with what it needs of the command line.
---@param options {act, event, file, project, job, secret_file, var_file, event_file, vars, inputs,
---  secret_names = names, secrets = their values}
---@return boolean?
---@return lsqm.Error?
function M.execute(run, options)
  local state = { run = run, stages = {}, texts = {} }
  local rest, env = "", {}
  for _, name in ipairs(options.secret_names or {}) do env[name] = options.secrets[name] end
  local result, err = process.run { argv = command_of(options), cwd = options.project, env = env,
    inherit = { "HOME", "DOCKER_HOST", "XDG_CONFIG_HOME", "XDG_CACHE_HOME" },
    on_output = function(stream, text)
      if stream ~= "stdout" then return end
      rest = rest .. text
      for line in rest:gmatch("([^\n]*)\n") do take_line(state, line) end
      rest = rest:match("[^\n]*$")
    end }
  if not result then return nil, err end
  take_line(state, rest)
  for stage, texts in pairs(state.texts) do
    stage.logs.stdout = mask.text(table.concat(texts, "\n"))
    if stage.status == "running" then
      stage.status, stage.exit_code = result.code == 0 and "passed" or "failed", result.code
    end
  end
  if #run.stages == 0 and result.code ~= 0 then return nil, process.failure("act", result) end
  return true
end

return M
