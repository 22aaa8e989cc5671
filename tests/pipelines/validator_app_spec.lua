-- SPDX-License-Identifier: Apache-2.0
-- validator's sample apps, and what becomes of a result: status, failures, logs, statistics,
-- coverage of services.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local apps = require "pipelines.validator.model.apps"
local fs = require "std.fs"
local generate = require "std.generate"
local json = require "std.json"
local package_of = require "std.generate.package"
local place_of = require "pipelines.validator.model.place"
local process = require "std.process"
local python_of = require "std.python"
local resolve = require "std.resolve"
local results = require "pipelines.validator.model.results"
local runs = require "pipelines.validator.model.runs"
local site = require "pipelines.validator.model.site"
local tables = require "std.table"
local time = require "std.time"

local RUN <const> = "run-20260110-000000"
local ARCH <const> = { id = "abc/x", content_hash = ("ab"):rep(32) }
local SAMPLE <const> = HERE .. "/../../pipelines/weekly/samples/order-intake"

local function package()
  local files = assert(generate.generate { files = assert(generate.read_dir(SAMPLE)),
    rules = assert(resolve.load("weekly", "rules.tests")) })
  return package_of.of(files), files
end

describe("a sample app", function()
  it("is a package with its tests, and py_compile takes all of it", function()
    local files = package()
    local app = apps.record(ARCH, files, { input_tokens = 3, output_tokens = 4 })
    assert.equal("pending", app.compile_status)
    assert(apps.compile(app))
    assert.equal("success", app.compile_status)
    assert.equal(7, app.token_usage)
    local dir <close> = assert(fs.tempdir "validator-")
    local place = place_of.open(dir.path)
    assert(apps.save(place, ARCH, app))
    local argv, home = { python_of.find(), "-m", "py_compile" }, place:app_dir(ARCH.content_hash)
    for _, list in ipairs { apps.SOURCES, apps.TESTS } do
      for _, name in ipairs(list) do argv[#argv + 1] = fs.join(home, name) end
    end
    local compiled = assert(process.run { argv = argv, timeout = 60 })
    assert.equal(0, compiled.code, compiled.stderr)
    assert.is_truthy(fs.read(home .. "/requirements.txt"):find("pytest-json-report", 1, true))
    assert.equal("success", apps.load(place, ARCH).compile_status)
  end)

  it("connects in src/clients.py and tests src/operations.py", function()
    local files = package()
    assert.is_truthy(files["src/clients.py"]:find("\ndef connect(", 1, true))
    assert.is_nil(files["tests/conftest.py"]:find("\ndef connect(", 1, true))
    assert.is_nil(files["tests/conftest.py"]:find("import boto3", 1, true))
    assert.is_truthy(files["tests/conftest.py"]:find(
      "from src.clients import connect, emulator_endpoint", 1, true))
    for _, name in ipairs { "tests/conftest.py", "tests/test_integration.py" } do
      assert.is_truthy(files[name]:find("\nfrom src import operations as app\n", 1, true), name)
      assert.is_nil(files[name]:find("\nimport app\n", 1, true))
    end
  end)

  it("of Claude's becomes the same package, with clients of its own", function()
    local files = package_of.of { ["app.py"] = "def double(x):\n    return 2 * x\n",
      ["conftest.py"] = "import app\n", ["requirements.txt"] = "boto3\n",
      ["test_app.py"] = "import app\nfrom app import double\n\n\ndef test_it():\n"
        .. "    assert double(2) == app.double(2)\n" }
    assert.equal("from src import operations as app\nfrom src.operations import double",
      files["tests/test_integration.py"]:match "^[^\n]+\n[^\n]+")
    assert.is_truthy(files["src/clients.py"]:find("def connect(", 1, true))
    assert(python_of.check_syntax(nil, files))
  end)

  it("is refused without a file, without a requirement, or when it does not compile", function()
    local good = apps.record(ARCH, (package()), {})
    assert(apps.check(good))
    for _, change in ipairs { function(a) a.source_code["src/clients.py"] = nil end,
      function(a) a.test_code["tests/conftest.py"] = nil end,
      function(a) a.requirements = json.array { "boto3", "pytest", "requests" } end } do
      local bad = tables.deep_copy(good)
      json.array(bad.requirements)
      change(bad)
      assert.is_nil((apps.check(bad)))
    end
    good.source_code["src/operations.py"] = "def broken(:\n"
    assert.is_nil((apps.compile(good)))
    assert.equal("failed", good.compile_status)
    assert.is_truthy(good.compile_errors:find("src/operations.py", 1, true))
  end)

  it("is kept with its errors when it does not compile, but not in place of a good one", function()
    local dir <close> = assert(fs.tempdir "validator-")
    local place = place_of.open(dir.path)
    local _, files = package()
    local function make(app)
      return apps.make({ config = {} }, place, ARCH, function()
        return tables.merge(files, { ["app.py"] = app }), {}
      end)
    end
    local path = place:app_dir(ARCH.content_hash) .. "/metadata.json"
    assert.is_nil((make "def broken(:\n"))
    assert.equal("failed", assert(json.read(path)).compile_status)
    assert.is_truthy(assert(json.read(path)).compile_errors:find("src/operations.py", 1, true))
    assert.is_nil(apps.load(place, ARCH))
    assert(make(files["app.py"]))
    assert.is_nil((make "def broken(:\n"))
    assert.equal("success", apps.load(place, ARCH).compile_status)
  end)
end)

local OUTPUT <const> = [[
F.
=================================== FAILURES ===================================
__________________________________ test_one ___________________________________

    def test_one():
>       assert 1 == 2
E       assert 1 == 2

tests/test_integration.py:3: AssertionError
----------------------------- Captured stdout call -----------------------------
the app speaks
=========================== short test summary info ============================
FAILED tests/test_integration.py::test_one - assert 1 == 2
]]

local function raw(status, extra)
  local result = { status = status, reason = "why", duration_seconds = 3,
    steps = { init = 1, apply = 0.5, tests = 0.25 }, container_logs = "emulator",
    terraform_apply = { success = true, logs = "Apply complete!", outputs = {} },
    pytest_results = { total = 2, passed = 1, failed = 1, skipped = 0, output = OUTPUT,
      tests = { { name = "tests/test_integration.py::test_one", outcome = "failed",
        message = "assert 1 == 2" } } } }
  for key, value in pairs(extra or {}) do result[key] = value end
  return result
end

local NO_TESTS <const> = { total = 0, passed = 0, failed = 0, skipped = 0 }

describe("a result", function()
  local function of(status, extra)
    local result = results.of(RUN, ARCH, raw(status, extra),
      { deploy = { resources = { { address = "aws_sqs_queue.q" } } } })
    assert(results.check(result))
    return result
  end

  it("has the status that the document gives it", function()
    local broken = { terraform_apply = { success = false, logs = "Error" },
      pytest_results = NO_TESTS }
    assert.equal("passed", of("PASSED", { pytest_results = tables.merge(NO_TESTS,
      { total = 1, passed = 1 }) }).status)
    assert.equal("partial", of("PARTIAL").status)
    assert.equal("partial", of("FAILED").status) -- deployed, and its tests fail
    assert.equal("failed", of("FAILED", broken).status)
    assert.equal("failed", of("FAILED", { pytest_results = NO_TESTS }).status)
    assert.equal("timeout", of("TIMEOUT", broken).status)
  end)

  it("is no verdict where the harness failed, whatever had been seen by then", function()
    local untested = { terraform_apply = { success = false, logs = "Error" },
      pytest_results = NO_TESTS }
    for _, extra in ipairs { {}, untested, { pytest_results = NO_TESTS } } do
      local result = of("ERROR", tables.merge(extra, { error_message = "the emulator died" }))
      assert.equal("skipped", result.status)
      assert.equal("the emulator died", result.harness_error)
      assert.equal("not judged: why", result.reason)
      assert.is_nil(result.suggested_issue_title)
      assert.equal("emulator", result.logs.localstack_log)
      local got = runs.statistics { result, { status = "passed" } }
      assert.same({ 1, 1, 1, 0, 1 }, { got.passed, got.skipped, got.unjudged, got.failed,
        got.pass_rate })
      assert.same({}, site.coverage(RUN, { result }, { [ARCH.id] = { "sqs" } }))
      result.status = "failed"
      result.infrastructure = { success = false, duration_seconds = 0,
        resources_created = json.array {} }
      assert.is_nil((results.check(result)))
    end
  end)

  it("is refused where status, infrastructure and tests do not fit", function()
    local good = of "PARTIAL"
    for _, change in ipairs { function(r) r.status = "passed" end,
      function(r) r.tests.failed = 0 end, function(r) r.infrastructure.success = false end,
      function(r) r.status = "failed" end, function(r) r.status = "skipped" end,
      function(r) r.id = "other" end } do
      local bad = tables.deep_copy(good)
      json.array(bad.tests.failures)
      json.array(bad.infrastructure.resources_created)
      change(bad)
      assert.is_nil((results.check(bad)))
    end
    assert(results.check(results.skipped(RUN, ARCH)))
  end)

  it("has failures with their traceback, and the four logs", function()
    local result = of "PARTIAL"
    assert.same({ "aws_sqs_queue.q" }, result.infrastructure.resources_created)
    assert.equal(1.5, result.infrastructure.duration_seconds)
    assert.equal("assert 1 == 2", result.tests.failures[1].message)
    assert.is_truthy(result.tests.failures[1].traceback:find("AssertionError", 1, true))
    assert.equal("Apply complete!", result.logs.terraform_log)
    assert.equal("emulator", result.logs.localstack_log)
    assert.equal("the app speaks", result.logs.app_log)
    assert.equal(OUTPUT, result.logs.test_output)
    assert.equal("abc/x: some tests fail", result.suggested_issue_title)
  end)
end)

describe("a run", function()
  it("has an id of its second, none twice, and does not end before it began", function()
    local dir <close> = assert(fs.tempdir "validator-")
    local place, now = place_of.open(dir.path), time.now
    time.now = function() return time.parse "2026-01-10T00:00:00Z" end
    local options = { trigger = "manual", parallelism = 1, version = "x", budget = 1 }
    local ok, one, two = pcall(function()
      return runs.new(place, options), runs.new(place, options)
    end)
    time.now = now
    assert.is_true(ok, one)
    assert.equal(RUN, one.id)
    assert.equal("run-20260110-000001", two.id)
    one.completed_at = "2026-01-09T00:00:00Z"
    assert.has_error(function() runs.save(place, one) end)
    assert.equal(two.id, runs.all(place)[1].id)
    assert.is_false(runs.latest(place)) -- none has ended
  end)

  it("has statistics with pass_rate = passed / (passed + partial + failed)", function()
    math.randomseed(7)
    local names = { "passed", "partial", "failed", "skipped", "timeout" }
    for _ = 1, 100 do
      local list, n = {}, { passed = 0, partial = 0, failed = 0, skipped = 0, timeout = 0 }
      for i = 1, math.random(0, 12) do
        list[i] = { status = names[math.random(#names)] }
        n[list[i].status] = n[list[i].status] + 1
      end
      local got = runs.statistics(list)
      local judged = n.passed + n.partial + n.failed + n.timeout
      assert.equal(judged > 0 and n.passed / judged or 0, got.pass_rate)
      assert.equal(#list, got.passed + got.partial + got.failed + got.skipped)
      assert.equal(n.timeout, got.timeout)
      assert(place_of.contracts.check("run_statistics", got))
    end
  end)

  it("covers services: skipped ones are not tested, what is partial has not passed", function()
    local coverage = site.coverage(RUN, { { architecture_id = "a", status = "passed" },
      { architecture_id = "b", status = "partial" },
      { architecture_id = "c", status = "skipped" } },
      { a = { "s3", "sqs" }, b = { "sqs" }, c = { "kms" } })
    assert.equal(2, #coverage)
    assert.same({ service_name = "sqs", architectures_tested = 2, architectures_passed = 1,
      architectures_failed = 1, pass_rate = 0.5, last_tested_run = RUN }, coverage[2])
  end)
end)
