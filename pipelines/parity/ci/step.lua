-- SPDX-License-Identifier: Apache-2.0
-- One step of a job: its shell, its environment, and what it hands on through the files that
-- GITHUB_ENV, GITHUB_OUTPUT and GITHUB_PATH name.

local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local fs = require "std.fs"
local process = require "std.process"
local resolve = require "std.resolve"
local table_of = require "std.table"

local M = {}

local SHELLS <const> = {
  default = { "bash", "-e", "{0}" },
  bash = { "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}" },
  sh = { "sh", "-e", "{0}" },
  python = { "python3", "{0}" },
}

local function argv_of(shell, script)
  local words = SHELLS[shell]
  if not words then
    words = {}
    for word in shell:gmatch("%S+") do words[#words + 1] = word end
  end
  return table_of.map(words, function(word) return word == "{0}" and script or word end)
end

--- NAME=value lines, and NAME<<END … END blocks, in their order.
---@return {name: string, value: string}[]
function M.assignments(text)
  local list, lines = {}, {}
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do lines[#lines + 1] = line end
  local i = 1
  while i <= #lines do
    local name, stop = lines[i]:match("^([^=]-)<<(.+)$")
    if name then
      local value = {}
      i = i + 1
      while i <= #lines and lines[i] ~= stop do
        value[#value + 1] = lines[i]
        i = i + 1
      end
      list[#list + 1] = { name = name, value = table.concat(value, "\n") }
    else
      local key, value = lines[i]:match("^([^=]+)=(.*)$")
      if key then list[#list + 1] = { name = key, value = value } end
    end
    i = i + 1
  end
  return list
end

local function filled_map(map, scope)
  local out = {}
  for key, value in pairs(map or {}) do
    out[key] = expression.text(expression.fill(value, scope))
  end
  return out
end
M.filled_map = filled_map

local FILES <const> = { GITHUB_ENV = "env", GITHUB_OUTPUT = "output", GITHUB_PATH = "path",
  GITHUB_STEP_SUMMARY = "summary" }

local function environment_of(job, step_env)
  local env = table_of.merge(job.base_env, job.env, step_env)
  for name, file in pairs(FILES) do
    env[name] = fs.join(job.temp, file)
    fs.write(env[name], "")
  end
  if #job.path > 0 then
    env.PATH = table.concat(job.path, ":") .. ":" .. process.environment().PATH
  end
  return env
end

-- What the step wrote into its files goes to the steps after it.
local function hand_on(job, outputs)
  local function read(file) return fs.read(fs.join(job.temp, file)) or "" end
  for _, row in ipairs(M.assignments(read "env")) do job.env[row.name] = row.value end
  for _, row in ipairs(M.assignments(read "output")) do outputs[row.name] = row.value end
  for line in read("path"):gmatch("[^\r\n]+") do table.insert(job.path, 1, line) end
end

local function run_script(job, step, scope, outputs)
  local env = filled_map(step.env, scope)
  scope.contexts.env = table_of.merge(job.env, env)
  local defaults = job.defaults or {}
  local script = fs.join(job.temp, "script")
  assert(fs.write(script, expression.text(expression.fill(step.run, scope)) .. "\n"))
  local folder = step["working-directory"] or defaults["working-directory"]
  local result, err = process.run { env = environment_of(job, env),
    argv = argv_of(step.shell or defaults.shell or "default", script),
    cwd = fs.join(job.workspace, folder and expression.text(expression.fill(folder, scope)) or ""),
    timeout = (step["timeout-minutes"] or job.timeout_minutes) * 60, max_output = 2 ^ 20 }
  if not result then return { code = 127, stdout = "", stderr = tostring(err) .. "\n" } end
  hand_on(job, outputs)
  if result.timed_out then
    return { code = 124, stdout = result.stdout, stderr = result.stderr .. "timed out\n" }
  end
  return result
end

local function run_action(job, step, scope)
  local name = step.uses:gsub("@.*$", "")
  local rule = assert(resolve.load("parity", "rules.actions"))[name]
  if not rule then
    return { code = 1, stdout = "", stderr = ("the action %s cannot run here: act can run it\n")
      :format(step.uses) }
  end
  if rule.does == "upload" then
    local paths = expression.text(expression.fill((step.with or {}).path, scope))
    for glob in paths:gmatch("[^\r\n]+") do
      table.insert(job.uploads, (glob:gsub("^%s+", ""):gsub("%s+$", "")))
    end
    return { code = 0, stdout = "kept: " .. paths .. "\n", stderr = "" }
  end
  return { code = 0, stdout = step.uses .. ": " .. rule.says .. "\n", stderr = "" }
end

local function title_of(step, i)
  return step.name or step.id or step.uses or step.run and step.run:match("[^\n]*")
    or "step " .. i
end

local function execute(job, step, scope, outputs)
  local ok, result = pcall(step.run and run_script or run_action, job, step, scope, outputs)
  if ok then return result end
  if not error_of.is(result) or result.code == "cancelled" then error(result, 0) end
  return { code = 1, stdout = "", stderr = tostring(result) .. "\n" }
end

--- Runs a step unless its condition says no; the job's scope learns its outcome.
---@return {outcome: string, conclusion: string, code: integer?}
function M.run(job, step, i, scope)
  scope.contexts.env = job.env
  local entry = { outcome = "skipped", conclusion = "skipped", outputs = {} }
  if expression.condition(step["if"], scope) then
    job.log.stdout(("##[step] %s\n"):format(title_of(step, i)))
    local result = execute(job, step, scope, entry.outputs)
    job.log.stdout(result.stdout)
    job.log.stderr(result.stderr)
    entry.code = result.code
    entry.outcome = result.code == 0 and "success" or "failure"
    local allowed = expression.truthy(expression.fill(step["continue-on-error"] or false, scope))
    entry.conclusion = (result.code ~= 0 and allowed) and "success" or entry.outcome
  end
  if step.id then scope.contexts.steps[step.id] = entry end
  return entry
end

return M
