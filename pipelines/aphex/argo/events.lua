-- SPDX-License-Identifier: Apache-2.0
-- GitHub pushes as Argo Events: the EventSource that receives them, the Sensor that starts the
-- workflow for the branches that are wanted.

local json = require "std.json"
local template = require "pipelines.aphex.argo.template"

local M = {}

local EVENT <const> = "push"

-- Where each parameter of the workflow is in the event.
M.KEYS = { ["commit-sha"] = "body.after", branch = "body.ref",
  ["repo-url"] = "body.repository.clone_url" }

local function list(items) return json.array(items) end

local function head(kind, rules, suffix)
  return { apiVersion = template.API, kind = kind, metadata = { name = rules.name .. suffix,
    namespace = rules.namespace, labels = { ["app.kubernetes.io/managed-by"] = "lsqm" } } }
end

--- The EventSource of one repository.
---@param rules table rules/argo.lua
---@param where {owner: string, repo: string, url: string|nil}
---@return table
function M.source(rules, where)
  local source, port = head("EventSource", rules, "-github"), rules.event_source.port
  source.spec = {
    eventBusName = rules.event_source.bus,
    service = { ports = list { { port = port, targetPort = port } } },
    github = { [EVENT] = {
      repositories = list { { owner = where.owner, names = list { where.repo } } },
      webhook = { endpoint = rules.event_source.endpoint, port = tostring(port),
        method = "POST", url = where.url },
      events = list { "push" }, contentType = "json", active = true, insecure = false,
      webhookSecret = rules.webhook_secret, apiToken = rules.api_token,
    } },
  }
  return source
end

-- Deleted branches and tags are pushes too.
local function filters(branches)
  local refs = list {}
  for i, branch in ipairs(branches) do refs[i] = "refs/heads/" .. branch end
  return { data = list {
    { path = "body.ref", type = "string", comparator = "=", value = refs },
    { path = "body.deleted", type = "bool", comparator = "=", value = list { "false" } },
  } }
end

-- The Sensor's parameters name their target by its index.
local function mappings()
  local all = list {}
  for i, name in ipairs(template.PARAMETERS) do
    all[i] = { src = { dependencyName = EVENT, dataKey = M.KEYS[name] },
      dest = ("spec.arguments.parameters.%d.value"):format(i - 1) }
  end
  return all
end

local function workflow(rules)
  local parameters = list {}
  for i, name in ipairs(template.PARAMETERS) do parameters[i] = { name = name, value = "" } end
  return { apiVersion = template.API, kind = "Workflow",
    metadata = { generateName = rules.name .. "-", namespace = rules.namespace },
    spec = { workflowTemplateRef = { name = rules.name },
      arguments = { parameters = parameters } } }
end

--- The Sensor.
---@param rules table
---@param branches string[]
---@return table
function M.sensor(rules, branches)
  local sensor = head("Sensor", rules, "-github")
  sensor.spec = {
    eventBusName = rules.event_source.bus,
    template = { serviceAccountName = rules.service_account },
    dependencies = list { { name = EVENT, eventSourceName = rules.name .. "-github",
      eventName = EVENT, filters = filters(branches) } },
    triggers = list { { retryStrategy = { steps = 3 }, template = { name = rules.name,
      argoWorkflow = { operation = "submit", source = { resource = workflow(rules) },
        parameters = mappings() } } } },
  }
  return sensor
end

return M
