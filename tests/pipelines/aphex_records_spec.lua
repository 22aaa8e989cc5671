-- SPDX-License-Identifier: Apache-2.0
-- aphex's entities and their schemas, what is checked before anything is deployed, how tests are
-- counted, and where a workflow's story goes beside CloudWatch.
local checks = require "pipelines.aphex.model.checks"
local contracts = require("std.contracts").of "aphex"
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local fs = require "std.fs"
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local lab_of = dofile(HERE .. "/lab.lua")
local monitoring = require "pipelines.aphex.model.monitoring"
local records = require "pipelines.aphex.model.records"
local resolve = require "std.resolve"
local schema_of = require "std.meta.schema"
local tables = require "std.table"
local test_counts = require "pipelines.aphex.model.test_counts"
local uv = require "luv"

local AT <const>, SHA <const> = "2026-01-15T10:30:00Z", ("a1"):rep(20)

local STAGE <const> = { stage_name = "build", started_at = AT, status = "succeeded" }

-- A good value of each entity that is no part of aphex-config.yaml, and fields that break it.
local VALUES <const> = {
  stage_metadata = { STAGE, { status = "odd", started_at = "yesterday", stage_name = "" } },
  workflow_metadata = { { workflow_id = "w-1", commit_sha = SHA, branch = "main",
    triggered_at = AT, completed_at = AT, status = "running", stages = json.array { STAGE } },
    { status = "odd", commit_sha = "xyz", triggered_at = "now", stages = json.array { {} } } },
  artifact_metadata = { { commit_sha = SHA, timestamp = AT, s3_path = "s3://bkt/" .. SHA .. "/x",
    artifact_type = "package", size_bytes = 1, checksum = ("0f"):rep(32) },
    { checksum = "0f", size_bytes = -1, s3_path = "b/x", commit_sha = "" } },
  github_event = { { commit_sha = SHA, branch = "refs/heads/main", author = "a@example.com",
    repo_url = "https://github.com/a/b.git", message = "", timestamp = AT },
    { repo_url = "nowhere", author = "", timestamp = "now" } },
  build_result = { { success = true, exit_code = 0, stdout = "", stderr = "", duration = 0.5,
    artifacts = json.array { "dist/a" } }, { exit_code = "0", duration = -1, artifacts = "a" } },
  test_execution_result = { { success = true, exit_code = 0, stdout = "", stderr = "",
    duration = 1, test_count = 2, passed_count = 2, failed_count = 0 },
    { test_count = -1, passed_count = "2", failed_count = 0.5 } },
  deployment_result = { { success = true, stack_name = "S", stack_outputs = { Url = "x" },
    duration = 1, cloudformation_events = json.array { { a = 1 } } },
    { stack_outputs = { Url = 1 }, cloudformation_events = json.array { 1 }, stack_name = "" } },
}

describe("aphex's schemas", function()
  it("are those of the records, for JSON Schema 2020-12", function()
    for _, name in ipairs(records.ENTITIES) do
      local stored = assert(json.read(assert(resolve.find("aphex", "contracts/"
        .. name:gsub("_", "-") .. ".schema.json"))))
      assert.equal("https://json-schema.org/draft/2020-12/schema", stored["$schema"])
      assert.same(json.decode(json.encode(schema_of.of(name, { records = records,
        closed = true }))), stored, name)
      assert(jsonschema.compile(stored))
    end
  end)

  for _, name in ipairs(tables.sorted_keys(VALUES)) do
    it("hold to its fields: " .. name, function()
      local good, broken = table.unpack(VALUES[name])
      assert(contracts.check(name, good))
      for field, value in pairs(broken) do
        local bad = tables.deep_copy(good)
        bad[field] = value
        assert.is_nil((contracts.check(name, bad)), name .. "." .. field)
      end
      local more = tables.deep_copy(good)
      more.something = 1
      assert.is_nil((contracts.check(name, more)))
    end)
  end
end)

