-- SPDX-License-Identifier: Apache-2.0
-- GitHub pushes as Argo Events: the EventSource that receives them, the Sensor that starts the
-- workflow for the branches that are wanted. Source: Argo Events, "Data Filter": a value of type
-- string is a regular expression that is looked for anywhere in the text.

local error_of = require "std.error"
local json = require "std.json"
local template = require "pipelines.aphex.argo.template"

local M = {}

local EVENT <const> = "push"
local MAX_BYTES <const> = 25 << 20 -- GitHub sends no more; Argo takes 1 MB unless told

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
        method = "POST", url = where.url, maxPayloadSize = MAX_BYTES },
      events = list { "push" }, contentType = "json", active = true, insecure = false,
      webhookSecret = rules.webhook_secret, apiToken = rules.api_token,
    } },
  }
  return source
end

-- --- filters ------------------------------------------------------------------------------------

local function quote(text) return (text:gsub("[][\\.+*?(){}|^$]", "\\%0")) end

-- One part of a branch's name. No brace may stand where a pusher chooses the text: Argo reads a
-- parameter's value again for references.
local function part_of(text)
  local out = {}
  for plain, star in text:gmatch "([^*?]*)([*?]?)" do
    out[#out + 1] = quote(plain) .. (star == "*" and "[^/{}]*" or star == "?" and "[^/{}]" or "")
  end
  return table.concat(out)
end

--- A branch pattern as `event --branch` has it ("main", "release/*", "**") as an anchored regular
--- expression for refs.
---@param pattern string
---@return string|nil
---@return lsqm.Error|nil err code "usage"
function M.ref_pattern(pattern)
  if pattern == "" or pattern:find "[%c%s%[%]{}\\^~:]" then
    return nil, error_of.new { op = "aphex", code = "usage",
      message = ("'%s' is no branch and no pattern of * and ?"):format(pattern) }
  end
  local parts, out, slash = {}, {}, "/"
  for part in pattern:gmatch "[^/]+" do
    if part ~= "**" or parts[#parts] ~= "**" then parts[#parts + 1] = part end
  end
  for i, part in ipairs(parts) do
    if part ~= "**" then
      out[i], slash = slash .. part_of(part), "/"
    elseif i < #parts then
      out[i], slash = "/([^{}]+/)?", ""
    else
      out[i] = i == 1 and "/[^{}]+" or "(/[^{}]+)?"
    end
  end
  return "^refs/heads" .. table.concat(out) .. "$"
end

local function text_filter(path, values)
  return { path = path, type = "string", comparator = "=", value = list(values) }
end

-- Deleted branches and tags are pushes too. GitHub's owners and names know no case.
local function filters(what)
  local refs = {}
  for i, branch in ipairs(what.branches) do refs[i] = assert(M.ref_pattern(branch)) end
  return { data = list {
    text_filter("body.ref", refs),
    { path = "body.deleted", type = "bool", comparator = "=", value = list { "false" } },
    text_filter("body.after", { "^([0-9a-f]{40}|[0-9a-f]{64})$" }),
    text_filter("body.repository.full_name",
      { ("(?i)^%s/%s$"):format(quote(what.owner), quote(what.repo)) }),
  } }
end

-- --- the sensor ---------------------------------------------------------------------------------

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
---@param what {owner: string, repo: string, branches: string[]} branches: see M.ref_pattern
---@return table
function M.sensor(rules, what)
  local sensor = head("Sensor", rules, "-github")
  sensor.spec = {
    eventBusName = rules.event_source.bus,
    template = { serviceAccountName = rules.service_account },
    dependencies = list { { name = EVENT, eventSourceName = rules.name .. "-github",
      eventName = EVENT, filters = filters(what) } },
    triggers = list { { retryStrategy = { steps = 3 }, template = { name = rules.name,
      argoWorkflow = { operation = "submit", source = { resource = workflow(rules) },
        parameters = mappings() } } } },
  }
  return sensor
end

return M
