-- SPDX-License-Identifier: Apache-2.0
-- AphexConfig as an Argo WorkflowTemplate: build, then each environment in its order (credentials
-- and context, its stacks in their order, its tests), and at the end, whatever happened,
-- monitoring.
--
-- What comes from a push (branch, SHA, URL) reaches programs as arguments and variables, never as
-- text of a shell.

local json = require "std.json"
local label = require("pipelines.aphex.model.config").label

local M = {}

M.API = "argoproj.io/v1alpha1"

-- What a push gives; the Sensor fills them by their place in this list.
M.PARAMETERS = { "commit-sha", "branch", "repo-url" }

local function list(items) return json.array(items) end

--- Text in which Argo replaces nothing: its "{{" comes out of an expression.
---@param text string
---@return string
function M.literal(text) return (text:gsub("{{", "{{='{{'}}")) end

local function parameter(name) return "{{workflow.parameters." .. name .. "}}" end

local function container(rules, words, env)
  local variables = list {
    { name = "APHEX_COMMIT", value = parameter "commit-sha" },
    { name = "APHEX_BRANCH", value = parameter "branch" },
    { name = "APHEX_WORKFLOW", value = "{{workflow.name}}" },
  }
  for _, one in ipairs(env or {}) do variables[#variables + 1] = one end
  return { image = rules.image, workingDir = rules.workspace .. "/source", env = variables,
    command = list { "lsqm", "aphex" }, args = list(words), resources = rules.resources }
end

local function workspace_in(rules)
  return { name = "workspace", path = rules.workspace .. "/source" }
end

local function results_out(rules)
  return list { { name = "results", path = rules.workspace .. "/results", optional = true } }
end

-- A template's is an IntOrString, which the published schema writes as a string.
local function seconds(rules, name) return tostring(rules.deadlines[name]) end

-- --- templates ----------------------------------------------------------------------------------

local function build(rules, file)
  return {
    name = "build", activeDeadlineSeconds = seconds(rules, "build"), retryStrategy = rules.retries,
    inputs = { artifacts = list { { name = "source", path = rules.workspace .. "/source",
      git = { repo = parameter "repo-url", revision = parameter "commit-sha" } } } },
    outputs = { artifacts = list { { name = "workspace", path = rules.workspace .. "/source" },
      { name = "results", path = rules.workspace .. "/results", optional = true } } },
    container = container(rules, { "build", file, "--results", rules.workspace .. "/results" }),
  }
end

-- One template for a step of all environments; what differs comes as parameters.
local function step_template(rules, file, name, words, names)
  local parameters, env, args = list {}, list {}, { name, file }
  for _, input in ipairs(names) do
    parameters[#parameters + 1] = { name = input }
    args[#args + 1] = "--" .. input
    args[#args + 1] = "{{inputs.parameters." .. input .. "}}"
  end
  for _, word in ipairs(words) do args[#args + 1] = word end
  args[#args + 1] = "--results"
  args[#args + 1] = rules.workspace .. "/results"
  return {
    name = name, activeDeadlineSeconds = seconds(rules, name), retryStrategy = rules.retries,
    inputs = { parameters = parameters, artifacts = list { workspace_in(rules) } },
    outputs = { artifacts = results_out(rules) }, container = container(rules, args, env),
  }
end

local function step(name, template, values)
  local parameters = list {}
  for _, pair in ipairs(values) do
    parameters[#parameters + 1] = { name = pair[1], value = M.literal(pair[2]) }
  end
  return list { { name = name, template = template, arguments = { parameters = parameters,
    artifacts = list { { name = "workspace", from = "{{inputs.artifacts.workspace}}" } } } } }
end

local function unique(name, seen)
  local base, n = name, 1
  while seen[name] do
    n = n + 1
    name = base .. "-" .. n
  end
  seen[name] = true
  return name
end

-- Inputs of a template of steps have no path: they are only passed on.
local function environment(one)
  local own, seen = { "environment", one.name }, {}
  local steps = list { step("check", "check", { own }) }
  for _, stack in ipairs(one.stacks) do
    steps[#steps + 1] = step(unique("deploy-" .. label(stack.name), seen), "deploy",
      { own, { "stack", stack.name } })
  end
  if one.tests and #one.tests.commands > 0 then
    steps[#steps + 1] = step("test", "test", { own })
  end
  return { name = "environment-" .. label(one.name),
    inputs = { artifacts = list { { name = "workspace" } } }, steps = steps }
end

local function pipeline(config)
  local tasks = list { { name = "build", template = "build" } }
  local before = "build"
  for _, one in ipairs(config.environments) do
    local name = "environment-" .. label(one.name)
    tasks[#tasks + 1] = { name = name, template = name, depends = before .. ".Succeeded",
      arguments = { artifacts = list { { name = "workspace",
        from = "{{tasks.build.outputs.artifacts.workspace}}" } } } }
    before = name
  end
  return { name = "pipeline", dag = { tasks = tasks } }
end

local function monitoring(rules)
  return { name = "monitoring", activeDeadlineSeconds = seconds(rules, "monitor"),
    container = container(rules, { "monitor", "--workflow", "{{workflow.name}}", "--status",
      "{{workflow.status}}", "--started", "{{workflow.creationTimestamp.RFC3339}}" },
      { { name = "APHEX_FAILURES", value = "{{workflow.failures}}" } }) }
end

--- The WorkflowTemplate.
---@param config table AphexConfig
---@param rules table rules/argo.lua
---@param file string where the configuration lies in the repository
---@return table
function M.of(config, rules, file)
  local templates = list { pipeline(config), build(rules, file),
    step_template(rules, file, "check", {}, { "environment" }),
    step_template(rules, file, "deploy", {}, { "environment", "stack" }),
    step_template(rules, file, "test", {}, { "environment" }), monitoring(rules) }
  for _, one in ipairs(config.environments) do templates[#templates + 1] = environment(one) end
  local parameters = list {}
  for i, name in ipairs(M.PARAMETERS) do parameters[i] = { name = name } end
  return { apiVersion = M.API, kind = "WorkflowTemplate",
    metadata = { name = rules.name, namespace = rules.namespace,
      labels = { ["app.kubernetes.io/managed-by"] = "lsqm" } },
    spec = { entrypoint = "pipeline", onExit = "monitoring",
      serviceAccountName = rules.service_account, arguments = { parameters = parameters },
      activeDeadlineSeconds = rules.deadlines.workflow, podGC = { strategy = "OnPodSuccess" },
      ttlStrategy = { secondsAfterSuccess = rules.keep_seconds.success,
        secondsAfterFailure = rules.keep_seconds.failure },
      templates = templates } }
end

return M
