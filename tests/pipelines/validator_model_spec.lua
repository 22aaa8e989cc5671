-- SPDX-License-Identifier: Apache-2.0
-- validator's entities: their schemas, the rules that a schema cannot say, the two lifecycles.
local architectures = require "pipelines.validator.model.architecture"
local fs = require "std.fs"
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local place_of = require "pipelines.validator.model.place"
local records = require "pipelines.validator.model.records"
local resolve = require "std.resolve"
local results = require "pipelines.validator.model.results"
local schema_of = require "std.meta.schema"
local services = require "pipelines.validator.model.services"
local sha256 = require "std.sha256"
local sources = require "pipelines.validator.model.sources"
local tables = require "std.table"
local tracker_of = require "pipelines.validator.model.tracker"

local check = place_of.contracts.check
local QUIET <const> = { error = function() end }
local AT <const>, RUN <const> = "2026-01-10T00:00:00Z", "run-20260110-000000"

local function source(extra)
  local one = { id = "aws-quickstart", name = "Quick starts", source_type = "github_repo",
    url = "https://github.com/a/b" }
  for key, value in pairs(extra or {}) do one[key] = value end
  return one
end

local function refuses(entity, good, changes)
  assert(check(entity, good))
  for name, change in pairs(changes) do
    local bad = tables.deep_copy(good)
    change(bad)
    local ok, err = check(entity, bad)
    assert.is_nil(ok, entity .. ": " .. name)
    assert.equal("invalid", err.code)
  end
end

local function fresh(path)
  local text = 'resource "aws_sqs_queue" "q" {}\n'
  local arch = architectures.new(source(), path or "a/My Stack.yaml",
    { kind = "template", taken = {} })
  arch.terraform_content, arch.content_hash = text, sha256.string(text)
  arch.metadata = { services = json.array { "sqs" }, resource_count = 1, complexity = "low",
    original_format = "terraform" }
  return arch
end