describe("before aphex deploys", function()
  it("a tool must be on PATH and answer to --version or -v", function()
    assert.is_true(checks.tool("git").ok)
    assert.same({ ok = false, what = "no-such-tool-1", message = "it is not on PATH" },
      checks.tool "no-such-tool-1")
    assert.is_false(checks.tool("false").ok)
  end)

  it("cdk.json must have a value for each key that is required", function()
    local dir <close> = assert(fs.tempdir "aphex-")
    assert(fs.write(dir.path .. "/cdk.json", '{"context": {"a": "x", "b": "", "c": [], "d": 0}}'))
    assert.is_true(checks.context(dir.path, { "a", "d" }).ok)
    assert.equal("cdk.json has no value for b, c, e",
      checks.context(dir.path, { "a", "b", "c", "e" }).message)
    assert.is_false(checks.context(dir.path .. "/none", { "a" }).ok)
  end)

  it("JUnit reports are counted with failures and errors", function()
    assert.same({ passed = 1, failed = 2 }, test_counts.junit("<testsuites><testsuite><testcase/>"
      .. "<testcase><failure/></testcase><testcase><error/></testcase>"
      .. "<testcase><skipped/></testcase></testsuite></testsuites>"))
    assert.is_nil(test_counts.junit "<html/>")
  end)
end)

