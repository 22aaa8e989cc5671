-- SPDX-License-Identifier: Apache-2.0
-- validate, as a user runs it. Verdicts are tried with pretended tools, which take no time; one
-- architecture is really deployed.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"
local uv = require "luv"

describe("validate", function()
  local lab
  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function validate(options, ...)
    local result = lab:run({ "validate", ... }, options)
    local record, results = lab:latest()
    return result, results, record
  end

  it("gives every outcome its status and its true reason", function()
    lab:put("a", { tests = "3 0 1" })
    lab:put("b", { tests = "1 2 0" })
    lab:put("c", { tests = "0 2 0" })
    lab:put("d", { terraform = "fail creating SSM Parameter: ValidationException" })
    lab:put("e", { terraform = "init-fail Unsupported block type" })
    lab:put("f", { terraform = "crash" })
    lab:put("0", { tests = "silent" })
    lab:put("1", { requirements = "unknown-package\n" })
    local result, r, record = validate { config = "{ parallel = 3 }" }
    assert.equal(0, result.code, result.stderr)
    local status = {}
    for letter, one in pairs(r) do status[letter] = one.status end
    assert.same({ a = "PASSED", b = "PARTIAL", c = "FAILED", d = "FAILED", e = "FAILED",
      f = "ERROR", ["0"] = "ERROR", ["1"] = "ERROR" }, status)
    assert.equal("3 of 3 tests passed", r.a.reason)
    assert.equal("2 of 3 tests failed", r.b.reason)
    assert.contains(r.d.reason, "aws_ssm_parameter.p: creating SSM Parameter: ValidationException")
    assert.contains(r.e.reason, "Unsupported block type")
    assert.equal("init", r.e.terraform_apply.step)
    assert.contains(r.f.error_message, "signal 11")
    assert.contains(r["0"].error_message, "conftest.py is broken")
    assert.contains(r["1"].error_message, "python environment")
    assert.equal(8, record.summary.total)
    local problems, checked = lab:check_contracts()
    assert.same({}, problems)
    assert.equal(1 + 8 * 3 + 2, checked)
    assert.same({}, fs.list(lab.workspace .. "/tmp/validate") or {})
  end)

  it("chooses how many run at once, and records the number", function()
    lab:put("a")
    lab:put("b")
    lab:put("c")
    local _, results, record = validate({}, "--parallel", "auto")
    assert.equal("PASSED", results.c.status)
    assert.equal("integer", math.type(record.parallel))
    assert.is_true(record.parallel >= 1 and record.parallel <= 3)
    assert.same({}, (lab:check_contracts()))
  end)

  it("ends what hangs at the configured time and leaves nothing running", function()
    lab:put("a", { terraform = "hang" })
    lab:put("b", { tests = "hang" })
    lab:put("c")
    local result, r = validate { config = "{ timeout = 3, parallel = 3 }" }
    assert.equal(0, result.code, result.stderr)
    assert.same({ "TIMEOUT", "TIMEOUT", "PASSED" }, { r.a.status, r.b.status, r.c.status })
    assert.contains(r.a.reason, "3 s")
    assert.contains(r.a.terraform_apply.logs, "Still creating")
    assert.is_true(r.a.duration_seconds >= 3 and r.a.duration_seconds < 12)
    assert.is_true(r.b.terraform_apply.success)
    assert.same({}, lab:running())
    assert.same({}, (lab:check_contracts()))
  end)

  it("names the request that gets no answer, at once, and what was refused", function()
    lab:put("a", { terraform = "ask sqs.CreateQueue" })
    lab:put("b", { terraform = "ask ssm.PutParameter" })
    local result, r = validate { config = "{ hang_timeout = 2, parallel = 2 }" }
    assert.equal(0, result.code, result.stderr)
    assert.same({ "TIMEOUT", "no answer to sqs CreateQueue for 2 s (aws_sqs_thing.t)" },
      { r.a.status, r.a.reason })
    assert.same({ "sqs CreateQueue", "aws_sqs_thing.t" }, { r.a.hung.operation,
      r.a.hung.address })
    assert.is_true(r.a.duration_seconds < 10)
    assert.equal("FAILED", r.b.status)
    assert.contains(r.b.reason, "refused: ssm PutParameter 501")
    assert.same({ { operation = "ssm PutParameter", status = 501, count = 1 } }, r.b.refused)
    assert.same({ {}, {} }, { lab:running(), (lab:check_contracts()) })
  end)

  it("waits longer for operations that a rule names", function()
    local hang = require "std.validation.hang"
    local rules = dofile(require("lsqm.program").share .. "/pipelines/weekly/rules/hang.lua")
    assert.equal(60, hang.limit(rules, "sqs ReceiveMessage", 30))
    assert.equal(30, hang.limit(rules, "sqs ReceiveMessages", 30))
    assert.equal(300, hang.limit(rules, "lambda POST /2015-03-31/functions/f/invocations", 30))
    assert.same({ 'aws_x_y.b["k v"]' }, hang.busy("aws_x_y.a: Creating...\n"
      .. 'aws_x_y.b["k v"]: Still creating... [10s elapsed]\n'
      .. "aws_x_y.a: Creation complete after 1s"))
  end)

  it("records what a second plan would change and what a destroy has left", function()
    lab:put("a")
    lab:put("b", { terraform = "drift" })
    lab:put("c", { terraform = "plan-fail reading SSM Parameter: no" })
    lab:put("d", { terraform = "destroy-left" })
    lab:put("e", { terraform = "destroy-fail no" })
    lab:put("f", { terraform = "fail no" })
    local result, r = validate { config = "{ convergence = true, parallel = 2 }" }
    assert.equal(0, result.code, result.stderr)
    assert.same({ plan = "empty", destroy = "clean" }, r.a.convergence)
    assert.same({ plan = "drift", destroy = "clean", drift = {
      { address = "aws_ssm_parameter.p", attribute = "tier" },
      { address = "output.v", attribute = "value" } } }, r.b.convergence)
    assert.same({ plan = "failed", destroy = "clean",
      error = "aws_ssm_parameter.p: reading SSM Parameter: no" }, r.c.convergence)
    assert.same({ "left", "failed" }, { r.d.convergence.destroy, r.e.convergence.destroy })
    assert.is_nil(r.f.convergence)
    for letter in ("abcde"):gmatch(".") do assert.equal("PASSED", r[letter].status) end
    assert.same({}, (lab:check_contracts()))
    r = select(2, validate { config = "{ destroy = false, convergence = true, "
      .. "only = { 'arch-a' } }" })
    assert.equal("skipped", r.a.convergence.destroy)
    r = select(2, validate { config = "{ only = { 'arch-a' } }" })
    assert.is_nil(r.a.convergence) -- plain terraform takes too long for it
  end)

  it("keeps the ends of 10 MB of output, not all of it", function()
    lab:put("a", { terraform = "noise 10000000" })
    local result, r = validate()
    assert.equal(0, result.code, result.stderr)
    assert.equal("PASSED", r.a.status)
    local logs = r.a.terraform_apply.logs
    assert.is_true(#logs < 100000, #logs .. " bytes kept")
    assert.contains(logs, "bytes")
    assert.contains(logs, "Apply complete!")
  end)

  it("calls an emulator that dies at start an ERROR, with what it said", function()
    lab:put("a")
    local result, r = validate { config = "{ emulator = { env = { FAKE_EMULATOR = 'die' } } }" }
    assert.equal(0, result.code, result.stderr)
    assert.equal("ERROR", r.a.status)
    assert.contains(r.a.error_message, "died at start")
    assert.contains(r.a.container_logs, "cannot find its license")
  end)

  it("blames nobody's template when the emulator dies in the middle", function()
    lab:put("a", { terraform = "fail connection refused" })
    local result, r = validate { config = "{ emulator = { env = { FAKE_EMULATOR = 'once' } } }" }
    assert.equal(0, result.code, result.stderr)
    assert.same({ "ERROR", "the emulator died during validation" },
      { r.a.status, r.a.error_message })
  end)

  it("keeps the others' results when one fails in the harness", function()
    lab:put("a")
    lab:put("b")
    local fifo = lab.repo .. "/apps/" .. lab_of.hash "b" .. "/app.py"
    assert(fs.remove(fifo))
    assert(fs.mkdir(fifo .. "/" .. "x"))
    assert(fs.remove(lab.repo .. "/architectures/" .. lab_of.hash "b" .. "/main.tf"))
    local result, r = validate { config = "{ parallel = 2 }" }
    assert.equal(0, result.code, result.stderr)
    assert.equal("PASSED", r.a.status)
    assert.is_not.equal("PASSED", r.b.status)
    assert.same({}, lab:running())
  end)

  it("repeats nothing when it resumes", function()
    lab:put("a")
    lab:put("b", { terraform = "hang" })
    local handle = lab:start({ "validate" }, { config = "{ parallel = 1, only = { 'arch-a',"
      .. "'arch-b' } }" })
    local done
    repeat -- a is journalled, b is in the middle
      done = select(2, lab:latest())
      assert(not handle:poll(), "ended too early")
    until done.a or (uv.sleep(20) and false)
    uv.kill(handle.pid, "sigkill")
    handle:wait()
    lab:put("b")
    local result, r, record = validate({}, "--resume")
    assert.equal(0, result.code, result.stderr)
    assert.same(done.a, r.a)
    assert.equal("PASSED", r.b.status)
    assert.equal(2, record.summary.total)
    assert.equal(1, #lab:store():runs())
    result = lab:run { "validate", "--resume" }
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stderr, "no unfinished run")
  end)

  it("takes over verdicts with --cached while nothing that they depend on changed", function()
    lab:put("a")
    lab:put("b", { terraform = "crash" })
    assert.equal(0, validate({ config = "{ retries = 0 }" }).code)
    local first = lab:latest()
    local result, r = validate({ config = "{ retries = 0 }" }, "--cached")
    assert.contains(result.stderr, "recorded by run " .. first.run_id:sub(1, 8))
    assert.same({ "PASSED", first.run_id }, { r.a.status, r.a.cached_from })
    assert.is_nil(r.b.cached_from) -- an error is no verdict
    lab:put_app(lab_of.hash "a", { tests = "3 0 0" })
    r = select(2, validate({}, "--cached"))
    assert.same({ nil, "3 of 3 tests passed" }, { r.a.cached_from, r.a.reason })
    r = select(2, validate({ config = "{ timeout = 299 }" }, "--cached"))
    assert.is_nil(r.a.cached_from)
    assert.same({}, (lab:check_contracts()))
  end)

  it("tries again what the harness failed at, and says how often", function()
    lab:put("a", { terraform = "crash" })
    lab:put("b")
    lab:put("c", { terraform = "unstarted" })
    lab:put("d", { terraform = "unstarted it says more" })
    local _, r = validate { config = "{ retries = 2 }" }
    assert.same({ 3, 1, 3 }, { r.a.attempts, r.b.attempts, r.c.attempts })
    assert.same({ "FAILED", 1 }, { r.d.status, r.d.attempts })
    assert.equal("ERROR", r.c.status)
    assert.contains(r.c.error_message, "bwrap: Can't find source path /gone")
  end)

  it("reports a result that cannot be written and can go on later", function()
    lab:put("a")
    lab:put("b", { terraform = "hang" })
    local handle = lab:start({ "validate" }, { config = "{ timeout = 4, parallel = 2 }" })
    local record, results
    repeat
      record, results = lab:latest()
      assert(not handle:poll(), "ended too early")
    until results.a or (uv.sleep(20) and false)
    -- the folder of results becomes a file: every later write fails, also for root
    local folder = ("%s/runs/%s/results"):format(lab.repo, record.run_id)
    assert(fs.rename(folder, folder .. "-kept"))
    assert(fs.write(folder, "in the way"))
    local result = handle:wait()
    assert.equal(3, result.code, result.stderr)
    assert.contains(result.stderr, "1 results could not be stored")
    assert.contains(result.stderr, record.run_id)
    assert(fs.remove(folder))
    assert(fs.rename(folder .. "-kept", folder))
    lab:put("b")
    assert.equal(0, lab:run({ "validate", "--resume" }).code)
    local after, r = lab:latest()
    assert.equal(record.run_id, after.run_id)
    assert.same({ results.a, "PASSED" }, { r.a, r.b.status })
  end)

  it("survives a full disk", function()
    local mount = lab.path .. "/small"
    assert(fs.mkdir(mount))
    local mounted = process.run { argv = { "mount", "-t", "tmpfs", "-o", "size=400k", "lab",
      mount } }
    if not mounted or mounted.code ~= 0 then pending("mounting needs root") return end
    finally(function() process.run { argv = { "umount", "-l", mount } } end)
    lab.repo = mount .. "/repo"
    assert(fs.mkdir(lab.repo .. "/.git"))
    lab:put("a", { terraform = "noise 300000" })
    local fillers = 0 -- until nothing fits; then there is room for a run, not for its result
    while fs.write(mount .. "/filler" .. fillers, ("x"):rep(4096)) do fillers = fillers + 1 end
    for i = 1, 6 do assert(fs.remove(mount .. "/filler" .. fillers - i)) end
    local result = lab:run({ "validate" }, { env = { ARTIFACT_REPO = lab.repo } })
    assert.equal(3, result.code, result.stderr)
    assert.contains(result.stderr, "could not be stored")
    assert.contains(fs.read(lab.workspace .. "/logs/lsqm.jsonl"), "No space left")
    for i = 0, fillers - 7 do assert(fs.remove(mount .. "/filler" .. i)) end
    result = lab:run({ "validate", "--resume" }, { env = { ARTIFACT_REPO = lab.repo } })
    assert.equal(0, result.code, result.stderr)
    assert.equal("PASSED", select(2, lab:latest()).a.status)
  end)

  it("says what a dry run would do and touches nothing", function()
    lab:put("a")
    local before = lab_of.snapshot(lab.path)
    local result = lab:run { "--dry-run", "validate" }
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "would validate aaaaaaaaaaaaaaaa arch-a")
    assert.same(before, lab_of.snapshot(lab.path))
  end)

  it("takes hashes and names, and names what there is not", function()
    lab:put("a")
    lab:put("b")
    local result, r = validate({}, "arch-b")
    assert.equal(0, result.code, result.stderr)
    assert.same({ nil, "PASSED" }, { r.a, r.b and r.b.status })
    result = validate({}, "arch-d")
    assert.equal(2, result.code)
    assert.contains(result.stderr, "no architecture 'arch-d'")
    assert.contains(lab:run({ "validate", "rch-" }).stderr, "did you mean 'arch-a' or 'arch-b'")
    assert.contains(result.stderr, "did you mean 'arch-a'?")
  end)

  it("leaves out what is superseded, broken at its source or skipped", function()
    lab:put("a")
    lab:put("b", { meta = { superseded_by = lab_of.hash "a" } })
    lab:put("c", { meta = { source_error = "main.tf:1: broken" } })
    lab:put("d", { meta = { skipped = true, skip_reason = "uses braket" } })
    local _, r = validate()
    assert.same({ "a" }, require("std.table").sorted_keys(r))
  end)

  it("fails before any run begins when terraform or the emulator is missing", function()
    lab:put("a")
    assert(fs.remove(lab.path .. "/bin/terraform"))
    local result = lab:run({ "validate" }, { env = { PATH = "/nonexistent" } })
    assert.equal(3, result.code)
    assert.contains(result.stderr, "neither terraform nor tofu is installed")
    result = lab:run({ "validate" }, { config = "{ emulator = { name = 'ministak' } }" })
    assert.equal(2, result.code)
    assert.contains(result.stderr, "did you mean 'ministack'?")
    assert.is_nil((lab:latest()))
  end)

  it("passes no secret on to a child and writes none down", function()
    local secret = "ghp_0123456789abcdefghijABCDEFGHIJ"
    lab:put("a", { tests = "0 1 0" })
    local result = lab:run({ "validate", "--verbose" }, { env = { GITHUB_TOKEN = secret,
      AWS_SESSION_TOKEN = "session-of-the-user" } })
    assert.equal(0, result.code, result.stderr)
    for name, text in pairs(lab_of.snapshot(lab.workspace)) do
      assert.is_nil(text:find(secret, 1, true), name)
      assert.is_nil(text:find("session-of-the-user", 1, true), name)
    end
  end)

  it("logs the stage with its timing and each verdict", function()
    lab:put("a")
    validate()
    local kinds = {}
    for _, record in ipairs(lab:log()) do
      kinds[record.msg] = record
    end
    assert.equal("validate", kinds["validate done"].stage)
    assert.is_truthy(kinds["validate done"].duration)
    assert.equal("PASSED", kinds["validated"].status)
    assert.equal(lab_of.hash "a", kinds["validated"].arch)
  end)
end)

