-- SPDX-License-Identifier: Apache-2.0
-- Reads a GitHub Actions workflow file with the local workflows and actions that it uses: jobs in
-- order. What the built-in runner cannot do is refused with its line before anything runs.

local check = require "pipelines.parity.ci.check"
local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local fs = require "std.fs"
local graph = require "pipelines.parity.model.graph"
local json = require "std.json"
local keys = require "pipelines.parity.ci.keys"
local matrix_of = require "pipelines.parity.ci.matrix"
local suggest = require "std.suggest"
local table_of = require "std.table"
local yaml = require "std.yaml"

local M = {}

local DEEPEST <const> = 4 -- GitHub's limit of workflows that call workflows

local build

local function as_list(value)
  if value == nil then return {} end
  return type(value) == "table" and value or { value }
end

--- The events of `on:`, each with its filters or inputs.
---@return string[] names in order
---@return table<string, table> by name
function M.events(on)
  if type(on) ~= "table" then return { on }, {} end
  if json.is_array(on) then return on, {} end
  local settings = {}
  for name, value in pairs(on) do
    settings[name] = table_of.copy(type(value) == "table" and value or {})
    for key, item in pairs(settings[name]) do
      if item == json.null then settings[name][key] = nil end
    end
  end
  return table_of.sorted_keys(on), settings
end

local function check_call(state, job, called)
  if type(job.secrets) == "string" and job.secrets ~= "inherit" then
    check.fail(state, job, "secrets", "secrets must be a mapping or inherit")
  end
  local wanted = called.settings.workflow_call
  if not wanted then
    check.fail(state, job, "uses", ("%s is not made to be called: its on: has no workflow_call")
      :format(job.uses))
  end
  local inputs = wanted.inputs or {}
  for name in table_of.sorted_pairs(job.with or {}) do
    if not inputs[name] then
      check.fail(state, job.with, name, ("%s has no input '%s'%s"):format(job.uses, name,
        suggest.phrase(name, inputs)))
    end
  end
  local function need(rows, given, what)
    for name, row in table_of.sorted_pairs(rows or {}) do
      if type(row) == "table" and row.required == true and row.default == nil
        and given[name] == nil then
        check.fail(state, job, "uses", ("%s needs the %s %s"):format(job.uses, what, name))
      end
    end
  end
  need(inputs, job.with or {}, "input")
  if job.secrets ~= "inherit" then
    need(wanted.secrets, type(job.secrets) == "table" and job.secrets or {}, "secret")
  end
end

-- The workflow that a job calls: a file of the project.
local function called_by(state, job)
  local name = job.uses:match("^%./(.+)$")
  local path = name and check.inside(state, name)
  if not path then
    check.fail(state, job, "uses", job.uses .. " is a workflow of another repository",
      { hint = "`act` can run it where it is installed" })
  elseif not fs.is_file(path) then
    check.fail(state, job, "uses", ("there is no %s in the project"):format(job.uses))
  elseif state.calls >= DEEPEST then
    check.fail(state, job, "uses", ("workflows call each other more than %d deep"):format(DEEPEST))
  end
  check.count_file(state, job)
  local called = build(path, table_of.merge(state.options, { calls = state.calls + 1 }))
  check_call(state, job, called)
  return called
end

local function has_expression(value)
  if type(value) ~= "table" then return type(value) == "string" and value:find("${{", 1, true) end
  for _, item in pairs(value) do if has_expression(item) then return true end end
  return false
end

local function matrix_of_job(state, job)
  local strategy = job.strategy
  if type(strategy) ~= "table" or strategy.matrix == nil then return nil end
  local mark = state.marks[strategy.matrix]
  local order = mark and mark.order
  if not has_expression(strategy.matrix) then
    local ok, err = pcall(matrix_of.combinations, strategy.matrix, order)
    if not ok then
      if not error_of.is(err) then error(err, 0) end
      check.fail(state, strategy, "matrix", err.message)
    end
  end
  return strategy.matrix, order
end

local function check_needs(state, jobs, id)
  local job = jobs[id]
  for _, other in ipairs(as_list(job.needs)) do
    if type(other) ~= "string" then
      check.fail(state, job, "needs", "needs must be a text or a list of texts")
    elseif not jobs[other] then
      check.fail(state, job, "needs", ("job %s needs '%s', which is not there%s"):format(id, other,
        suggest.phrase(other, jobs)))
    end
  end
end

local function order_of(state, jobs)
  local edges = {}
  for id, job in pairs(jobs) do edges[id] = as_list(job.needs) end
  local circle = graph.circle(edges)
  if circle then
    check.fail(state, jobs, circle[1], "jobs need each other in a circle: "
      .. table.concat(circle, " -> "))
  end
  local order = {}
  for _, wave in ipairs(graph.waves(edges)) do table_of.append(order, wave) end
  return order, edges
end

