-- SPDX-License-Identifier: Apache-2.0
-- run: the stages in their order, what stops the flow and what does not, and its closing line.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local fs = require "std.fs"
local git = require "std.git"
local json = require "std.json"
local uv = require "luv"

local STAGES = { "sync", "mine", "generate", "validate", "report", "push", "notify" }

describe("run", function()
  local lab, config

  local function root(name, directive)
    assert(fs.mkdir(lab.path .. "/src/" .. name))
    assert(fs.write(("%s/src/%s/main.tf"):format(lab.path, name), ("# fake: %s\n"
      .. 'resource "aws_ssm_parameter" "p" {\n  name  = "/%s"\n  type  = "String"\n'
      .. '  value = "x"\n}\n'):format(directive, name)))
  end

  before_each(function()
    lab = lab_of.new()
    config = ("{ sources = { { type = 'dir', path = '%s/src' } } }"):format(lab.path)
    root("good", "ok")
    root("bad", "fail creating SSM Parameter: no")
  end)
  after_each(function() lab:close() end)

  local function run(options, ...)
    options = options or {}
    options.config = options.config or config
    return lab:run({ "run", ... }, options)
  end

  it("does all stages in their order and ends with its line and the report", function()
    local result = run()
    assert.equal(0, result.code, result.stderr .. result.stdout)
    local record = lab:latest()
    local lines = {}
    for line in result.stdout:gmatch("[^\n]+") do lines[#lines + 1] = line end
    assert.equal(("run %s: total=2 passed=1 partial=0 failed=1 timeout=0 error=0"):format(
      record.run_id), lines[#lines - 1])
    local report = lines[#lines]:match("^report: (.+)$")
    assert.contains(assert(fs.read(report)), record.run_id)
    local started = {}
    for _, one in ipairs(lab:log()) do
      if one.event == "start" then started[#started + 1] = one.stage end
      if one.event == "end" then assert.is_truthy(one.duration and one.start and one["end"]) end
    end
    local expected = {}
    for _, name in ipairs(STAGES) do expected[#expected + 1] = name end
    assert.same(expected, started)
    assert.equal(2, record.summary.new_architectures)
    assert.same({}, (lab:check_contracts()))
    local repo = assert(git.open(lab.repo))
    assert.is_true(repo:status().clean)
    assert.equal(1, #repo:log(10))
    -- again: nothing is new, and nothing regressed
    result = run()
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "2 known")
    assert.equal(0, lab:latest().summary.new_architectures)
    assert.equal(2, #assert(git.open(lab.repo)):log(10))
  end)

  it("exits 1 when something regressed, with the results stored and pushed", function()
    assert.equal(0, run().code)
    for _, one in ipairs(lab:store():architectures()) do
      assert(fs.write(lab:store():app_dir(one.hash) .. "/test_app.py", "# fake: 0 2 0\n"))
    end
    local result = run { config = "{ emulator = { env = { FAKE_VERSION = '10.0.0' } },"
      .. config:sub(2) }
    assert.equal(1, result.code, result.stderr)
    assert.contains(result.stdout, "total=2 passed=0 partial=0 failed=2 timeout=0 error=0")
    local regressions = assert(json.read(lab.repo .. "/trends/regressions.json"))
    assert.equal(1, #regressions)
    assert.same({ "PASSED", "FAILED" }, { regressions[1].from_status, regressions[1].to_status })
    assert.same({}, (lab:check_contracts()))
  end)

  it("exits 3 when no architecture could be judged, and calls none of it a regression", function()
    assert.equal(0, run().code)
    local result = run { config = "{ emulator = { env = { FAKE_EMULATOR = 'die' } },"
      .. config:sub(2) }
    assert.equal(3, result.code, result.stderr)
    assert.contains(result.stdout, "total=2 passed=0 partial=0 failed=0 timeout=0 error=2")
    assert.contains(result.stderr, "none of 2 architectures could be judged")
    assert.same({}, (assert(json.read(lab.repo .. "/trends/regressions.json"))))
  end)

  it("refuses an emulator that nobody knows before it mines anything", function()
    local result = run({}, "--emulator", "minstack")
    assert.equal(2, result.code)
    assert.contains(result.stderr, "unknown emulator 'minstack'")
    assert.contains(result.stderr, "did you mean 'ministack'?")
    assert.equal("", result.stdout)
    assert.equal(0, run({}, "--emulator", "minstack", "--to", "mine").code)
    result = run({}, "--shard", "3/2")
    assert.same({ 2, "" }, { result.code, result.stdout })
    assert.contains(result.stderr, "there is no shard 3 of 2")
  end)

  it("goes on after a stage that fails, and says so at the end", function()
    lab:shadow("report.lua", [[
      return require "std.stage" { api = 1, name = "report", help = "x", args = {},
        run = function() return nil, require("std.error").new { op = "report", code = "io",
          message = "no paper left" } end }]])
    local result = run()
    assert.equal(3, result.code)
    assert.contains(result.stderr, "no paper left")
    assert.contains(result.stdout, "push: committed")
    assert.contains(result.stdout, "notify: ")
    assert.contains(result.stdout, "total=2 passed=1")
    assert.not_contains(result.stdout, "\nreport: ")
    local found
    for _, one in ipairs(lab:log()) do found = found or one.msg == "stage failed" and one end
    assert.same({ "report", "no paper left", "io" },
      { found.stage, found.error.message, found.error_type })
  end)

  it("goes on after a script of the user that breaks, and exits 2 with its place", function()
    lab:shadow("notify.lua", [[
      return require "std.stage" { api = 1, name = "notify", help = "x", args = {},
        run = function(ctx)
          local nothing
          return nothing.field
        end }]])
    local result = run()
    assert.equal(2, result.code)
    assert.contains(result.stderr, "/own/weekly/notify.lua:4: attempt to index a nil value")
    assert.contains(result.stdout, "total=2 passed=1")
  end)

  it("stops when what the rest stands on fails", function()
    local result = run { env = { ARTIFACT_REPO = lab.path .. "/nowhere.git" } }
    assert.equal(3, result.code)
    assert.contains(result.stderr, "nowhere.git")
    assert.is_nil(result.stdout:find("mine:", 1, true))
    assert.is_false(fs.exists(lab.repo .. "/runs"))
  end)

  it("mines, reports and pushes although one source cannot be reached", function()
    local result = run { config = config:gsub("^{ sources = {", "%0 { type = 'git', url = '"
      .. lab.path .. "/none.git' },") }
    assert.equal(3, result.code)
    assert.contains(result.stderr, "none.git")
    assert.contains(result.stdout, "total=2 passed=1")
    assert.contains(result.stdout, "push: committed")
  end)

  it("goes on where a killed run stopped", function()
    root("slow", "hang")
    local handle <close> = lab:start({ "run" }, { config = "{ parallel = 3, " .. config:sub(2) })
    local record, results
    repeat
      record, results = lab:latest()
      assert(not handle:poll(), "ended too early")
    until record and #require("std.table").keys(results) == 2 or (uv.sleep(30) and false)
    uv.kill(handle.pid, "sigkill")
    handle:wait()
    local slow
    for _, meta in ipairs(lab:store():architectures()) do
      if meta.name == "slow" then slow = meta end
    end
    -- the stored copy of the template does not hang any more
    assert(fs.write(lab:store():arch_dir(slow.hash) .. "/main.tf", "# fake: ok\n"))
    local result = run(nil, "--resume")
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "run " .. record.run_id
      .. ": total=3 passed=2 partial=0 failed=1")
    local _, after = lab:latest()
    for letter, one in pairs(results) do assert.same(one, after[letter]) end
  end)

  it("prints nothing but JSON on stdout when asked", function()
    local result = run(nil, "--json")
    assert.equal(0, result.code, result.stderr)
    local summary = assert(json.decode(result.stdout))
    assert.same({ 2, 1, 1 }, { summary.total, summary.passed, summary.failed })
  end)

  it("touches nothing in a dry run, neither at first nor later", function()
    assert(fs.write(lab.path .. "/config.lua", "return " .. config))
    local argv = { "--dry-run", "--config", lab.path .. "/config.lua", "run" }
    local before = lab_of.snapshot(lab.path)
    local result = lab:run(argv)
    assert.equal(0, result.code, result.stderr .. result.stdout)
    for _, word in ipairs { "would init", "mine: 2 found", "would report", "would push" } do
      assert.contains(result.stdout, word)
    end
    assert.same(before, lab_of.snapshot(lab.path))
    assert.is_false(fs.exists(lab.workspace))
    assert.equal(0, run().code)
    before = lab_of.snapshot(lab.path)
    result = lab:run(argv)
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "would validate")
    assert.contains(result.stdout, "would commit and push")
    assert.same(before, lab_of.snapshot(lab.path))
  end)
end)
