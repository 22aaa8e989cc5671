-- SPDX-License-Identifier: Apache-2.0
-- What the published schemas leave open and Argo's validation does not: fields that must be there,
-- texts that are one of a few, numbers of a range. Sources: the validation of Argo Workflows
-- (templates, retries, deadlines) and of Argo Events (sensors, GitHub event sources), Kubernetes'
-- "Quantity".

local tables = require "std.table"

local M = {}

-- --- tests of one value: nil, or what is wrong with it -------------------------------------------

local function there() end

local function filled(value)
  if value == "" then return "is empty" end
end

local function one_of(...)
  local words, known = { ... }, {}
  for _, word in ipairs(words) do known[word] = true end
  return function(value)
    if known[value] then return nil end
    return ("'%s' is none of %s"):format(tostring(value), table.concat(words, ", "))
  end
end

-- An empty text is the engine's own default.
local function empty_or(...)
  local test = one_of(...)
  return function(value)
    if value ~= "" then return test(value) end
  end
end

local function is_reference(value) return tostring(value):find "^{{.*}}$" ~= nil end

-- In digits, as Go reads it: "1800.0" is no number of seconds.
local function at_least(least)
  return function(value)
    local number = tostring(value):find "^%-?%d+$" and math.tointeger(tonumber(value))
    if number and number >= least or is_reference(value) then return nil end
    return ("'%s' is no whole number from %d"):format(tostring(value), least)
  end
end

local UNITS <const> = { [""] = true, n = true, u = true, m = true, k = true, M = true, G = true,
  T = true, P = true, E = true, Ki = true, Mi = true, Gi = true, Ti = true, Pi = true, Ei = true }

local function quantity(value)
  local number, unit = tostring(value):match "^[+-]?([%d.]+)(.*)$"
  if number and tonumber(number) and (UNITS[unit] or unit:find "^[eE][+-]?%d+$") then return nil end
  return ("'%s' is no quantity such as 500m or 4Gi"):format(tostring(value))
end

-- --- rules --------------------------------------------------------------------------------------

-- A path's part: a name; "name?" need not be there; "*" is each item, "+" each of at least one.
local CALLS <const> = { "spec.templates.+.dag?.tasks.+.", "spec.templates.+.steps?.*.*." }

local RULES <const> = {
  template = {
    { "metadata.name", filled },
    { "spec.entrypoint", filled },
    { "spec.activeDeadlineSeconds?", at_least(1) },
    { "spec.podGC?.strategy?", empty_or("OnPodCompletion", "OnPodSuccess", "OnWorkflowCompletion",
      "OnWorkflowSuccess") },
    { "spec.arguments.parameters.*.name", filled },
    { "spec.templates.+.name", filled },
    { "spec.templates.+.activeDeadlineSeconds?", at_least(1) },
    { "spec.templates.+.retryStrategy?.retryPolicy?", empty_or("Always", "OnFailure", "OnError",
      "OnTransientError") },
    { "spec.templates.+.retryStrategy?.limit?", at_least(0) },
    { "spec.templates.+.container?.image", filled },
    { "spec.templates.+.container?.resources?.limits?.*", quantity },
    { "spec.templates.+.container?.resources?.requests?.*", quantity },
    { "spec.templates.+.inputs?.artifacts?.*.git?.repo", filled },
  },
  source = {
    { "spec.github.+.repositories.+.owner", filled },
    { "spec.github.+.repositories.+.names.+", filled },
    { "spec.github.+.events.+", filled },
    { "spec.github.+.contentType?", empty_or("json", "form") },
    { "spec.github.+.webhook", there },
  },
  sensor = {
    { "spec.dependencies.+.name", filled },
    { "spec.dependencies.+.filters?.data?.*.path", filled },
    { "spec.dependencies.+.filters?.data?.*.value.+", filled },
    { "spec.dependencies.+.filters?.data?.*.type", one_of("string", "bool", "number") },
    { "spec.dependencies.+.filters?.data?.*.comparator?", empty_or("=", "!=", "<", "<=", ">",
      ">=") },
    { "spec.triggers.+.template.name", filled },
    { "spec.triggers.+.template.argoWorkflow.operation", one_of("submit", "submit-from", "suspend",
      "retry", "resume", "resubmit", "terminate", "stop") },
    { "spec.triggers.+.template.argoWorkflow.parameters.*.src", there },
    { "spec.triggers.+.template.argoWorkflow.source.resource", there },
  },
  workflow = {
    { "metadata.generateName", filled },
    { "spec.workflowTemplateRef.name", filled },
    { "spec.arguments.parameters.*.value", there },
  },
}

for _, call in ipairs(CALLS) do
  tables.append(RULES.template, { { call .. "name", filled },
    { call .. "arguments?.parameters?.*.value", there },
    { call .. "arguments?.artifacts?.*.from", filled } })
end

-- Tests all that a path names, and says what of it is not there.
local function walk(value, path, test, at, add)
  local part, rest = path:match "^([^.]+)%.?(.*)$"
  local function go(item, key)
    key = math.type(key) and key - 1 or key
    if item == nil then return add(("%s: %s is missing"):format(at, key)) end
    if rest ~= "" then return walk(item, rest, test, ("%s/%s"):format(at, key), add) end
    local problem = test(item)
    if problem then add(("%s/%s: %s"):format(at, key, problem)) end
  end
  if part == "*" or part == "+" then
    if part == "+" and next(value) == nil then add(at .. ": has nothing") end
    for key, item in tables.sorted_pairs(value) do go(item, key) end
  else
    local name, optional = part:match "^([^?]+)(%??)$"
    if value[name] ~= nil or optional == "" then go(value[name], name) end
  end
end

--- Problems of an object that keeps its schema; an empty list is good. With none the linters find
--- all that they read.
---@param kind string "template", "source", "sensor" or "workflow"
---@param object table
---@return string[]
function M.problems(kind, object)
  local problems, seen = {}, {}
  local function add(text)
    if not seen[text] then problems[#problems + 1] = object.kind:lower() .. ": " .. text end
    seen[text] = true
  end
  for _, rule in ipairs(RULES[kind]) do walk(object, rule[1], rule[2], "", add) end
  return problems
end

return M
