-- SPDX-License-Identifier: Apache-2.0
-- Reads a GitHub Actions workflow file: jobs in order, their matrix spread out. What the built-in
-- runner cannot do is named with its line, never left out silently.

local error_of = require "std.error"
local graph = require "pipelines.parity.model.graph"
local json = require "std.json"
local suggest = require "std.suggest"
local table_of = require "std.table"
local yaml = require "std.yaml"

local M = {}

local JOB_KEYS <const> = table_of.set { "name", "needs", "permissions", "runs-on", "environment",
  "concurrency", "outputs", "env", "defaults", "if", "steps", "timeout-minutes", "strategy",
  "continue-on-error", "container", "services", "uses", "with", "secrets" }
local STEP_KEYS <const> = table_of.set { "id", "if", "name", "uses", "run", "working-directory",
  "shell", "with", "env", "continue-on-error", "timeout-minutes" }

local SERVICE_KEYS <const> = table_of.set { "image", "env", "ports", "volumes", "options" }

local function fail(state, t, key, text, ...)
  local mark = state.marks[t] or {}
  local place = key ~= nil and mark.keys and mark.keys[key] or { mark.line, mark.col }
  error(error_of.new { op = "workflow", code = "usage", file = state.file, line = place[1],
    col = place[2], message = text:format(...) }, 0)
end

local function check_keys(state, t, known, what)
  for key in pairs(t) do
    if not known[key] then
      fail(state, t, key, "%s has no key '%s'%s", what, key, suggest.phrase(key, known))
    end
  end
end

local function as_list(value)
  if value == nil then return {} end
  return type(value) == "table" and value or { value }
end

local function check_step(state, steps, i, id)
  local step = steps[i]
  if type(step) ~= "table" then fail(state, steps, i, "a step must be a mapping") end
  check_keys(state, step, STEP_KEYS, ("step %d of %s"):format(i, id))
  if (step.run == nil) == (step.uses == nil) then
    fail(state, steps, i, "step %d of %s needs either run or uses", i, id)
  end
end

local function check_job(state, jobs, id)
  local job = jobs[id]
  if type(job) ~= "table" then fail(state, jobs, id, "job %s must be a mapping", id) end
  check_keys(state, job, JOB_KEYS, "job " .. id)
  if job.uses then fail(state, job, "uses", "job %s calls another workflow: use act", id) end
  if job.container then fail(state, job, "container", "job %s runs in a container: use act", id) end
  if not job["runs-on"] then fail(state, jobs, id, "job %s has no runs-on", id) end
  if type(job.steps) ~= "table" or #job.steps == 0 then
    fail(state, jobs, id, "job %s has no steps", id)
  end
  for i in ipairs(job.steps) do check_step(state, job.steps, i, id) end
  for name, service in pairs(job.services or {}) do
    check_keys(state, service, SERVICE_KEYS, ("service %s of %s"):format(name, id))
  end
  for _, other in ipairs(as_list(job.needs)) do
    if not jobs[other] then
      fail(state, job, "needs", "job %s needs '%s', which is not there%s", id, other,
        suggest.phrase(other, jobs))
    end
  end
end

-- All combinations of the axes, in the order in which they are written.
local function combinations(axes)
  local list = { {} }
  for _, axis in ipairs(axes) do
    local longer = {}
    for _, base in ipairs(list) do
      for _, value in ipairs(axis.values) do
        longer[#longer + 1] = table_of.merge(base, { [axis.name] = value })
      end
    end
    list = longer
  end
  return list
end

local function matches(combination, wanted)
  for key, value in pairs(wanted) do
    if not table_of.deep_equal(combination[key], value) then return false end
  end
  return true
end

-- `include` adds keys to the combinations whose axes it does not contradict; where it fits none, it
-- is a combination of its own.
local function add_includes(list, matrix, axes)
  local is_axis = {}
  for _, axis in ipairs(axes) do is_axis[axis.name] = true end
  local original = #list
  for _, row in ipairs(matrix.include or {}) do
    local fits = false
    for i = 1, original do
      local same = {}
      for key, value in pairs(row) do if is_axis[key] then same[key] = value end end
      if #axes > 0 and matches(list[i], same) then
        fits = true
        for key, value in pairs(row) do if not is_axis[key] then list[i][key] = value end end
      end
    end
    if not fits then list[#list + 1] = table_of.copy(row) end
  end
end

--- The combinations of a matrix; one empty one where there is none.
---@param matrix table? with `order`, the keys as written, from `axes_order`
function M.matrix(matrix, order)
  if type(matrix) ~= "table" then return { {} } end
  local axes = {}
  for _, name in ipairs(order or table_of.sorted_keys(matrix)) do
    if name ~= "include" and name ~= "exclude" then
      axes[#axes + 1] = { name = name, values = as_list(matrix[name]) }
    end
  end
  local list = table_of.filter(#axes > 0 and combinations(axes) or {}, function(one)
    for _, row in ipairs(matrix.exclude or {}) do if matches(one, row) then return false end end
    return true
  end)
  add_includes(list, matrix, axes)
  return #list > 0 and list or { {} }
end

local function events_of(on)
  if type(on) == "string" then return { on } end
  if type(on) ~= "table" then return {} end
  if json.is_array(on) then return on end
  return table_of.sorted_keys(on)
end

local function order_of(state, jobs)
  local edges = {}
  for id, job in pairs(jobs) do edges[id] = as_list(job.needs) end
  local circle = graph.circle(edges)
  if circle then
    fail(state, jobs, circle[1], "jobs need each other in a circle: %s",
      table.concat(circle, " -> "))
  end
  local order = {}
  for _, wave in ipairs(graph.waves(edges)) do table_of.append(order, wave) end
  return order
end

local function build(path)
  local root, marks = yaml.read(path, { marks = true })
  if root == nil then error(marks, 0) end
  local state = { file = path, marks = marks }
  if type(root) ~= "table" or type(root.jobs) ~= "table" or next(root.jobs) == nil then
    error(error_of.new { op = "workflow", code = "usage", file = path, line = 1,
      message = "a workflow needs jobs" }, 0)
  end
  for _, id in ipairs(table_of.sorted_keys(root.jobs)) do check_job(state, root.jobs, id) end
  local jobs = {}
  for i, id in ipairs(order_of(state, root.jobs)) do
    local job = root.jobs[id]
    local matrix = job.strategy and job.strategy.matrix
    local mark = type(matrix) == "table" and marks[matrix]
    jobs[i] = { id = id, job = job, needs = as_list(job.needs), matrix = matrix,
      order = mark and mark.order }
  end
  return { file = path, name = root.name or path, env = root.env, defaults = root.defaults,
    events = events_of(root.on), jobs = jobs }
end

--- Reads a workflow.
---@return {name: string, env: table?, events: string[], jobs: table[]}?
---@return lsqm.Error? code "usage"
function M.read(path)
  local ok, value = pcall(build, path)
  if ok then return value end
  if not error_of.is(value) then error(value, 0) end
  if value.code == "syntax" then value.code = "usage" end
  return nil, value
end

return M
