-- SPDX-License-Identifier: Apache-2.0
-- aphex generate: three configurations of growing size against golden files, Argo's published
-- schemas and its linter's rules; a push's way to the workflow. After a wanted change write the
-- golden files anew and read the difference:
--   LSQM_GOLDEN=write build/lsqm exec tests/busted.lua tests/pipelines/aphex_argo_spec.lua
local config_of = require "pipelines.aphex.model.config"
local dry_run = require "pipelines.aphex.argo.dry_run"
local events = require "pipelines.aphex.argo.events"
local files_of = require "pipelines.aphex.argo.files"
local fs = require "std.fs"
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local lint = require "pipelines.aphex.argo.lint"
local program = require "lsqm.program"
local tables = require "std.table"
local template = require "pipelines.aphex.argo.template"
local yaml = require "std.yaml"

local here = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$"
local GOLDEN <const> = here .. "/../golden/aphex"
local CONFIGS <const> = { "small", "medium", "large" }
local SCHEMAS <const> = program.share .. "/../shared/contracts"
local rules = dofile(program.share .. "/pipelines/aphex/rules/argo.lua")

local function files(name)
  return assert(files_of.of(rules, { file = ("%s/%s.yaml"):format(GOLDEN, name),
    repo = "acme/shop", url = "https://hooks.example.com", branch = { "main", "release" } }))
end

local compiled = {}

local function schema_of(kind, engine)
  if compiled[kind] then return compiled[kind] end
  local whole = assert(json.read(("%s/argo-%s.schema.json"):format(SCHEMAS, engine)))
  local prefix = engine == "workflows" and "io.argoproj.workflow.v1alpha1."
    or "io.argoproj.events.v1alpha1."
  whole["$ref"], whole.oneOf = "#/definitions/" .. prefix .. kind, nil
  compiled[kind] = assert(jsonschema.compile(whole))
  return compiled[kind]
end

describe("aphex generate", function()
  for _, name in ipairs(CONFIGS) do
    it("writes what the golden files say: " .. name, function()
      local path, text = ("%s/%s.argo.yaml"):format(GOLDEN, name), files_of.text(files(name))
      if os.getenv "LSQM_GOLDEN" == "write" then assert(fs.write(path, text)) end
      assert.equal(fs.read(path), text)
    end)

    it("keeps Argo's published schemas: " .. name, function()
      if not fs.is_dir(SCHEMAS) then
        pending "the published schemas are not beside the checkout"
        return
      end
      local all = files(name)
      for key, engine in pairs { template = "workflows", source = "events", sensor = "events" } do
        local ok, result = schema_of(all[key].kind, engine)(all[key])
        assert.is_true(ok, not ok and key .. "\n" .. jsonschema.describe(result) or nil)
      end
    end)
  end

  it("lets no text of the configuration be a reference", function()
    local text = yaml.encode(files("large").template)
    assert.is_nil(text:find("{{ evil", 1, true))
    assert.is_truthy(text:find("{{='{{'}} evil", 1, true))
  end)
end)

