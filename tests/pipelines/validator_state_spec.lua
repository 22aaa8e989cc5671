-- SPDX-License-Identifier: Apache-2.0
-- validator's files when something is wrong: what the harness failed at, broken files, names that
-- do not exist, two at once, one that was killed.
local fs = require "std.fs"
local json = require "std.json"
local lab_of = dofile(require("lsqm.program").share .. "/tests/pipelines/lab.lua")
local owner = require "std.emulator.owner"
local parallel = require "std.parallel"
local place_of = require "pipelines.validator.model.place"

local FIRST <const> = "run-20260110-000000"

describe("validator", function()
  local lab, root

  before_each(function()
    lab = lab_of.new()
    root = lab.path .. "/site"
    fs.mkdir(root .. "/config")
    assert(fs.write(root .. "/config/sources.yaml", "sources:\n- {id: own-src, name: Own, "
      .. "source_type: github_repo, url: 'file://" .. lab.path .. "/templates'}\n"))
  end)

  after_each(function() lab:close() end)

  local function template(name, directive)
    fs.mkdir(lab.path .. "/templates/" .. name)
    assert(fs.write(lab.path .. "/templates/" .. name .. "/main.tf", "# fake: " .. directive
      .. '\nresource "aws_ssm_parameter" "p" {\n  name  = "/' .. name
      .. '"\n  type  = "String"\n  value = "x"\n}\n'))
  end

  local function validator(words)
    local argv = { "validator" }
    table.move(words, 1, #words, 2, argv)
    table.move({ "--root", root }, 1, 2, #argv + 1, argv)
    return lab:run(argv)
  end

  local function ok(...)
    for _, stage in ipairs { ... } do
      local result = validator { stage }
      assert.equal(0, result.code, result.stdout .. result.stderr)
    end
  end

  local function refused(code, words, text)
    local result = validator(words)
    assert.equal(code, result.code, result.stdout .. result.stderr)
    assert.is_truthy(result.stderr:find(text, 1, true), result.stderr)
  end

  local function read(name) return assert(json.read(root .. "/" .. name)) end
  local function tracker() return read "docs/data/failure_tracker.json" end

  local function runs()
    local list = {}
    for _, entry in ipairs(fs.list(root .. "/docs/data/runs")) do
      list[#list + 1] = entry.name:find "%.json$" and read("docs/data/runs/" .. entry.name) or nil
    end
    return list
  end

  it("gives no verdict where the harness failed: skipped, not counted, no issue", function()
    template("good", "ok")
    template("odd", "fail api error NotImplemented")
    ok("mine", "generate", "run")
    template("odd", "unstarted")
    ok("mine", "generate")
    for _ = 1, 2 do
      local run = validator { "run" }
      assert.equal(0, run.code, run.stdout .. run.stderr)
      assert.is_truthy(run.stdout:find("skipped=1 (unjudged=1) pass_rate=1.000", 1, true),
        run.stdout)
    end
    local list = runs()
    local result = read("docs/data/runs/" .. list[#list].id .. "/own-src/odd.json")
    assert.equal("skipped", result.status)
    assert.is_truthy(result.harness_error)
    assert.is_truthy(result.logs.localstack_log:find("fake emulator begins", 1, true))
    local entry = tracker().entries["own-src/odd"]
    assert.equal(1, entry.consecutive_failures)
    assert.equal(list[1].id, entry.last_failure_run)
    assert.is_truthy(validator({ "issues" }).stdout:find("issues: 0 due", 1, true))
  end)

  it("lets a run fail that could judge nothing, and keeps what older ones found", function()
    template("good", "ok")
    ok("mine", "generate", "run", "report")
    template("good", "unstarted")
    ok("mine", "generate")
    refused(3, { "run" }, "nothing could be judged: ")
    local list = runs()
    assert.equal("failed", list[2].status)
    assert.equal(list[1].id, tracker().last_run)
    ok "report"
    assert.equal(list[1].id, read("docs/data/latest.json").run.id)
  end)

  it("shows the newest result of each, also where a run tested some only", function()
    for _, name in ipairs { "one", "two", "gone" } do template(name, "ok") end
    ok("mine", "generate", "run", "report")
    assert(fs.remove(lab.path .. "/templates/gone"))
    template("two", "fail api error NotImplemented")
    ok("mine", "generate")
    assert.equal(0, validator({ "run", "own-src/two" }).code)
    local list, path = runs(), root .. "/docs/data/latest.json"
    -- with what the file has, without the file, and with one that nobody can read
    for _, text in ipairs { false, "", "[]" } do
      if text then assert(fs.write(path, text)) end
      if text == "" then assert(fs.remove(path)) end
      ok "report"
      local latest, shown = read "docs/data/latest.json", {}
      assert.equal(list[2].id, latest.run.id)
      assert.equal(1, latest.run.statistics.total_architectures)
      for i, row in ipairs(latest.results) do
        shown[i] = table.concat({ row.architecture_id, row.status, row.run_id }, " ")
      end
      assert.same({ "own-src/one passed " .. list[1].id, "own-src/two failed " .. list[2].id },
        shown)
      assert.equal("https://github.com/localstack/localstack/issues", latest.issues_url)
    end
  end)

  it("files no issue where it would not belong, or none is wanted", function()
    template("odd", "fail api error NotImplemented")
    ok("mine", "generate", "run", "run")
    local env = { GITHUB_TOKEN = "t", GITHUB_API_URL = "http://127.0.0.1:1" }
    local function said(config)
      local result = lab:run({ "validator", "issues", "--root", root },
        { env = env, config = config })
      assert.equal(0, result.code, result.stderr)
      return result.stdout
    end
    assert.contains(said(), "issues: 1 due", "filed: the run used ministack; set ISSUE_REPO")
    assert.contains(said("{ issue_repo = '' }"), "none is filed: no ISSUE_REPO is set")
    assert.is_nil(read("docs/data/latest.json").issues_url)
  end)

  it("refuses names that do not exist and what has nothing to run", function()
    template("good", "ok")
    ok "mine"
    refused(2, { "run", "own-src/godo" }, "there is no architecture 'own-src/godo'")
    refused(2, { "run", "own-src/good" }, "'own-src/good' has nothing to run: it is normalized")
    refused(2, { "mine", "--source", "own" }, "there is no enabled source 'own'")
    local elsewhere = lab:run { "validator", "status", "--root", lab.path .. "/typo" }
    assert.equal(3, elsewhere.code)
    assert.is_truthy(elsewhere.stderr:find("no such folder", 1, true))
    assert.is_false(fs.exists(lab.path .. "/typo"))
  end)

  it("names file, line and column of each problem in config/sources.yaml", function()
    assert(fs.write(root .. "/config/sources.yaml", "sources:\n- id: one\n  name: One\n"
      .. "  source_type: github_repos\n  url: 'file:///x'\n  colour: red\n"))
    refused(2, { "mine" }, "sources.yaml:4:3: /sources/0/source_type: ")
    refused(2, { "mine" }, "sources.yaml:6:3: /sources/0/colour: is not a key of this")
    assert(fs.write(root .. "/config/sources.yaml", "sources: [\n"))
    refused(2, { "mine" }, "sources.yaml:2:1: ")
    assert(fs.remove(root .. "/config/sources.yaml"))
    refused(3, { "mine" }, "hint: it lists where templates come from")
  end)

  it("names a broken file before anything is run, and leaves it as it is", function()
    template("good", "ok")
    ok("mine", "generate", "run")
    local path = root .. "/docs/data/failure_tracker.json"
    for _, text in ipairs { "{", "{}", "" } do
      assert(fs.write(path, text))
      for _, stage in ipairs { "run", "issues", "status" } do
        refused(3, { stage }, "failure_tracker.json")
      end
      assert.equal(text, fs.read(path))
    end
    assert(fs.remove(path))
    assert.equal(1, #runs())
    assert(fs.write(root .. "/docs/data/runs/" .. FIRST .. ".json", "[]"))
    for _, stage in ipairs { "run", "report", "status" } do
      refused(3, { stage }, FIRST .. ".json")
    end
  end)

  it("mines names of any bytes, and says where what cannot be read is wrong", function()
    fs.mkdir(lab.path .. "/templates/tf")
    local queue = 'AWSTemplateFormatVersion: "2010-09-09"\nResources:\n'
      .. "  Q: {Type: 'AWS::SQS::Queue'}\n"
    for _, name in ipairs { "\xff.yaml", "\xfe.yaml", "a\nb.yaml", "<i>.yaml", "$(id).yaml",
      ("x"):rep(200) .. ".yaml" } do
      assert(fs.write(lab.path .. "/templates/" .. name, queue))
    end
    assert(fs.write(lab.path .. "/templates/tf/main.tf", 'resource "aws_sqs_queue" "q" {'))
    assert(fs.write(lab.path .. "/templates/twice.yaml", queue .. "  Q: {}\n"))
    assert.is_truthy(validator({ "mine" }).stdout:find("6 normalized, 2 conversion_failed", 1,
      true))
    assert.is_truthy(validator({ "mine" }).stdout:find("8 found, 8 as before", 1, true))
    local shown = validator({ "status" }).stdout
    for _, text in ipairs { "conversion_failed: own-src/tf: tf/main.tf:1:",
      "conversion_failed: own-src/twice-yaml: twice.yaml:4:3: duplicate key" } do
      assert.is_truthy(shown:find(text, 1, true), shown)
    end
    local said = assert(json.decode(validator({ "status", "--json" }).stdout))
    assert.equal("own-src/tf", said.problems[1].id)
  end)

  it("looks only, with --dry-run", function()
    template("good", "ok")
    assert.equal(0, validator({ "all", "--dry-run" }).code)
    assert.same({ "config/sources.yaml" }, fs.walk(root))
    assert.is_truthy(validator({ "run" }).stdout:find("nothing to run", 1, true))
    assert.is_false(fs.exists(root .. "/docs"))
  end)

  it("is refused by the name of what it cannot write", function()
    template("good", "ok")
    ok("mine", "generate")
    assert(fs.write(root .. "/docs", ""))
    refused(3, { "run" }, root .. "/docs")
    assert(fs.remove(root .. "/cache"))
    assert(fs.write(root .. "/cache", ""))
    for _, stage in ipairs { "mine", "generate", "run" } do
      refused(3, { stage }, root .. "/cache")
    end
  end)

  it("tells of an architecture whose record is broken, which mine makes anew", function()
    template("good", "ok")
    ok("mine", "generate")
    local path = root .. "/cache/architectures/own-src/good/metadata.json"
    assert(fs.write(path, "{}"))
    refused(0, { "generate" }, "own-src/good/metadata.json")
    ok("mine", "generate")
    assert.equal("ready", assert(json.read(path)).status)
  end)

  it("works in a folder alone: another one is refused, a killed one is not in the way", function()
    template("good", "ok")
    do
      local lock <close> = assert(place_of.open(root):hold()) -- luacheck: ignore lock
      for _, stage in ipairs { "mine", "generate", "run", "issues", "all" } do
        refused(3, { stage }, "another lsqm is at work here, process "
          .. owner.of():match "^%d+")
      end
      ok "status"
    end
    assert.is_false(fs.exists(root .. "/cache/lock"))
    assert(fs.write(root .. "/cache/lock", "1:1"))
    ok("mine", "generate", "run")
    assert.is_false(fs.exists(root .. "/cache/lock"))
  end)

  it("ends the run of one that was killed as failed", function()
    template("slow", "hang")
    ok("mine", "generate")
    local handle = lab:start { "validator", "run", "--root", root }
    for _ = 1, 1000 do
      if fs.exists(root .. "/docs/data/runs") and runs()[1] then break end
      parallel.sleep(0.02)
    end
    handle:kill "KILL"
    handle:wait()
    assert.equal("running", runs()[1].status)
    template("slow", "ok")
    ok("mine", "generate", "run")
    local list = runs()
    assert.equal("failed", list[1].status)
    assert.is_truthy(list[1].completed_at >= list[1].started_at)
    assert.equal("completed", list[2].status)
  end)
end)
