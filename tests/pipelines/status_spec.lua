-- SPDX-License-Identifier: Apache-2.0
-- The verdict rule, the root-cause rule, and `lsqm status`.

local fixture = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/fixture.lua")
local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"
local resolve = require "std.resolve"
local uv = require "luv"

local verdict = resolve.load("weekly", "rules.status")
local signature = resolve.load("weekly", "rules.signature")

local OK = { started = true }
local DEPLOYED = { success = true }

local function tests(passed, failed, skipped, errors)
  return { total = passed + failed + (skipped or 0) + (errors or 0), passed = passed,
    failed = failed, skipped = skipped or 0, errors = errors or 0 }
end

describe("rules.status", function()
  local cases = {
    { "PASSED", "3 of 3 tests passed", { emulator = OK, deploy = DEPLOYED, tests = tests(3, 0) } },
    { "PASSED", "2 of 2 tests passed", { emulator = OK, deploy = DEPLOYED,
      tests = tests(2, 0, 1) } },
    { "PARTIAL", "1 of 3 tests failed", { emulator = OK, deploy = DEPLOYED, tests = tests(2, 1) } },
    { "PARTIAL", "1 of 3 tests failed", { emulator = OK, deploy = DEPLOYED,
      tests = tests(2, 0, 0, 1) } },
    { "FAILED", "2 of 2 tests failed", { emulator = OK, deploy = DEPLOYED, tests = tests(0, 2) } },
    { "FAILED", "no tests were collected", { emulator = OK, deploy = DEPLOYED,
      tests = tests(0, 0) } },
    { "FAILED", "every test was skipped", { emulator = OK, deploy = DEPLOYED,
      tests = tests(0, 0, 4) } },
    { "FAILED", "deploy: no such bucket", { emulator = OK,
      deploy = { success = false, error = "no such bucket\nmore" } } },
    { "TIMEOUT", "deployment exceeded its time", { emulator = OK,
      deploy = { success = false, timed_out = true } } },
    { "TIMEOUT", "the tests exceeded their time", { emulator = OK, deploy = DEPLOYED,
      tests = { total = 1, passed = 1, failed = 0, skipped = 0, timed_out = true } } },
    { "ERROR", "emulator: image not found", { emulator = { error = "image not found" } } },
    { "ERROR", "the emulator did not start", { emulator = { started = false } } },
    { "ERROR", "the emulator died during validation", { emulator = { started = true, died = true },
      deploy = { success = false, error = "connection refused" } } },
    { "ERROR", "the emulator lacks kinesis-local", { emulator = { lacks = "kinesis-local" },
      deploy = { success = false, timed_out = true } } },
    { "ERROR", "the emulator lacks the program node", { emulator = { lacks = "the program node" },
      deploy = DEPLOYED, tests = tests(2, 1) } },
    { "ERROR", "deploy: terraform is not installed", { emulator = OK,
      deploy = { success = false, harness_error = "terraform is not installed" } } },
    { "ERROR", "no tests were run", { emulator = OK, deploy = DEPLOYED } },
    { "ERROR", "nothing was deployed", { emulator = OK } },
  }
  for i, case in ipairs(cases) do
    it(("case %d: %s, %s"):format(i, case[1], case[2]), function()
      local status, reason = verdict(case[3])
      assert.equal(case[1], status)
      assert.equal(case[2], reason)
    end)
  end
end)

describe("rules.signature", function()
  it("is the operation and its error code, whatever the names and ids", function()
    local function failed(name)
      return signature { status = "FAILED", terraform_apply = { success = false, logs =
        "\27[31mError: creating queue (" .. name .. "): operation error SQS: CreateQueue, https "
        .. "response error StatusCode: 501, RequestID: 7f0c, api error NotImplemented: no" } }
    end
    assert.equal("SQS: CreateQueue: NotImplemented", failed("a"))
    assert.equal(failed("a"), failed("orders-8812"))
  end)

  it("is the failed assertion for tests, without ids", function()
    local function partial(id)
      return signature { status = "PARTIAL", terraform_apply = { success = true },
        pytest_results = { output = "F\nE   AssertionError: no item " .. id .. "\n" } }
    end
    assert.equal("AssertionError: no item <id>", partial("550e8400-e29b-41d4-a716-446655440000"))
  end)

  it("always says something", function()
    assert.equal("unknown cause", signature { status = "FAILED" })
    assert.equal("container exited with code 137",
      signature { status = "ERROR", error_message = "container exited with code 137" })
  end)
end)

describe("lsqm status", function()
  local stage = resolve.load("weekly", "status")

  it("counts architectures, apps and runs as text and JSON", function()
    local store, dir = fixture.store("abc", { c = { skipped = true } })
    local run = fixture.run(store, { a = "PASSED", b = "FAILED" })
    assert(store:new_run({}, { name = "ministack" }))
    local ctx = fixture.context(store)
    assert.equal(0, stage.run(ctx, {}))
    assert.matches("architectures  3 %(0 with app, 2 waiting for one, 1 skipped%)", ctx.text())
    assert.matches("runs           2 %(1 finished, 1 not%)", ctx.text())
    assert.matches("total=2 passed=1 partial=0 failed=1 timeout=0 error=0", ctx.text())
    ctx = fixture.context(store)
    stage.run(ctx, { json = true })
    local found = assert(json.decode(ctx.text()))
    assert.equal(run.run_id, found.latest_run.run_id)
    assert.equal(1, found.latest_run.summary.passed)
    dir:close()
  end)

  it("names what is damaged", function()
    local store, dir = fixture.store("ab")
    assert(fs.write(store:arch_dir(fixture.hash "a") .. "/metadata.json", "{ cut"))
    local ctx = fixture.context(store)
    assert.equal(0, stage.run(ctx, {}))
    assert.matches("architectures  1 ", ctx.text())
    assert.matches("damaged        read .*metadata%.json", ctx.text())
    dir:close()
  end)

  it("asks only: it makes no folder and leaves a damaged file where it is", function()
    local dir <close> = assert(fs.tempdir("status-"))
    local function lsqm(...)
      return assert(process.run { argv = { uv.exepath(), ... }, cwd = dir.path, timeout = 60,
        env = {} })
    end
    assert.equal(0, lsqm("status").code)
    assert.equal(3, lsqm("compare").code)
    assert.same({}, assert(fs.list(dir.path)))
    assert(fs.mkdir(dir.path .. "/workspace/artifacts/architectures"))
    local index = dir.path .. "/workspace/artifacts/architectures/index.json"
    assert(fs.write(index, "{ cut"))
    assert.matches("damaged        read .*index%.json", lsqm("status").stdout)
    assert.equal("{ cut", fs.read(index))
  end)

  it("works on an empty repository", function()
    local store, dir = fixture.store("")
    local ctx = fixture.context(store)
    assert.equal(0, stage.run(ctx, {}))
    assert.matches("latest run     none yet", ctx.text())
    dir:close()
  end)
end)
