-- SPDX-License-Identifier: Apache-2.0
-- AphexConfig as an Argo WorkflowTemplate: build, then each environment in its order (credentials
-- and context, its stacks in their order, its tests), and at the end, whatever happened,
-- monitoring.
--
-- What comes from a push (branch, SHA, URL) reaches programs as arguments and variables, never as
-- text of a shell.

local json = require "std.json"
local label = require("pipelines.aphex.model.config").label
local sha256 = require "std.sha256"
local tables = require "std.table"

local M = {}

M.API = "argoproj.io/v1alpha1"

-- What a push gives; the Sensor fills them by their place in this list.
M.PARAMETERS = { "commit-sha", "branch", "repo-url" }

local function list(items) return json.array(items) end

local function parameter(name) return "{{workflow.parameters." .. name .. "}}" end

-- What has files of the build runs beside them.
local function container(rules, words, at)
  local variables = list {
    { name = "APHEX_COMMIT", value = parameter "commit-sha" },
    { name = "APHEX_BRANCH", value = parameter "branch" },
    { name = "APHEX_WORKFLOW", value = "{{workflow.name}}" },
  }
  return { image = rules.image, workingDir = at, env = variables,
    command = list { "lsqm", "aphex" }, args = list(words), resources = rules.resources }
end

local function source_of(rules) return rules.workspace .. "/source" end

local function results_out(rules)
  return { name = "results", path = rules.workspace .. "/results", optional = true }
end

-- A template's is an IntOrString, which the published schema writes as a string.
local function seconds(rules, name) return tostring(rules.deadlines[name]) end

-- --- templates ----------------------------------------------------------------------------------

local function build(rules, file)
  local source, args = source_of(rules), { "build", file, "--results",
    rules.workspace .. "/results" }
  if rules.artifact_bucket then tables.append(args, { "--bucket", rules.artifact_bucket }) end
  return {
    name = "build", activeDeadlineSeconds = seconds(rules, "build"), retryStrategy = rules.retries,
    serviceAccountName = rules.build_service_account,
    inputs = { artifacts = list { { name = "source", path = source,
      git = tables.merge(rules.git, { repo = parameter "repo-url",
        revision = parameter "commit-sha" }) } } },
    outputs = { artifacts = list { { name = "workspace", path = source }, results_out(rules) } },
    container = container(rules, args, source),
  }
end

