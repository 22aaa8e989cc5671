-- SPDX-License-Identifier: Apache-2.0
-- aphex generate: what Argo's validation refuses although the published schemas allow it. Each case
-- breaks one rule of files that are good otherwise.
local files_of = require "pipelines.aphex.argo.files"
local fs = require "std.fs"
local json = require "std.json"
local program = require "lsqm.program"
local tables = require "std.table"

local here = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$"
local CONFIG <const> = here .. "/../golden/aphex/small.yaml"
local rules = dofile(program.share .. "/pipelines/aphex/rules/argo.lua")

local function of(changed)
  return files_of.of(changed or rules, { file = CONFIG, path = "small.yaml", repo = "acme/shop",
    url = "https://hooks.example.com" })
end

-- The templates of the small configuration by what they are.
local PIPELINE <const>, BUILD <const>, CHECK <const>, DEPLOY <const>, EXIT <const>,
  ENVIRONMENT <const> = 1, 2, 3, 4, 6, 7

local function templates(files) return files.template.spec.templates end
local function call(files) return templates(files)[ENVIRONMENT].steps[1][1].arguments end
local function task(files) return templates(files)[PIPELINE].dag.tasks[2] end
local function trigger(files) return files.sensor.spec.triggers[1].template end
local function resource(files) return trigger(files).argoWorkflow.source.resource end
local function filter(files, i) return files.sensor.spec.dependencies[1].filters.data[i] end
local function event(files) return files.source.spec.github.push end

local function inputs(name)
  return { parameters = json.array { { name = name } } }
end

