-- SPDX-License-Identifier: Apache-2.0
-- Of Argo's published schemas the names and types of the fields that `aphex generate` writes, and
-- nothing else: what generated files are held to wherever they are generated.
local files_of = require "pipelines.aphex.argo.files"
local fs = require "std.fs"
local json = require "std.json"
local resolve = require "std.resolve"
local tables = require "std.table"

local M = {}

-- What rules/argo.lua may fill in as it likes.
local WHOLE <const> = { RetryStrategy = true, ResourceRequirements = true, GitArtifact = true,
  SecretKeySelector = true }
-- What a schema says beside its fields.
local KEPT <const> = { "type", "const", "enum", "format", "required" }

local CONFIG <const> = [[
version: "1.0"
build: {commands: [make]}
environments:
  - {name: a, region: us-east-1, account: "123456789012", tests: {commands: [make]},
     stacks: [{name: S, path: s}]}
  - {name: b, region: us-east-1, account: "123456789012", stacks: [{name: S, path: s}]}
]]

-- All that can be written, as samples.
local function samples()
  local dir <close> = assert(fs.tempdir "aphex-")
  local file = fs.join(dir.path, "aphex-config.yaml")
  assert(fs.write(file, CONFIG))
  local made = assert(files_of.make(resolve.load("aphex", "rules.argo"), { file = file,
    repo = "a/b", url = "https://example.com", path = "aphex-config.yaml" }))
  local workflow = made.sensor.spec.triggers[1].template.argoWorkflow.source.resource
  return { WorkflowTemplate = made.template, EventSource = made.source, Sensor = made.sensor,
    Workflow = workflow }
end

local cut

-- Of a list all items count, of an object each field.
local function cut_inside(schema, values, state, whole)
  local out = {}
  for _, key in ipairs(KEPT) do out[key] = schema[key] end
  if schema.items then
    local items = {}
    for _, value in ipairs(values) do tables.append(items, value) end
    out.items = cut(schema.items, items, state, whole)
  end
  if schema.properties then
    out.properties, out.additionalProperties = {}, false
    for name, field in pairs(schema.properties) do
      local found = {}
      for _, value in ipairs(values) do found[#found + 1] = value[name] end
      if whole or #found > 0 then out.properties[name] = cut(field, found, state, whole) end
    end
  elseif type(schema.additionalProperties) == "table" then
    local found = {}
    for _, value in ipairs(values) do
      for _, item in pairs(value) do found[#found + 1] = item end
    end
    out.additionalProperties = cut(schema.additionalProperties, found, state, whole)
  end
  return out
end

-- A definition that several fields have is cut once, with the values of all of them: fields are
-- collected until nothing new is found.
function cut(schema, values, state, whole)
  local ref = schema["$ref"]
  if not ref then return cut_inside(schema, values, state, whole) end
  local full = ref:match "[^/]*$"
  local name = full:match "[^.]*$"
  local seen = state.values[name] or {}
  state.values[name] = seen
  state.full[name] = full
  tables.append(seen, values)
  state.whole[name] = state.whole[name] or whole or WHOLE[name] or false
  state.queue[name] = true
  return { ["$ref"] = "#/$defs/" .. name }
end

local function of(kind, published, value)
  local state = { values = {}, full = {}, whole = {}, queue = {} }
  local defs, done = {}, {}
  cut({ ["$ref"] = "#/definitions/" .. kind.full }, { value }, state, false)
  while next(state.queue) do
    local name = tables.sorted_keys(state.queue)[1]
    state.queue[name] = nil
    local mark = #state.values[name] .. tostring(state.whole[name])
    if done[name] ~= mark then
      done[name] = mark
      local values = state.values[name]
      defs[name] = cut_inside(published.definitions[state.full[name]], values, state,
        state.whole[name])
    end
  end
  return { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", title = kind.name,
    ["$comment"] = "Made by generate.lua of Argo's published schema (Apache-2.0): names and types",
    ["$ref"] = "#/$defs/" .. kind.name, ["$defs"] = defs }
end

--- The cut schemas by their names in contracts/.
---@param dir string with argo-workflows.schema.json and argo-events.schema.json
---@return table<string, table>
function M.schemas(dir)
  local published, found = {}, samples()
  for _, engine in ipairs { "workflows", "events" } do
    published[engine] = assert(json.read(fs.join(dir, ("argo-%s.schema.json"):format(engine))))
  end
  local out = {}
  for name, entity in pairs(files_of.SCHEMAS) do
    local engine = (name == "Sensor" or name == "EventSource") and "events" or "workflows"
    local package = engine == "events" and "events" or "workflow"
    out[entity:gsub("_", "-") .. ".schema.json"] = of({ name = name,
      full = ("io.argoproj.%s.v1alpha1.%s"):format(package, name) }, published[engine],
      found[name])
  end
  return out
end

return M