-- One template for a step of all environments; what differs comes as parameters. A name may begin
-- with a hyphen, so that each stands in one word with its option. keeps: it writes results.
local function step_template(rules, file, name, inputs, keeps)
  local parameters, args = list { { name = "service-account" } }, { name, file }
  for _, input in ipairs(inputs) do
    parameters[#parameters + 1] = { name = input }
    args[#args + 1] = ("--%s={{inputs.parameters.%s}}"):format(input, input)
  end
  if keeps then args[#args + 1], args[#args + 2] = "--results", rules.workspace .. "/results" end
  return {
    name = name, activeDeadlineSeconds = seconds(rules, name), retryStrategy = rules.retries,
    serviceAccountName = "{{inputs.parameters.service-account}}",
    inputs = { parameters = parameters,
      artifacts = list { { name = "workspace", path = source_of(rules) } } },
    outputs = keeps and { artifacts = list { results_out(rules) } } or nil,
    container = container(rules, args, source_of(rules)),
  }
end

local function step(name, template, values)
  local parameters = list {}
  for _, pair in ipairs(values) do parameters[#parameters + 1] = { name = pair[1],
    value = pair[2] } end
  return list { { name = name, template = template, arguments = { parameters = parameters,
    artifacts = list { { name = "workspace", from = "{{inputs.artifacts.workspace}}" } } } } }
end

-- "deploy-app" of each of a list's names, all different; a name of which a label has nothing is
-- known by its digest.
local function labels_of(prefix, items)
  local labels, seen = {}, {}
  for i, item in ipairs(items) do
    local own = label(item.name)
    local base = prefix .. (own ~= "" and own or sha256.string(item.name):sub(1, 8))
    local name, n = base, 1
    while seen[name] do
      n = n + 1
      name = base .. "-" .. n
    end
    labels[i], seen[name] = name, true
  end
  return labels
end

-- Inputs of a template of steps have no path: they are only passed on.
local function environment(one, name, rules)
  local own = { { "service-account", rules.service_accounts[one.name] or rules.service_account },
    { "environment", one.name } }
  local steps, labels = list { step("check", "check", own) }, labels_of("deploy-", one.stacks)
  for i, stack in ipairs(one.stacks) do
    steps[#steps + 1] = step(labels[i], "deploy", { own[1], own[2], { "stack", stack.name } })
  end
  if one.tests and #(one.tests.commands or {}) > 0 then
    steps[#steps + 1] = step("test", "test", own)
  end
  return { name = name, steps = steps, inputs = { artifacts = list { { name = "workspace" } } } }
end

local function pipeline(names)
  local tasks = list { { name = "build", template = "build" } }
  local before = "build"
  for _, name in ipairs(names) do
    tasks[#tasks + 1] = { name = name, template = name, depends = before .. ".Succeeded",
      arguments = { artifacts = list { { name = "workspace",
        from = "{{tasks.build.outputs.artifacts.workspace}}" } } } }
    before = name
  end
  return { name = "pipeline", dag = { tasks = tasks } }
end

local function monitoring(rules)
  local one = container(rules, { "monitor", "--workflow", "{{workflow.name}}", "--status",
    "{{workflow.status}}", "--started", "{{workflow.creationTimestamp.RFC3339}}" })
  table.insert(one.env, { name = "APHEX_FAILURES", value = "{{workflow.failures}}" })
  return { name = "monitoring", activeDeadlineSeconds = seconds(rules, "monitor"),
    container = one }
end

-- As long as all steps may take, one after the other: never in the middle of a deployment. What is
-- no number is refused at the step that has it.
local function deadline(config, rules)
  local function limit(name) return math.tointeger(tonumber(rules.deadlines[name])) or 0 end
  local sum = limit "build"
  for _, one in ipairs(config.environments) do
    sum = sum + limit "check" + #one.stacks * limit "deploy" + limit "test"
  end
  return rules.deadlines.workflow or sum
end

--- The WorkflowTemplate. CloudFormation changes a stack once at a time: workflows take turns. A
--- mutex of a template of steps would be finer, but is lost when Argo's controller restarts.
---@param config table AphexConfig
---@param rules table rules/argo.lua
---@param file string where the configuration lies in the repository
---@return table
function M.of(config, rules, file)
  local names = labels_of("environment-", config.environments)
  local templates = list { pipeline(names), build(rules, file),
    step_template(rules, file, "check", { "environment" }),
    step_template(rules, file, "deploy", { "environment", "stack" }, true),
    step_template(rules, file, "test", { "environment" }, true), monitoring(rules) }
  for i, one in ipairs(config.environments) do
    templates[#templates + 1] = environment(one, names[i], rules)
  end
  local parameters = list {}
  for i, name in ipairs(M.PARAMETERS) do parameters[i] = { name = name } end
  return { apiVersion = M.API, kind = "WorkflowTemplate",
    metadata = { name = rules.name, namespace = rules.namespace,
      labels = { ["app.kubernetes.io/managed-by"] = "lsqm" } },
    spec = { entrypoint = "pipeline", onExit = "monitoring",
      serviceAccountName = rules.service_account, arguments = { parameters = parameters },
      activeDeadlineSeconds = deadline(config, rules), podGC = { strategy = "OnPodSuccess" },
      synchronization = { mutexes = list { { name = rules.name } } },
      ttlStrategy = { secondsAfterSuccess = rules.keep_seconds.success,
        secondsAfterFailure = rules.keep_seconds.failure },
      templates = templates } }
end

return M