local CASES <const> = {
  -- the workflow
  { "/spec: entrypoint is missing", function(f) f.template.spec.entrypoint = nil end },
  { "/spec/templates: has nothing", function(f) f.template.spec.templates = json.array {} end },
  { "/spec/templates/1: name is missing", function(f) templates(f)[BUILD].name = nil end },
  { "/spec/podGC/strategy: 'Never' is none of", function(f)
    f.template.spec.podGC.strategy = "Never" end },
  { "/spec/activeDeadlineSeconds: '0' is no whole number", function(f)
    f.template.spec.activeDeadlineSeconds = 0 end },
  { "arguments: 'a b' is no name of parameters", function(f)
    table.insert(f.template.spec.arguments.parameters, { name = "a b", value = "" }) end },
  { "entrypoint: pipeline: gives no parameter 'z'", function(f)
    templates(f)[PIPELINE].inputs = inputs "z" end },
  { "onExit: monitoring: gives no parameter 'z'", function(f)
    templates(f)[EXIT].inputs = inputs "z" end },
  -- its templates
  { "/retryStrategy/retryPolicy: 'Sometimes' is none of", function(f)
    templates(f)[BUILD].retryStrategy = { retryPolicy = "Sometimes" } end },
  { "/container/image: is empty", function(f) templates(f)[BUILD].container.image = "" end },
  { "/limits/cpu: 'lots' is no quantity", function(f)
    templates(f)[BUILD].container.resources = { limits = { cpu = "lots" } } end },
  { "/git/repo: is empty", function(f)
    templates(f)[BUILD].inputs.artifacts[1].git.repo = "" end },
  { "inputs 'workspace' may not have a 'from'", function(f)
    templates(f)[CHECK].inputs.artifacts[1].from = "{{workflow.name}}" end },
  { "inputs 'workspace' needs a path", function(f)
    templates(f)[CHECK].inputs.artifacts[1].path = "" end },
  { "its path '/a/..' has a '..'", function(f)
    templates(f)[CHECK].inputs.artifacts[1].path = "/a/.." end },
  { "may not have activeDeadlineSeconds, being steps", function(f)
    templates(f)[ENVIRONMENT].activeDeadlineSeconds = "5" end },
  { "may not have activeDeadlineSeconds, being dag", function(f)
    templates(f)[PIPELINE].activeDeadlineSeconds = "5" end },
  -- calls
  { "/steps/0/0/arguments/parameters/0: value is missing", function(f)
    call(f).parameters[1].value = nil end },
  { "/steps/0/0/arguments/artifacts/0: from is missing", function(f)
    call(f).artifacts[1].from = nil end },
  { "/steps/0/0: name is missing", function(f)
    templates(f)[ENVIRONMENT].steps[1][1].name = nil end },
  { "/dag/tasks: has nothing", function(f) templates(f)[PIPELINE].dag.tasks = json.array {} end },
  { "depends on 'Succeeded', which is no task", function(f) task(f).depends = "Succeeded" end },
  { "'build.Succeded', which is no result", function(f) task(f).depends = "build.Succeded" end },
  { "'build.build', which is no result", function(f) task(f).depends = "build.build" end },
  { "'build.AnySucceeded', which is no result", function(f)
    task(f).depends = "build.AnySucceeded" end },
  -- references
  { "'{{workflow.uid' has a '{{' without its end", function(f)
    templates(f)[BUILD].container.args[1] = "{{workflow.uid" end },
  { "{{inputs.parameters.stack.x}} means nothing here", function(f)
    templates(f)[DEPLOY].container.args[1] = "{{inputs.parameters.stack.x}}" end },
  { "{{pod.name}} means nothing here", function(f)
    call(f).parameters[1].value = "{{pod.name}}" end },
  { "{{steps.build.status}} means nothing here", function(f)
    task(f).arguments.artifacts[1].from = "{{steps.build.status}}" end },
  { "{{steps.test.status}} means nothing here", function(f)
    call(f).parameters[1].value = "{{steps.test.status}}" end },
  -- the event source
  { "/spec/github/push: webhook is missing", function(f) event(f).webhook = nil end },
  { "/spec/github/push/repositories: has nothing", function(f)
    event(f).repositories = json.array {} end },
  { "/spec/github/push/events: has nothing", function(f) event(f).events = json.array {} end },
  { "/contentType: 'xml' is none of json, form", function(f) event(f).contentType = "xml" end },
  { "'12000.0' is no port", function(f) event(f).webhook.port = "12000.0" end },
  -- the sensor
  { "/spec/triggers: has nothing", function(f) f.sensor.spec.triggers = json.array {} end },
  { "/template: argoWorkflow is missing", function(f) trigger(f).argoWorkflow = nil end },
  { "/template/name: is empty", function(f) trigger(f).name = "" end },
  { "trigger 'aphex-pipeline' is there twice", function(f)
    f.sensor.spec.triggers[2] = tables.deep_copy(f.sensor.spec.triggers[1]) end },
  { "/operation: 'start' is none of", function(f) trigger(f).argoWorkflow.operation = "start" end },
  { "/parameters/0: src is missing", function(f)
    trigger(f).argoWorkflow.parameters[1].src = nil end },
  { "/spec/dependencies: has nothing", function(f) f.sensor.spec.dependencies = json.array {} end },
  { "/comparator: '~' is none of", function(f) filter(f, 1).comparator = "~" end },
  { "/type: 'text' is none of", function(f) filter(f, 1).type = "text" end },
  { "/path: is empty", function(f) filter(f, 1).path = "" end },
  { "/value: has nothing", function(f) filter(f, 1).value = json.array {} end },
  { "/value/0: is empty", function(f) filter(f, 2).value[1] = "" end },
  { "'^(a$' is no regular expression of Go", function(f) filter(f, 1).value[1] = "^(a$" end },
  { "'^(?=a)a$' is no regular expression of Go", function(f)
    filter(f, 1).value[1] = "^(?=a)a$" end },
  { "'^(a)\\1$' is no regular expression of Go", function(f)
    filter(f, 1).value[1] = "^(a)\\1$" end },
  { "workflow: /spec: workflowTemplateRef is missing", function(f)
    resource(f).spec.workflowTemplateRef = nil end },
  { "workflow: /metadata: generateName is missing", function(f)
    resource(f).metadata.generateName = nil end },
}