describe("a workflow's story", function()
  it("also goes to DynamoDB and S3 where rules name them, one failure keeping none away", function()
    local asked = {}
    local client = {
      json = function(_, service, action, body)
        asked[#asked + 1] = { service .. " " .. action, body }
        if service == "logs" then return nil, "logs are away" end
        return {}
      end,
      query = function(_, service, action)
        asked[#asked + 1] = { service .. " " .. action }
        return {}
      end,
      s3 = function(_, request)
        asked[#asked + 1] = { "s3 " .. request.method, request }
        return {}
      end,
    }
    local rules = tables.merge(assert(resolve.load("aphex", "rules.monitoring")),
      { table = "workflows", bucket = "stories" })
    local metadata = VALUES.workflow_metadata[1]
    local problems = monitoring.publish(client, rules, metadata)
    assert.is_true(#problems >= 1)
    local by_name = {}
    for _, one in ipairs(asked) do by_name[one[1]] = one[2] or true end
    local item = by_name["dynamodb PutItem"]
    assert.equal("workflows", item.TableName)
    assert.equal("w-1", item.Item.workflow_id.S)
    local object = by_name["s3 PUT"]
    assert.equal("workflows/w-1.json", object.key)
    assert(contracts.check("workflow_metadata", assert(json.decode(object.body))))
  end)
end)

local CONFIG <const> = 'version: "1.0"\nbuild: {commands: [make]}\nenvironments:\n'
  .. '- {name: dev, region: us-east-1, account: "123456789012",\n'
  .. "   stacks: [{name: Net, path: a.ts}]}\n"

describe("a workflow's stages", function()
  local TOLD <const> = { workflow = "w", status = "Failed", started = AT, commit = SHA,
    branch = "main" }

  local function names_of(failures, stages)
    local told = tables.merge(TOLD, { failures = failures and json.encode(json.encode(failures)) })
    local metadata = monitoring.metadata(told, stages)
    assert(contracts.check("workflow_metadata", metadata))
    local names = {}
    for i, one in ipairs(metadata.stages) do names[i] = one.stage_name end
    return names
  end

  it("are those that said so themselves, and of Argo what could not", function()
    local pod = { displayName = "deploy-net", templateName = "deploy", message = "OOMKilled",
      phase = "Failed", finishedAt = "2026-01-15T10:31:00Z" }
    local retry = tables.merge(pod, { displayName = "deploy-net(0)" })
    local parent = { displayName = "environment-dev", templateName = "environment-dev",
      message = "child failed" }
    local failed = { stage_name = "deploy-dev-Net", started_at = AT, status = "failed" }
    assert.same({}, names_of(nil, {}))
    assert.same({}, names_of(json.null, nil))
    assert.same({ "build", "deploy-net" }, names_of({ parent, pod, retry }, { STAGE }))
    assert.same({ "build", "deploy-dev-Net" }, names_of({ parent, pod, retry }, { STAGE, failed }))
    assert.same({ "environment-dev" }, names_of({ parent }, {}))
  end)

  it("have no end while the workflow runs", function()
    local metadata = monitoring.metadata(tables.merge(TOLD, { status = "Running" }))
    assert.is_nil(metadata.completed_at)
    assert(contracts.check("workflow_metadata", metadata))
  end)
end)

-- Answers if its file says so, and keeps what it is given.
local KUBECTL <const> = [[
#!/bin/sh
if [ "$1" = version ]; then
  test -e "$HOME/cluster" && exit
  cat "$HOME/answer" 2>/dev/null || echo "dial tcp: connection refused"
  exit 1
fi
test -n "$AWS_PROFILE" || exit 5
cat > "$HOME/applied.yaml"
if [ -e "$HOME/refuses" ]; then echo "namespaces not found"; exit 1; fi
echo "created"
]]

describe("aphex apply", function()
  it("submits to the cluster that answers, and says so where none does", function()
    local lab <close> = lab_of.new()
    assert(fs.write(lab.path .. "/aphex-config.yaml", CONFIG))
    local kubectl = lab.path .. "/bin/kubectl"
    assert(fs.write(kubectl, KUBECTL))
    assert(uv.fs_chmod(kubectl, 493)) -- 493 = octal 755
    lab.env.AWS_PROFILE = "mine"
    local function apply(...) return lab:run { "aphex", "apply", ... } end
    local result = apply()
    assert.equal(0, result.code, result.stderr)
    assert.equal("workflowtemplate/aphex-pipeline keeps Argo's schema and rules, not submitted "
      .. "(client dry run)\n", result.stdout)
    assert.matches("connection refused", result.stderr, 1, true)
    assert.is_false(fs.exists(lab.path .. "/applied.yaml"))
    assert(fs.write(lab.path .. "/cluster", ""))
    result = apply()
    assert.equal(0, result.code, result.stderr)
    assert.is_truthy(fs.read(lab.path .. "/applied.yaml"):find("kind: WorkflowTemplate", 1, true))
    assert.equal("created\n", result.stdout)
    local list = json.decode(apply("--json", "--repo", "a/b", "--url", "https://x").stdout)
    assert.same({ 3, "Sensor", true }, { #list, list[3].kind, list[3].submitted })
    fs.remove(lab.path .. "/applied.yaml")
    result = apply("--dry-run=client", "--json")
    assert.equal(0, result.code)
    assert.is_false(json.decode(result.stdout)[1].submitted)
    assert.is_false(fs.exists(lab.path .. "/applied.yaml"))
  end)

  it("fails where the cluster refuses, kubectl is missing or Argo would refuse", function()
    local lab <close> = lab_of.new()
    assert(fs.write(lab.path .. "/aphex-config.yaml", CONFIG))
    local function apply(...) return lab:run({ "aphex", "apply", ... }, { cwd = lab.path }) end
    lab.env.PATH = lab.path .. "/bin"
    local result = apply()
    assert.equal(3, result.code)
    assert.matches("keeps Argo's schema", result.stdout, 1, true)
    assert.matches("kubectl is not on PATH", result.stderr, 1, true)
    lab.env.PATH = lab.path .. "/bin:" .. os.getenv "PATH"
    local kubectl = lab.path .. "/bin/kubectl"
    assert(fs.write(kubectl, KUBECTL))
    assert(uv.fs_chmod(kubectl, 493)) -- 493 = octal 755
    assert(fs.write(lab.path .. "/answer", "error: You must be logged in to the server\n"))
    result = apply()
    assert.equal(3, result.code)
    assert.matches("You must be logged in", result.stderr, 1, true)
    lab.env.AWS_PROFILE = "mine"
    assert(fs.write(lab.path .. "/cluster", ""))
    assert(fs.write(lab.path .. "/refuses", ""))
    result = apply()
    assert.equal(3, result.code)
    assert.matches("namespaces not found", result.stderr, 1, true)
    fs.remove(lab.path .. "/applied.yaml")
    local rules = assert(fs.read(assert(resolve.find("aphex", "rules.argo"))))
    assert(fs.mkdir(lab.path .. "/own/aphex/rules"))
    for _, change in ipairs { { 'cpu = "2"', "cpu = 2", "/limits/cpu" },
      { 'limit = "2"', "limt = 2", "/limt" }, { 'name = "aphex%-pipeline"', 'name = "Aphex"',
        "'Aphex' is no DNS label" } } do
      assert(fs.write(lab.path .. "/own/aphex/rules/argo.lua", (rules:gsub(change[1], change[2]))))
      result = apply("--pipelines", lab.path .. "/own")
      assert.equal(2, result.code, result.stdout .. result.stderr)
      assert.matches(change[3], result.stderr, 1, true)
      assert.is_false(fs.exists(lab.path .. "/applied.yaml"))
    end
  end)
end)