describe("validate for real", function()
  local python = require("std.python").find(nil)
  local function missing()
    if not (process.which "terraform" or process.which "tofu") then return "no terraform" end
    local found = process.run { argv = { python, "-c", "import ministack, pytest, boto3" } }
    return (not found or found.code ~= 0) and "the stock Python environment is not set up" or nil
  end

  it("deploys to MiniStack and tests with boto3", function()
    local reason = missing()
    if reason then pending(reason) return end
    local lab <close> = lab_of.new { real = true }
    lab:put_parameter_app("a")
    local result = lab:run({ "validate", "--json" }, { config = "{ emulator = { driver = "
      .. "'process' } }", timeout = 300 })
    assert.equal(0, result.code, result.stderr)
    local summary = assert(json.decode(result.stdout))
    local record, results = lab:latest()
    local a = results.a
    assert.equal("PARTIAL", a.status, a.reason)
    assert.equal("1 of 3 tests failed", a.reason)
    assert.equal(1, summary.partial)
    assert.same({ 3, 2, 1, 0 }, { a.pytest_results.total, a.pytest_results.passed,
      a.pytest_results.failed, a.pytest_results.skipped })
    assert.same({ parameter = "/lab/greeting" }, a.terraform_apply.outputs)
    assert.equal(1, a.terraform_apply.resources_created)
    assert.is_true(a.destroy.success)
    assert.contains(a.container_logs, "SSM PutParameter")
    assert.equal(record.localstack_version, a.emulator.version)
    local problems, checked = lab:check_contracts()
    assert.same({}, problems)
    assert.equal(6, checked)
    assert.same({}, lab:running())
  end)
end)