describe("validator's schemas", function()
  it("are those of the records, for JSON Schema 2020-12", function()
    for _, name in ipairs(records.ENTITIES) do
      local path = assert(resolve.find("validator", "contracts/" .. name .. ".schema.json"))
      local stored = assert(json.read(path))
      assert.equal("https://json-schema.org/draft/2020-12/schema", stored["$schema"])
      local made = assert(json.decode(json.encode(
        schema_of.of(name, { records = records, closed = true }))))
      assert.same(made, stored, name)
      assert(jsonschema.compile(stored))
    end
  end)

  it("hold TemplateSource to its id, URL, type and commit", function()
    refuses("template_source", source { last_mined_at = AT, last_commit_sha = ("a1"):rep(20),
      enabled = false }, {
      short = function(s) s.id = "ab" end, upper = function(s) s.id = "AWS-quick" end,
      long = function(s) s.id = ("a"):rep(51) end, url = function(s) s.url = "not a url" end,
      sha = function(s) s.last_commit_sha = ("g"):rep(40) end,
      short_sha = function(s) s.last_commit_sha = "a1b2c3d" end,
      kind = function(s) s.source_type = "ftp" end, more = function(s) s.colour = "red" end,
    })
  end)

  it("hold Architecture and its metadata to status, complexity and services", function()
    refuses("architecture", fresh(), {
      status = function(a) a.status = "done" end, kind = function(a) a.source_type = "x" end,
      complexity = function(a) a.metadata.complexity = "huge" end,
      service = function(a) a.metadata.services[1] = "SQS" end,
      confidence = function(a) a.metadata.diagram_confidence = 1.5 end,
      format = function(a) a.metadata.original_format = "pulumi" end,
      id = function(a) a.id = "no-slash" end, content = function(a) a.terraform_content = nil end,
    })
  end)

  it("hold ValidationRun, statistics and timing to their ranges", function()
    local run = { id = RUN, started_at = AT, completed_at = AT, status = "completed",
      trigger = "manual", parallelism = 4, localstack_version = "latest", results = json.array {},
      token_usage = 0, token_budget = 500000,
      statistics = { total_architectures = 4, passed = 1, partial = 1, failed = 1, skipped = 1,
        pass_rate = 1 / 3 },
      timing = { mining_seconds = 0, generation_seconds = 1.5, running_seconds = 2,
        reporting_seconds = 0.1, total_seconds = 3.6 } }
    refuses("validation_run", run, {
      id = function(r) r.id = "run-2026" end, rate = function(r) r.statistics.pass_rate = 1.1 end,
      status = function(r) r.status = "over" end,
      time = function(r) r.timing.mining_seconds = -1 end,
      trigger = function(r) r.trigger = "chance" end,
    })
  end)

  it("hold ArchitectureResult with its infrastructure, tests and logs", function()
    local result = { id = RUN .. "/abc/x", run_id = RUN, architecture_id = "abc/x",
      status = "partial", duration_seconds = 1, issue_number = 3, suggested_issue_title = "t",
      infrastructure = { success = true, duration_seconds = 1,
        resources_created = json.array { "aws_sqs_queue.q" } },
      tests = { total = 2, passed = 1, failed = 1, skipped = 0, duration_seconds = 1,
        failures = json.array { { name = "n", message = "m", traceback = "t" } } },
      logs = { terraform_log = "", localstack_log = "", app_log = "", test_output = "" } }
    refuses("architecture_result", result, {
      status = function(r) r.status = "error" end, logs = function(r) r.logs.app_log = nil end,
      failure = function(r) r.tests.failures[1].message = nil end,
      infrastructure = function(r) r.infrastructure.success = nil end,
      id = function(r) r.architecture_id = "x" end,
    })
  end)

  it("hold SampleApp, FailureEntry and ServiceCoverage", function()
    refuses("sample_app", { architecture_id = "abc/x", source_code = { ["src/__init__.py"] = "" },
      test_code = { ["tests/conftest.py"] = "" }, compile_status = "success", token_usage = 0,
      requirements = json.array { "boto3", "pytest", "pytest-json-report" }, generated_at = AT,
      prompt_version = "1.0" }, {
      few = function(a) a.requirements[3] = nil end,
      status = function(a) a.compile_status = "perhaps" end,
    })
    refuses("failure_entry", { architecture_id = "abc/x", consecutive_failures = 1,
      first_failure_run = RUN, last_failure_run = RUN },
      { none = function(e) e.consecutive_failures = 0 end,
        run = function(e) e.last_failure_run = "run-1" end })
    refuses("service_coverage", { service_name = "sqs", architectures_tested = 1,
      architectures_passed = 1, architectures_failed = 0, pass_rate = 1, last_tested_run = RUN },
      { rate = function(s) s.pass_rate = 2 end, name = function(s) s.service_name = "S Q S" end })
  end)
end)

