-- SPDX-License-Identifier: Apache-2.0
-- Actions of the project itself (`uses: ./path`): composite ones are read and checked before
-- anything runs; those that are JavaScript or a container are refused.

local check = require "pipelines.parity.ci.check"
local fs = require "std.fs"
local keys = require "pipelines.parity.ci.keys"
local table_of = require "std.table"
local yaml = require "std.yaml"

local M = {}

local DEEPEST <const> = 9 -- GitHub's limit of actions within actions

local function find_file(state, step)
  local dir = check.inside(state, step.uses)
  for _, name in ipairs { "action.yml", "action.yaml" } do
    local path = dir and fs.join(dir, name)
    if path and fs.is_file(path) then return path end
  end
  check.fail(state, step, "uses", ("there is no action.yml in %s of the project"):format(step.uses))
end

local function check_inputs(state, step, action)
  local given = step.with or {}
  for name in table_of.sorted_pairs(given) do
    if action.inputs[name] == nil then
      check.note(state, step.with, name, ("%s has no input %s"):format(step.uses, name))
    end
  end
  for name, input in table_of.sorted_pairs(action.inputs) do
    if input.required == true and input.default == nil and given[name] == nil then
      check.fail(state, step, "uses", ("%s needs the input %s"):format(step.uses, name))
    end
  end
end

local function check_steps(inner, action, root)
  for i, step in ipairs(root.runs.steps) do
    if type(step) == "table" and step.run ~= nil and step.shell == nil then
      check.fail(inner, root.runs.steps, i, ("step %d of %s needs a shell"):format(i, action.name))
    end
  end
  check.steps(inner, root.runs.steps, action.name, "action step")
  for name, output in table_of.sorted_pairs(action.outputs) do
    if type(output) == "table" then check.expressions(inner, output, "value", "action step") end
    if type(output) ~= "table" or output.value == nil then
      check.fail(inner, root.outputs, name, ("the output %s has no value"):format(name))
    end
  end
end

local function inputs_of(inner, root)
  local inputs = root.inputs or {}
  for name, input in table_of.sorted_pairs(inputs) do
    if type(input) ~= "table" then
      check.fail(inner, inputs, name, ("the input %s must be a mapping"):format(name))
    end
    check.expressions(inner, input, "default", "action step")
  end
  return inputs
end

--- Reads the action that a step uses, with all that this one uses.
---@param state table see ci/check.lua; `depth` counts the actions around
---@return {name: string, folder: string, inputs: table, outputs: table, steps: table[]}
function M.read(state, step)
  local path = find_file(state, step)
  local depth = (state.depth or 0) + 1
  if depth > DEEPEST then
    check.fail(state, step, "uses", ("actions are nested more than %d deep"):format(DEEPEST))
  end
  check.count_file(state, step)
  local root, marks = yaml.read(path, { marks = true })
  if root == nil then error(marks, 0) end
  local inner = table_of.merge(state, { file = path, marks = marks, depth = depth })
  if type(root) ~= "table" or type(root.runs) ~= "table" then
    check.fail(inner, root, nil, "an action needs runs")
  end
  check.keys(inner, root, keys.action, "an action")
  if root.runs.using ~= "composite" then
    check.fail(state, step, "uses", ("%s runs with %s, only composite actions run here"):format(
      step.uses, tostring(root.runs.using)), { hint = "`act` can run it where it is installed" })
  end
  if type(root.runs.steps) ~= "table" then
    check.fail(inner, root.runs, "using", "a composite action needs steps")
  end
  local action = { name = root.name or step.uses, folder = fs.relative(fs.dirname(path),
    state.project), inputs = inputs_of(inner, root), outputs = root.outputs or {},
    steps = root.runs.steps }
  check_steps(inner, action, root)
  check_inputs(state, step, action)
  return action
end

return M
