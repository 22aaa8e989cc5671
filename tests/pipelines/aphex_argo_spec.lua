-- SPDX-License-Identifier: Apache-2.0
-- aphex generate: three configurations of growing size against golden files, Argo's published
-- schemas and its linter's rules; a push's way to the workflow. After a wanted change write the
-- golden files anew and read the difference:
--   LSQM_GOLDEN=write build/lsqm exec tests/busted.lua tests/pipelines/aphex_argo_spec.lua
local config_of = require "pipelines.aphex.model.config"
local cut = require "pipelines.aphex.argo.cut"
local dry_run = require "pipelines.aphex.argo.dry_run"
local event_of = require "pipelines.aphex.model.event"
local events = require "pipelines.aphex.argo.events"
local files_of = require "pipelines.aphex.argo.files"
local fs = require "std.fs"
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local lint = require "pipelines.aphex.argo.lint"
local program = require "lsqm.program"
local regex = require "std.regex"
local tables = require "std.table"
local template = require "pipelines.aphex.argo.template"

local here = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$"
local GOLDEN <const> = here .. "/../golden/aphex"
local CONFIGS <const> = { "small", "medium", "large" }
local SCHEMAS <const> = program.share .. "/../shared/contracts"
local rules = dofile(program.share .. "/pipelines/aphex/rules/argo.lua")