describe("validator's sources", function()
  local dir, place
  before_each(function()
    dir = assert(fs.tempdir "validator-")
    place = place_of.open(dir.path)
    fs.mkdir(dir.path .. "/config")
  end)
  after_each(function() dir:close() end)

  local function write(text) assert(fs.write(place:sources_file(), text)) end

  it("come from config/sources.yaml, with what cache/sources_state.json knows", function()
    write("sources:\n- {id: one-src, name: One, source_type: github_repo, url: 'file:///x'}\n"
      .. "- {id: two-src, name: Two, source_type: diagram, url: 'file:///y', enabled: false}\n")
    assert(sources.note(place, "one-src", AT, ("ab"):rep(20)))
    local list = assert(sources.load(place))
    assert.equal(1, #list)
    assert.equal(("ab"):rep(20), list[1].last_commit_sha)
    assert.equal(AT, list[1].last_mined_at)
    assert.has_error(function() sources.note(place, "one-src", AT, "short") end)
  end)

  it("are refused for an id of the wrong form and for the same id twice", function()
    write "sources: [{id: No, name: One, source_type: diagram, url: 'file:///x'}]\n"
    local list, err = sources.load(place)
    assert.is_nil(list)
    assert.equal("usage", err.code)
    write("sources:\n- {id: abc, name: One, source_type: diagram, url: 'file:///x'}\n"
      .. "- {id: abc, name: Two, source_type: diagram, url: 'file:///y'}\n")
    list, err = sources.load(place)
    assert.is_nil(list)
    assert.is_truthy(tostring(err):find("two sources 'abc'", 1, true))
  end)

  it("are read as folders, clones, modules and searches", function()
    local function of(kind, url) return sources.mining(source { source_type = kind, url = url }) end
    assert.same({ type = "dir", path = "/a b" }, of("diagram", "file:///a%20b"))
    assert.same({ type = "git", url = "https://github.com/a/b" },
      of("github_repo", "https://github.com/a/b"))
    assert.same({ type = "registry", module = "a/b/aws" },
      of("terraform_registry", "https://registry.terraform.io/modules/a/b/aws"))
    assert.same({ type = "registry", search = "vpc" },
      of("terraform_registry", "https://registry.terraform.io/search/modules?q=vpc"))
  end)
end)

describe("validator's architectures", function()
  it("have an id of source and path, never twice the same", function()
    local taken = {}
    local function id(path)
      return architectures.new(source(), path, { kind = "template", taken = taken }).id
    end
    assert.equal("aws-quickstart/a-my-stack-yaml", id "a/My Stack.yaml")
    assert.equal("aws-quickstart/root", id ".")
    assert.is_truthy(id("a-my/stack.yaml"):find "^aws%-quickstart/a%-my%-stack%-yaml%-%x+$")
    assert.equal("aws-quickstart/a-my-stack-yaml", id "a/My Stack.yaml")
    assert.is_true(#id(("long/"):rep(60)) < 140)
  end)

  it("go only the ways of the lifecycle", function()
    local ways = { pending = { "normalized", "conversion_failed" },
      normalized = { "ready", "generation_failed" }, ready = {}, conversion_failed = {},
      generation_failed = {} }
    for from, targets in pairs(ways) do
      local allowed = {}
      for _, to in ipairs(targets) do allowed[to] = true end
      for _, to in ipairs(records.STATUSES) do
        local arch = { id = "x/y", status = from }
        local ok = pcall(architectures.move, arch, to, "why")
        assert.equal(allowed[to] == true, ok, from .. " to " .. to)
        assert.equal(ok and to or from, arch.status)
      end
    end
  end)

  it("keep services of KNOWN_AWS_SERVICES, the hash of their content, and come back", function()
    for _, name in ipairs { "lambda", "s3", "dynamodb", "sqs", "apigateway", "stepfunctions" } do
      assert.is_true(services.known()[name], name)
    end
    assert.same({ "lambada" }, services.unknown { "lambda", "lambada" })
    local dir <close> = assert(fs.tempdir "validator-")
    local place, arch = place_of.open(dir.path), fresh()
    assert(architectures.save(place, arch))
    assert.equal(arch.terraform_content, fs.read(place:arch_dir(arch.id) .. "/main.tf"))
    assert.same(arch, assert(architectures.load(place, arch.id)))
    assert.equal(1, #architectures.all(place, QUIET))
    arch.metadata.services[1] = "lambada"
    assert.has_error(function() architectures.save(place, arch) end)
    arch.metadata.services[1], arch.content_hash = "sqs", ("0"):rep(64)
    assert.has_error(function() architectures.save(place, arch) end)
  end)

  it("are valid HCL, and take a converted root over with what lies beside its texts", function()
    local dir <close> = assert(fs.tempdir "validator-")
    local place, arch = place_of.open(dir.path .. "/place"), fresh()
    local root = dir.path .. "/root"
    fs.mkdir(root)
    for name, text in pairs { ["main.tf"] = "locals {\n}\n", ["zz.tf"] = arch.terraform_content,
      ["variables.tf"] = 'variable "v" {}\n', ["code.zip"] = "zip" } do
      assert(fs.write(root .. "/" .. name, text))
    end
    assert.is_true(architectures.take_root(place, arch, root, arch.metadata))
    assert(architectures.save(place, arch))
    assert.same({ "code.zip", "main.tf", "metadata.json", "variables.tf" },
      fs.walk(place:arch_dir(arch.id)))
    assert.equal("locals {\n}\n\n" .. fresh().terraform_content,
      fs.read(place:arch_dir(arch.id) .. "/main.tf"))
    assert(fs.write(root .. "/variables.tf", 'variable "v" {\n'))
    local taken, why = architectures.take_root(place, arch, root, arch.metadata)
    assert.is_false(taken)
    assert.is_truthy(why:find("variables.tf:2:1", 1, true), why)
    arch.outputs_content = "output {{\n"
    assert.is_nil((architectures.check(arch)))
  end)
end)

-- What each outcome of std.validation is to the tracker: +1, back to none, or nothing at all.
local OUTCOMES <const> = { { "PASSED", true, 2, 0 }, { "PARTIAL", true, 1, 1, 1 },
  { "FAILED", true, 0, 2, 1 }, { "FAILED", false, 0, 0, 1 }, { "TIMEOUT", false, 0, 0, 1 },
  { "TIMEOUT", true, 0, 0, 1 }, { "ERROR", false, 0, 0, 0 }, { "ERROR", true, 1, 1, 0 },
  { "skipped" } }

local function result_of(outcome, arch, run)
  if outcome[1] == "skipped" then return results.skipped(run, arch) end
  local result = results.of(run, arch, { status = outcome[1], reason = "why",
    error_message = outcome[1] == "ERROR" and "the emulator died" or nil, duration_seconds = 1,
    terraform_apply = { success = outcome[2], logs = "" },
    pytest_results = { total = outcome[3] + outcome[4], passed = outcome[3], failed = outcome[4],
      skipped = 0 } }, {})
  assert(results.check(result))
  return result
end

describe("validator's failure tracker", function()
  local function run_id(n) return ("run-20260101-%06d"):format(n) end

  it("keeps its state machine over random sequences of results", function()
    math.randomseed(20260110)
    for _ = 1, 200 do
      local tracker, streak, issues, first = tracker_of.new(), 0, 0, nil
      for n = 1, 30 do
        local outcome = OUTCOMES[math.random(#OUTCOMES)]
        assert.is_true(tracker_of.count(tracker, run_id(n),
          { result_of(outcome, { id = "abc/x" }, run_id(n)) }))
        if outcome[5] == 1 then
          streak, first = streak + 1, first or run_id(n)
        elseif outcome[1] == "PASSED" then
          streak, issues, first = 0, 0, nil
        end
        local entry, due = tracker.entries["abc/x"], tracker_of.due(tracker)
        assert.equal(streak, entry and entry.consecutive_failures or 0)
        assert.equal(first, entry and entry.first_failure_run)
        assert.equal(streak >= 2 and issues == 0 and 1 or 0, #due)
        -- filing works now and then only: it stays due until it did, and then never again
        if due[1] and math.random() < 0.7 then
          tracker_of.note_issue(tracker, "abc/x", n, AT)
          issues = issues + 1
          assert.has_error(function() tracker_of.note_issue(tracker, "abc/x", n + 1, AT) end)
        end
        assert.is_true(issues <= 1)
        assert(check("failure_tracker", tracker))
      end
    end
  end)

  it("makes an issue due on the second failure in a row, not the first", function()
    local tracker = tracker_of.new()
    local function count(n, status)
      return tracker_of.count(tracker, run_id(n),
        { { architecture_id = "abc/x", status = status } })
    end
    count(1, "failed")
    assert.same({}, tracker_of.due(tracker))
    assert.is_false(count(1, "failed"))
    assert.equal(1, tracker.entries["abc/x"].consecutive_failures)
    count(2, "timeout")
    assert.equal(run_id(1), tracker_of.due(tracker)[1].first_failure_run)
    assert.equal(run_id(2), tracker_of.due(tracker)[1].last_failure_run)
    count(3, "passed")
    assert.same({}, tracker.entries)
    assert.has_error(function() count(4, "unheard") end)
  end)
end)