describe("what Argo's validation refuses", function()
  it("is not in what is generated", function()
    assert.same({}, files_of.problems(assert(of())))
  end)

  for _, case in ipairs(CASES) do
    it("is seen: " .. case[1], function()
      local files = tables.deep_copy(assert(of()))
      case[2](files)
      local found = table.concat(files_of.problems(files), "\n")
      assert.is_truthy(found:find(case[1], 1, true), found)
    end)
  end

  it("does not come from rules/argo.lua", function()
    for _, change in ipairs {
      { "'Sometimes' is none of", function(r) r.retries.retryPolicy = "Sometimes" end },
      { "limit: 'many' is no whole number", function(r) r.retries.limit = "many" end },
      { "'-5' is no whole number", function(r) r.deadlines.build = -5 end },
      { "'1800.0' is no whole number", function(r) r.deadlines.deploy = 1800.0 end },
      { "'30m' is no whole number", function(r) r.deadlines.test = "30m" end },
      { "'nil' is no whole number", function(r) r.deadlines.check = nil end },
      { "/container/image: is empty", function(r) r.image = "" end },
      { "'a{{b' has a '{{' without its end", function(r) r.service_account = "a{{b" end },
      { "its path '/w/../source' has a '..'", function(r) r.workspace = "/w/.." end },
      { "'12000.0' is no port", function(r) r.event_source.port = 12000.0 end },
    } do
      local changed = tables.deep_copy(rules)
      change[2](changed)
      local files, err = of(changed)
      assert.is_nil(files, change[1])
      assert.equal("usage", err.code)
      assert.is_truthy(err.message:find(change[1], 1, true), err.message)
    end
  end)
end)

describe("what Argo's validation takes", function()
  local GOOD <const> = {
    ["a step's state"] = function(f)
      templates(f)[ENVIRONMENT].steps[2][1].arguments.parameters[1].value =
        "{{steps.check.status}} {{ steps.check.outputs.result }}" end,
    ["a task without a result"] = function(f) task(f).depends = "build" end,
    ["two results"] = function(f) task(f).depends = "build.Succeeded || build.Skipped" end,
    ["an artifact's path"] = function(f)
      templates(f)[CHECK].container.args[1] = "{{inputs.artifacts.workspace.path}}" end,
    ["a pod's name"] = function(f) templates(f)[CHECK].container.args[1] = "{{pod.name}}" end,
    ["an expression"] = function(f) templates(f)[CHECK].container.args[1] = "{{=1 + 1}}" end,
    ["defaults"] = function(f)
      templates(f)[BUILD].retryStrategy = { retryPolicy = "", limit = "{{workflow.uid}}" }
      f.template.spec.podGC.strategy = ""
      filter(f, 1).comparator = "" end,
    ["quantities"] = function(f)
      templates(f)[BUILD].container.resources = { limits = { cpu = ".5", memory = "1e3" },
        requests = { cpu = "100m", memory = "1.5Gi" } } end,
  }

  for name, change in tables.sorted_pairs(GOOD) do
    it("is taken: " .. name, function()
      local files = tables.deep_copy(assert(of()))
      change(files)
      assert.same({}, files_of.problems(files))
    end)
  end

  it("is a deadline in digits, which counts in the workflow's", function()
    local changed = tables.deep_copy(rules)
    changed.deadlines.build = tostring(rules.deadlines.build)
    assert.equal(assert(of()).template.spec.activeDeadlineSeconds,
      assert(of(changed)).template.spec.activeDeadlineSeconds)
  end)

  it("is what names of any kind end in", function()
    local text = assert(fs.read(CONFIG))
    local dir <close> = assert(fs.tempdir "aphex-")
    for _, name in ipairs { ("x"):rep(300), "Продакшн", "---", ".inf", "a: b # c" } do
      local file = fs.join(dir.path, "odd.yaml")
      assert(fs.write(file, (text:gsub("name: [^,\n]+", function()
        return "name: " .. json.encode(name)
      end))))
      local files, err = files_of.of(rules, { file = file, path = "odd.yaml" })
      assert.is_truthy(files, err and err.message)
    end
  end)
end)
