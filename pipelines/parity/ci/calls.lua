-- SPDX-License-Identifier: Apache-2.0
-- A job that calls another workflow of the project: what that one gets, and what it gives back.

local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local matrix_of = require "pipelines.parity.ci.matrix"
local table_of = require "std.table"

local M = {}

local KINDS <const> = { string = "string", number = "number", boolean = "boolean" }

local function input_of(name, input, given, scope)
  local value = given
  if value == nil then value = input.default end
  if value == nil then return input.type == "boolean" and false or "" end
  value = expression.fill(value, scope)
  local wanted = KINDS[input.type]
  if wanted == "string" then return expression.text(value) end
  if wanted and type(value) ~= wanted then
    error(error_of.new { op = "inputs." .. name, code = "invalid",
      message = ("'%s' is no %s"):format(expression.text(value), input.type) }, 0)
  end
  return value
end

local function secrets_of(state, job, scope)
  if job.secrets == "inherit" then return state.secrets end
  local out = {}
  for name, value in pairs(type(job.secrets) == "table" and job.secrets or {}) do
    out[name] = expression.text(expression.fill(value, scope))
  end
  return out
end

--- The state in which the called workflow's jobs run.
function M.state(state, entry, combination, scope)
  local wanted = entry.called.settings.workflow_call
  local inputs = {}
  for name, input in table_of.sorted_pairs(wanted.inputs or {}) do
    inputs[name] = input_of(name, type(input) == "table" and input or {},
      (entry.job.with or {})[name], scope)
  end
  return setmetatable({ workflow = entry.called, results = {}, ended = {}, inputs = inputs,
    secrets = secrets_of(state, entry.job, scope),
    prefix = state.prefix .. matrix_of.label(entry.id, combination, entry.order) .. " / " },
    { __index = state })
end

local RANK <const> = { skipped = 0, success = 1, cancelled = 2, failure = 3 }

--- What a list (or a map) of results comes to.
function M.worst(results)
  local worst = "skipped"
  for _, one in pairs(results) do
    if RANK[one.result] > RANK[worst] then worst = one.result end
  end
  return worst
end

--- How the called workflow went, and its outputs.
---@return {result: string, outputs: table<string, string>}
function M.result(state)
  local result = M.worst(state.results)
  local scope = { status = result, contexts = { github = state.github, jobs = state.results,
    vars = state.vars, inputs = state.inputs } }
  local outputs = {}
  for name, output in pairs(state.workflow.settings.workflow_call.outputs or {}) do
    outputs[name] = expression.text(expression.fill(output.value, scope))
  end
  return { result = result, outputs = outputs }
end

return M