local function files(name)
  return assert(files_of.of(rules, { file = ("%s/%s.yaml"):format(GOLDEN, name),
    path = name .. ".yaml", repo = "acme/shop", url = "https://hooks.example.com",
    branch = { "main", "release/*" } }))
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
      assert.golden(files_of.text(files(name)), ("%s/%s.argo.yaml"):format(GOLDEN, name))
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

  it("is held to Argo's schemas as they are cut for it", function()
    if not fs.is_dir(SCHEMAS) then
      pending "the published schemas are not beside the checkout"
      return
    end
    for file, schema in pairs(cut.schemas(SCHEMAS)) do
      assert.same(json.decode(json.encode(schema)),
        assert(json.read(program.share .. "/pipelines/aphex/contracts/" .. file)), file)
    end
  end)

  it("breaks them where a field has another type or a name that Argo does not know", function()
    local CASES <const> = {
      ["workflowtemplate: /spec/activeDeadlineSeconds"] = function(f)
        f.template.spec.activeDeadlineSeconds = "7200" end,
      ["workflowtemplate: /spec/templates/1/container/comand"] = function(f)
        f.template.spec.templates[2].container.comand = json.array {} end,
      ["eventsource: /spec/github/push/active"] = function(f)
        f.source.spec.github.push.active = "true" end,
      ["sensor: /spec/triggers/0/template"] = function(f)
        f.sensor.spec.triggers[1].template.name = nil end,
      ["workflow: /spec/arguments/parameters/0/value"] = function(f)
        f.sensor.spec.triggers[1].template.argoWorkflow.source.resource.spec.arguments
          .parameters[1].value = 1 end,
    }
    for words, change in pairs(CASES) do
      local all = tables.deep_copy(files "small")
      change(all)
      local found = table.concat(files_of.problems(all), "\n")
      assert.is_truthy(found:find(words, 1, true), words .. " is not in " .. found)
    end
  end)

  it("takes no commands of the configuration into the workflow", function()
    assert.is_truthy(fs.read(GOLDEN .. "/large.yaml"):find("{{ evil", 1, true))
    assert.is_nil(files_of.text(files "large"):find("evil", 1, true))
  end)

  it("gives each step a name of its own that Argo takes", function()
    local names = {}
    for _, one in ipairs(files("large").template.spec.templates) do
      if one.name == "environment-staging-eu" then
        for _, group in ipairs(one.steps) do names[#names + 1] = group[1].name end
      end
    end
    assert.same({ "check", "deploy-network", "deploy-network-2", "deploy-16773842", "deploy-api",
      "deploy-web", "test" }, names)
  end)

  it("has an environment's own service account and the source's secret where rules name them",
    function()
      local own = tables.merge(rules, { service_accounts = { production = "deployer" },
        build_service_account = "builder",
        git = { sshPrivateKeySecret = { name = "key", key = "ssh" } } })
      local made = assert(files_of.of(own, { file = GOLDEN .. "/medium.yaml", path = "m.yaml" }))
      local text = files_of.yaml(made.template)
      assert.is_truthy(text:find("value: deployer", 1, true))
      assert.is_truthy(text:find("sshPrivateKeySecret:", 1, true))
      assert.is_nil(text:find("--bucket", 1, true))
      assert.equal("builder", made.template.spec.templates[2].serviceAccountName)
      assert.is_nil(files_of.yaml(files("medium").template):find("deployer", 1, true))
      own.artifact_bucket = "builds"
      made = assert(files_of.of(own, { file = GOLDEN .. "/medium.yaml", path = "m.yaml" }))
      local args = made.template.spec.templates[2].container.args
      assert.same({ "--bucket", "builds" }, { args[#args - 1], args[#args] })
    end)

  it("lets workflows take turns, each as long as its steps may take", function()
    local spec = files("medium").template.spec
    assert.equal(rules.name, spec.synchronization.mutexes[1].name)
    local limits = rules.deadlines
    assert.equal(limits.build + 2 * (limits.check + 2 * limits.deploy + limits.test),
      spec.activeDeadlineSeconds)
  end)

  it("knows where the configuration lies in its repository", function()
    local dir <close> = assert(fs.tempdir "aphex-")
    local file = dir.path .. "/repo/deploy/eu.yaml"
    assert(fs.mkdir(dir.path .. "/repo/deploy"))
    assert(fs.copy(GOLDEN .. "/small.yaml", file))
    local function path_of(more)
      local made, err = files_of.of(rules, tables.merge({ file = file }, more))
      return made and made.template.spec.templates[2].container.args[2] or err.code
    end
    assert.equal("eu.yaml", path_of())
    assert(fs.mkdir(dir.path .. "/repo/.git"))
    assert.equal("deploy/eu.yaml", path_of())
    assert.equal("other.yaml", path_of { path = "other.yaml" })
    for _, bad in ipairs { "/x.yaml", "../x.yaml", "{{workflow.uid}}.yaml", "-x", "a\nb" } do
      assert.equal("usage", path_of { path = bad })
    end
  end)

  it("refuses addresses, repositories, branches and names that cannot be", function()
    local good = { file = GOLDEN .. "/small.yaml", path = "x", repo = "a/b", url = "https://x" }
    assert(files_of.of(rules, good))
    for field, values in pairs { repo = { "a", "a/b/c", "a/{{b}}", "a/b\n" },
      url = { "x", "https://{{x}}", "https://a b", "file:///x" },
      branch = { { "" }, { "a b" }, { "{{x}}" }, { "[ab]" }, { "a\nb" } } } do
      for _, value in ipairs(values) do
        local made, err = files_of.of(rules, tables.merge(good, { [field] = value }))
        assert.is_nil(made)
        assert.equal("usage", err.code, field)
      end
    end
    for field, value in pairs { name = ("x"):rep(60), namespace = "A", event_source = { port = 0,
      endpoint = "x", bus = "default" } } do
      local made, err = files_of.of(tables.merge(rules, { [field] = value }), good)
      assert.is_nil(made, field)
      assert.matches("Argo would refuse this", err.message)
    end
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
      t.spec.templates[4].container.args[4] = "{{inputs.parameters.stac}}" end },
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
      assert.same({}, files_of.problems(files(name)))
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

describe("the linter of names", function()
  local CASES <const> = {
    { "template 'a.b'", function(f) f.template.spec.templates[2].name = "a.b" end },
    { "template 'xx", function(f) f.template.spec.templates[2].name = ("x"):rep(129) end },
    { "step '-x'", function(f) f.template.spec.templates[7].steps[1][1].name = "-x" end },
    { "task 'a_b'", function(f) f.template.spec.templates[1].dag.tasks[1].name = "a_b" end },
    { "task '1a' begins with a digit", function(f)
      f.template.spec.templates[1].dag.tasks[1].name = "1a" end },
    { "'a b' is no name of parameters", function(f)
      f.template.spec.templates[3].inputs.parameters[1].name = "a b" end },
    { "sensor: 'A' is no DNS label", function(f) f.sensor.metadata.name = "A" end },
    { "the filter of body.ref also takes texts around 'refs/heads/main'", function(f)
      f.sensor.spec.dependencies[1].filters.data[1].value[1] = "refs/heads/main" end },
    { "'70000' is no port", function(f) f.source.spec.github.push.webhook.port = "70000" end },
    { "the endpoint must begin with '/'", function(f)
      f.source.spec.github.push.webhook.endpoint = "push" end },
    { "have more than 63 characters", function(f)
      f.sensor.spec.triggers[1].template.argoWorkflow.source.resource.metadata.generateName =
        ("x"):rep(59) end },
  }
  for _, case in ipairs(CASES) do
    it("sees: " .. case[1], function()
      local all = tables.deep_copy(files "small")
      case[2](all)
      local found = table.concat(files_of.problems(all), "\n")
      assert.is_truthy(found:find(case[1], 1, true), found)
    end)
  end
end)

describe("a push's dry run", function()
  local payload = { ref = "refs/heads/main", after = ("a1"):rep(20), deleted = false,
    repository = { clone_url = "https://github.com/acme/shop.git", full_name = "Acme/shop" } }

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

  it("takes a whole payload of GitHub's, of which only what is checked gets in", function()
    local path = GOLDEN .. "/push.json"
    local body = assert(fs.read(path))
    local event = assert(event_of.parse(body))
    local workflow = assert(dry_run.run(files "small", assert(json.decode(body)), #body))
    local values = {}
    for i, one in ipairs(workflow.spec.arguments.parameters) do values[i] = one.value end
    assert.same({ event.commit_sha, event.branch, event.repo_url }, values)
    local text = files_of.yaml(workflow)
    assert.is_nil(text:find("{{", 1, true))
    assert.is_nil(text:find("$(", 1, true))
    assert.is_truthy(event.message:find("{{workflow.name}}", 1, true)) -- text: nothing reads it
  end)

  it("ends at the filter for other branches and for deletions", function()
    for _, fields in ipairs { { ref = "refs/heads/topic" }, { ref = "refs/tags/main" },
      { ref = "refs/heads/main-2" }, { ref = "refs/tags/refs/heads/main" },
      { ref = "refs/heads/maim" }, { ref = "refs/heads/main\n" }, { ref = { "refs/heads/main" } },
      { ref = "refs/heads/release/1/2" }, { ref = "refs/heads/release/{{workflow.uid}}" },
      { ref = "refs/heads/release/{{=1}}" }, { after = "{{workflow.uid}}" }, { after = "main" },
      { deleted = true }, { deleted = json.null },
      { repository = { full_name = "acme/shop2", clone_url = "https://x/y" } } } do
      local workflow, why = dry_run.run(files "small", tables.merge(payload, fields))
      assert.is_nil(workflow)
      assert.matches("^body%.", why)
      assert.is_nil(why:find "\n")
    end
    assert.is_truthy(dry_run.run(files "small", tables.merge(payload,
      { ref = "refs/heads/release/1.0", forced = true })))
  end)

  it("ends at the EventSource for a payload that is larger than it takes", function()
    assert.is_truthy(dry_run.run(files "small", payload, 20 << 20))
    local all = tables.deep_copy(files "small")
    all.source.spec.github.push.webhook.maxPayloadSize = nil
    local workflow, why = dry_run.run(all, payload, 20 << 20)
    assert.is_nil(workflow)
    assert.matches("the EventSource takes 1048576", why, 1, true)
  end)

  it("takes branches as `event` does", function()
    local PATTERNS <const> = { "main", "release/*", "v?", "a/**", "**/z", "x/**/y", "**", "*.x",
      "a+b" }
    local NAMES <const> = { "main", "main2", "release/1", "release/1/2", "release", "v1", "v12",
      "a", "a/b", "a/b/c", "z", "q/z", "q/r/z", "qz", "x/y", "x/1/y", "x/1/2/y", "xy", "1.x",
      "1ax", "a/1.x", "a+b", "aab" }
    for _, pattern in ipairs(PATTERNS) do
      local compiled_pattern = assert(regex.compile(assert(events.ref_pattern(pattern))))
      for _, name in ipairs(NAMES) do
        local event = { branch = "refs/heads/" .. name }
        assert.equal(event_of.is_wanted(event, { pattern }), compiled_pattern:test(event.branch),
          pattern .. " and " .. name)
      end
    end
  end)

  it("labels are what Kubernetes allows", function()
    for _, name in ipairs { "Production EU", "--a__b--", ("x"):rep(99), "é1" } do
      assert.matches("^%l?[%l%d%-]*[%l%d]$", config_of.label(name))
      assert.is_true(#config_of.label(name) <= 40)
    end
  end)
end)