-- Only the job that was asked for, and what it needs.
local function chosen(state, jobs, edges)
  local wanted = state.options.job
  if not wanted or state.calls > 0 then return nil end
  if not jobs[wanted] then
    check.fail(state, jobs, nil, ("there is no job '%s'%s"):format(wanted,
      suggest.phrase(wanted, jobs)))
  end
  local set, queue = {}, { wanted }
  while #queue > 0 do
    local id = table.remove(queue)
    if not set[id] then
      set[id] = true
      table_of.append(queue, edges[id])
    end
  end
  return set
end

-- All jobs that one waits for, also through others.
local function ancestors(edges, id, found)
  for _, other in ipairs(edges[id]) do
    if not found[other] then
      found[other] = true
      ancestors(edges, other, found)
    end
  end
  return found
end

local function entries(state, jobs)
  for _, id in ipairs(table_of.sorted_keys(jobs)) do
    if type(jobs[id]) ~= "table" then check.job(state, jobs, id) end
    check_needs(state, jobs, id)
  end
  local order, edges = order_of(state, jobs)
  local only, list = chosen(state, jobs, edges), {}
  for _, id in ipairs(order) do
    if not only or only[id] then
      check.job(state, jobs, id)
      local job = jobs[id]
      local matrix, keys_order = matrix_of_job(state, job)
      list[#list + 1] = { id = id, job = job, needs = edges[id], matrix = matrix,
        order = keys_order, ancestors = table_of.sorted_keys(ancestors(edges, id, {})),
        called = job.uses and called_by(state, job) }
    end
  end
  return list
end

-- What starts a workflow by hand or by another one: its inputs, outputs and secrets are mappings of
-- mappings.
local function check_started(state, on, settings)
  for name, setting in table_of.sorted_pairs(settings) do
    for _, key in ipairs(name:find("^workflow_") and { "inputs", "outputs", "secrets" } or {}) do
      local rows = setting[key]
      if rows ~= nil and (type(rows) ~= "table" or json.is_array(rows)) then
        check.fail(state, on[name], key, ("%s of %s must be a mapping"):format(key, name))
      end
      for row, value in table_of.sorted_pairs(rows or {}) do
        if type(value) ~= "table" and value ~= json.null then
          check.fail(state, rows, row, ("%s of %s must be a mapping"):format(row, key))
        end
      end
    end
  end
end

local function check_events(state, root)
  local names, settings = M.events(root.on)
  if #names == 0 then check.fail(state, root, "on", "on: names no event") end
  for _, name in ipairs(names) do
    if type(name) ~= "string" then check.fail(state, root, "on", "an event must be a text") end
  end
  check_started(state, root.on, settings)
  return names, settings
end

local function check_outputs(state, settings)
  local outputs = (settings.workflow_call or {}).outputs or {}
  for name, output in table_of.sorted_pairs(outputs) do
    if type(output) ~= "table" or output.value == nil then
      check.fail(state, outputs, name, ("the output %s has no value"):format(name))
    end
    check.expressions(state, output, "value", "workflow outputs")
  end
end

function build(path, options)
  local root, marks = yaml.read(path, { marks = true })
  if root == nil then error(marks, 0) end
  local state = { file = path, marks = marks, notes = options.notes, project = options.project,
    skip = options.skip, unknown = options.unknown, calls = options.calls, read = options.read,
    options = options }
  if type(root) ~= "table" or type(root.jobs) ~= "table" or next(root.jobs) == nil then
    error(error_of.new { op = "workflow", code = "usage", file = path, line = 1,
      message = "a workflow needs jobs" }, 0)
  end
  check.keys(state, root, keys.workflow, "a workflow")
  if root.on == nil or root.on == json.null then
    check.fail(state, root, nil, "a workflow needs on: the events that start it")
  end
  check.defaults(state, root, "the workflow")
  check.expressions(state, root, "env", "workflow env")
  check.without_meaning(state, root)
  local names, settings = check_events(state, root)
  check_outputs(state, settings)
  return { file = path, name = root.name and expression.text(root.name) or fs.basename(path),
    env = root.env, defaults = root.defaults, events = names, settings = settings,
    on = root.on, marks = marks, jobs = entries(state, root.jobs), notes = state.notes }
end

--- Reads a workflow.
---@param options {project: string?, skip: table<string, true>?, job: string?}? `skip`: actions to
---  leave out, `job`: only this one and what it needs
---@return table? {name, env, events: string[], settings: table of events, jobs, notes: string[]}
---@return lsqm.Error? code "usage"
function M.read(path, options)
  local unknown = {}
  local ok, value = pcall(build, path, table_of.merge({ project = fs.dirname(path), skip = {} },
    options, { calls = 0, notes = {}, unknown = unknown, read = { n = 0 } }))
  if ok then ok, value = pcall(function() check.unknown_actions(unknown) return value end) end
  if ok then return value end
  if not error_of.is(value) then error(value, 0) end
  if value.code == "syntax" then value.code = "usage" end
  return nil, value
end

return M