describe("the linter", function()
  -- Each change breaks one rule.
  local CASES <const> = {
    { "is both container and script", function(t) t.spec.templates[2].script = {} end },
    { "has no type", function(t) t.spec.templates[2].container = nil end },
    { "template 'build' is there twice", function(t)
      table.insert(t.spec.templates, tables.deep_copy(t.spec.templates[2])) end },
    { "there is no template 'nothing'", function(t) t.spec.entrypoint = "nothing" end },
    { "there is no template 'gone'", function(t)
      t.spec.templates[1].dag.tasks[1].template = "gone" end },
    { "depends on 'nobody', which is no task", function(t)
      t.spec.templates[1].dag.tasks[2].depends = "nobody" end },
    { "depends on itself", function(t)
      t.spec.templates[1].dag.tasks[1].depends = t.spec.templates[1].dag.tasks[2].name end },
    { "tasks.build.outputs.artifacts.binary}} means nothing here", function(t)
      t.spec.templates[1].dag.tasks[2].arguments.artifacts[1].from =
        "{{tasks.build.outputs.artifacts.binary}}" end },
    { "{{inputs.parameters.stac}} means nothing here", function(t)
      t.spec.templates[4].container.args[6] = "{{inputs.parameters.stac}}" end },
    { "{{workflow.status}} means nothing here", function(t)
      t.spec.templates[2].container.args[1] = "{{workflow.status}}" end },
    { "gives no artifact 'workspace'", function(t)
      t.spec.templates[1].dag.tasks[2].arguments = nil end },
    { "takes no parameter 'size'", function(t)
      t.spec.templates[1].dag.tasks[1].arguments = { parameters = { { name = "size" } } } end },
    { "'workspace' needs a path", function(t)
      t.spec.templates[2].outputs.artifacts[1].path = nil end },
    { "may not have a path in steps", function(t)
      t.spec.templates[7].inputs.artifacts[1].path = "/x" end },
  }

  it("has nothing to say about what is generated", function()
    for _, name in ipairs(CONFIGS) do
      assert.same({}, lint.files(files(name), events.KEYS))
    end
  end)

  for _, case in ipairs(CASES) do
    it("sees: " .. case[1], function()
      local one = tables.deep_copy(files("small").template)
      case[2](one)
      assert.is_truthy(table.concat(lint.workflow(one), "\n"):find(case[1], 1, true),
        table.concat(lint.workflow(one), "\n"))
    end)
  end

  it("sees a sensor that fits neither its source nor its workflow", function()
    local cases = {
      ["there is no EventSource 'x'"] = function(f)
        f.sensor.spec.dependencies[1].eventSourceName = "x" end,
      ["has no event 'pull'"] = function(f)
        f.sensor.spec.dependencies[1].eventName = "pull" end,
      ["there is no WorkflowTemplate 'x'"] = function(f)
        f.sensor.spec.triggers[1].template.argoWorkflow.source.resource.spec
          .workflowTemplateRef.name = "x" end,
      ["argument 'commit-sha' gets body.ref instead of body.after"] = function(f)
        local list = f.sensor.spec.triggers[1].template.argoWorkflow.parameters
        list[1].src.dataKey, list[2].src.dataKey = list[2].src.dataKey, list[1].src.dataKey end,
      ["spec.arguments.parameters.9.value is no argument"] = function(f)
        f.sensor.spec.triggers[1].template.argoWorkflow.parameters[1].dest =
          "spec.arguments.parameters.9.value" end,
      ["nothing fills the argument 'repo-url'"] = function(f)
        f.sensor.spec.triggers[1].template.argoWorkflow.parameters[3] = nil end,
    }
    for words, change in pairs(cases) do
      local all = tables.deep_copy(files "small")
      change(all)
      local found = table.concat(lint.files(all, events.KEYS), "\n")
      assert.is_truthy(found:find(words, 1, true), words .. " is not in " .. found)
    end
  end)
end)

describe("a push's dry run", function()
  local payload = { ref = "refs/heads/main", after = ("a1"):rep(20), deleted = false,
    repository = { clone_url = "https://github.com/acme/shop.git" } }

  it("ends in the workflow with each parameter in its place", function()
    local workflow = assert(dry_run.run(files "small", payload))
    assert.same({ { name = "commit-sha", value = payload.after },
      { name = "branch", value = "refs/heads/main" },
      { name = "repo-url", value = "https://github.com/acme/shop.git" } },
      workflow.spec.arguments.parameters)
    assert.equal(rules.name, workflow.spec.workflowTemplateRef.name)
    for i, parameter in ipairs(workflow.spec.arguments.parameters) do
      assert.equal(template.PARAMETERS[i], parameter.name)
    end
  end)

  it("ends at the filter for other branches and for deletions", function()
    for _, fields in ipairs { { ref = "refs/heads/topic" }, { ref = "refs/tags/main" },
      { deleted = true } } do
      local workflow, why = dry_run.run(files "small", tables.merge(payload, fields))
      assert.is_nil(workflow)
      assert.matches("^body%.", why)
    end
    assert.is_truthy(dry_run.run(files "small", tables.merge(payload,
      { ref = "refs/heads/release" })))
  end)

  it("labels are what Kubernetes allows", function()
    for _, name in ipairs { "Production EU", "--a__b--", ("x"):rep(99), "é1" } do
      assert.matches("^%l?[%l%d%-]*[%l%d]$", config_of.label(name))
      assert.is_true(#config_of.label(name) <= 40)
    end
  end)
end)
