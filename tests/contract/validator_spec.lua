-- SPDX-License-Identifier: Apache-2.0
-- validator's whole flow, run by run, with one architecture broken in between: results, tracker,
-- site, and the issue, which is held to GitHub's published description by Prism. Tools are fakes;
-- tests/corpus/validator.lua is the same in emulators.
local share = require("lsqm.program").share
local fake = dofile(share .. "/tests/fakes/github.lua")
local fs = require "std.fs"
local json = require "std.json"
local lab_of = dofile(share .. "/tests/pipelines/lab.lua")
local place_of = require "pipelines.validator.model.place"
local process = require "std.process"

local REPO <const> = "acme/one"
local ENTITIES <const> = {
  { "cache/sources_state.json", "sources_state" },
  { "cache/architectures/*/*/metadata.json", "architecture_file" },
  { "cache/apps/*/metadata.json", "sample_app_file" },
  { "cache/work_done.json", "work_done" },
  { "docs/data/latest.json", "latest" },
  { "docs/data/failure_tracker.json", "failure_tracker" },
  { "docs/data/runs/*.json", "validation_run" },
  { "docs/data/runs/*/*/*.json", "architecture_result" },
}

describe("validator's flow", function()
  local github, why, lab, root

  setup(function()
    github, why = fake.new { prism = true, repos = { [REPO] = { sha = ("1"):rep(40) } } }
  end)

  teardown(function() if github then github:finish() end end)

  before_each(function()
    lab = lab_of.new()
    root = lab.path .. "/site"
  end)

  after_each(function() lab:close() end)

  local function template(name, directive)
    fs.mkdir(lab.path .. "/templates/" .. name)
    assert(fs.write(lab.path .. "/templates/" .. name .. "/main.tf", ("# fake: %s\n"):format(
      directive) .. 'resource "aws_ssm_parameter" "p" {\n  name  = "/' .. name
      .. '"\n  type  = "String"\n  value = "x"\n}\n'))
  end

  local function sources(list)
    fs.mkdir(root .. "/config")
    assert(fs.write(root .. "/config/sources.yaml", list or ("sources:\n- {id: own-src, name: Own, "
      .. "source_type: github_repo, url: 'file://" .. lab.path .. "/templates'}\n")))
  end

  local function validator(...)
    local env = { GITHUB_API_URL = github and github.url, GITHUB_TOKEN = github and "t",
      ISSUE_REPO = REPO }
    return lab:run({ "validator", (...), "--root", root, select(2, ...) }, { env = env })
  end

  local function all()
    local result = validator "all"
    assert.equal(0, result.code, result.stdout .. result.stderr)
    return result.stdout
  end

  local function read(name) return assert(json.read(root .. "/" .. name)) end
  local function tracker() return read "docs/data/failure_tracker.json" end

  -- Every JSON file below the folder is of an entity and keeps its schema.
  local function check_files()
    for _, name in ipairs(assert(fs.walk(root, { skip = { "sources" } }))) do
      if name:find "%.json$" and not name:find "^cache/answers" then
        local entity
        for _, row in ipairs(ENTITIES) do entity = fs.match(row[1], name) and row[2] or entity end
        assert.is_truthy(entity, "of no entity: " .. name)
        assert(place_of.contracts.check(entity, read(name)))
      end
    end
  end

  local function statuses()
    local out, latest = {}, read "docs/data/latest.json"
    for _, row in ipairs(latest.results) do out[row.architecture_id] = row.status end
    return out, latest
  end

  it("tracks a failure, files one issue on the second, none on the third, forgets on success",
    function()
      if not github then return pending(why) end
      for _, name in ipairs { "good", "weak" } do template(name, "ok") end
      sources()
      local out = all()
      assert.is_truthy(out:find("pass_rate=1.000", 1, true), out)
      assert.same({}, tracker().entries)
      template("weak", "fail api error NotImplemented")
      out = all()
      assert.is_truthy(out:find("2 found, 1 as before", 1, true), out)
      assert.same({ ["own-src/good"] = "passed", ["own-src/weak"] = "failed" }, (statuses()))
      local entry = tracker().entries["own-src/weak"]
      assert.equal(1, entry.consecutive_failures)
      assert.is_nil(entry.issue_number)
      assert.equal(0, #(github.issues[REPO] or {}))
      all()
      entry = tracker().entries["own-src/weak"]
      assert.equal(2, entry.consecutive_failures)
      assert.equal(1, #github.issues[REPO])
      local issue = github.issues[REPO][1]
      assert.equal(issue.number, entry.issue_number)
      assert.is_truthy(entry.issue_created_at)
      assert.is_truthy(issue.body:find("NotImplemented", 1, true))
      local _, latest = statuses()
      assert.equal(issue.number, latest.results[2].issue_number)
      local result = read("docs/data/runs/" .. latest.run.id .. "/own-src/weak.json")
      assert.equal(issue.number, result.issue_number)
      assert.equal("own-src/weak: cannot be deployed", result.suggested_issue_title)
      all()
      assert.equal(3, tracker().entries["own-src/weak"].consecutive_failures)
      assert.equal(1, #github.issues[REPO])
      check_files()
      -- the number is lost: the issue is found again
      local lost = tracker()
      lost.entries["own-src/weak"].issue_number = nil
      lost.entries["own-src/weak"].issue_created_at = nil
      assert(json.write(root .. "/docs/data/failure_tracker.json", lost))
      assert.equal(0, validator("issues").code)
      assert.equal(1, #github.issues[REPO])
      assert.equal(issue.number, tracker().entries["own-src/weak"].issue_number)
      template("weak", "ok")
      all()
      assert.same({}, tracker().entries)
      _, latest = statuses()
      assert.equal(5, #latest.runs)
      assert.same({}, github.violations)
    end)

  it("writes results with logs, statistics, timing, service coverage and the pages", function()
    template("good", "ok")
    template("weak", "fail api error NotImplemented")
    sources()
    assert.equal(0, validator("mine").code)
    assert.equal(0, validator("generate").code)
    assert.equal(0, validator("run", "--trigger", "scheduled").code)
    assert.equal(0, validator("report").code)
    local seen, latest = statuses()
    assert.same({ ["own-src/good"] = "passed", ["own-src/weak"] = "failed" }, seen)
    assert.equal("scheduled", latest.run.trigger)
    assert.same({ total_architectures = 2, passed = 1, partial = 0, failed = 1, skipped = 0,
      timeout = 0, unjudged = 0, pass_rate = 0.5 }, latest.run.statistics)
    local timing = latest.run.timing
    assert.is_true(timing.mining_seconds > 0 and timing.generation_seconds > 0
      and timing.running_seconds > 0 and timing.reporting_seconds > 0)
    assert.is_true(math.abs(timing.total_seconds - timing.mining_seconds
      - timing.generation_seconds - timing.running_seconds - timing.reporting_seconds) < 1e-6)
    assert.same({ { service_name = "ssm", architectures_tested = 2, architectures_passed = 1,
      architectures_failed = 1, pass_rate = 0.5, last_tested_run = latest.run.id } },
      latest.service_coverage)
    local result = read("docs/data/runs/" .. latest.run.id .. "/own-src/good.json")
    assert.is_true(result.infrastructure.success)
    assert.same({ "aws_ssm_parameter.p" }, result.infrastructure.resources_created)
    assert.is_truthy(result.logs.terraform_log:find("Apply complete", 1, true))
    assert.is_truthy(result.logs.localstack_log:find("fake emulator begins", 1, true))
    assert.is_truthy(latest.run.id:find "^run%-%d%d%d%d%d%d%d%d%-%d%d%d%d%d%d$")
    check_files()
    for _, name in ipairs { "index.html", "site.css", "site.js" } do
      assert.is_true(fs.is_file(root .. "/docs/" .. name), name)
    end
    local shown = validator "status"
    assert.is_truthy(shown.stdout:find("failing: own-src/weak, 1 in a row", 1, true), shown.stdout)
  end)

  it("ends an architecture that takes too long as TIMEOUT, and skips one without an app", function()
    template("slow", "hang")
    fs.mkdir(lab.path .. "/templates/odd")
    assert(fs.write(lab.path .. "/templates/odd/main.tf",
      'resource "aws_location_tracker" "t" {\n  tracker_name = "t"\n}\n'))
    sources()
    local env = { LSQM_TIMEOUT = "2" }
    for _, stage in ipairs { "mine", "generate", "run", "report" } do
      local result = lab:run({ "validator", stage, "--root", root }, { env = env })
      assert.equal(0, result.code, result.stdout .. result.stderr)
    end
    local seen, latest = statuses()
    assert.same({ ["own-src/odd"] = "skipped", ["own-src/slow"] = "timeout" }, seen)
    assert.equal(1, latest.run.statistics.timeout)
    assert.equal(1, latest.run.statistics.failed)
    assert.equal(1, latest.run.statistics.skipped)
    assert.equal(0, latest.run.statistics.pass_rate)
    local arch = read "cache/architectures/own-src/odd/metadata.json"
    assert.equal("generation_failed", arch.status)
    assert.is_truthy(arch.status_reason:find("aws_location_tracker", 1, true))
    check_files()
  end)

  it("notes the commit of a clone, and what cannot be converted with its reason", function()
    local dir = lab.path .. "/templates"
    template("good", "ok")
    assert(fs.write(dir .. "/bad.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n"
      .. "  X: {Type: 'AWS::No::Such'}\n"))
    local script = "git init -q && git add -A && git -c user.name=a -c user.email=a@b "
      .. "commit -qm x && git rev-parse HEAD"
    local made = assert(process.run { argv = { "sh", "-c", script }, cwd = dir, timeout = 60 })
    assert.equal(0, made.code, made.stderr)
    sources("sources:\n- {id: own-src, name: Own, source_type: github_repo, url: '" .. dir
      .. "'}\n")
    local refused = validator "mine"
    assert.equal(2, refused.code, refused.stdout .. refused.stderr) -- a path is no URL
    sources("sources:\n- {id: own-src, name: Own, source_type: github_repo, url: 'file://" .. dir
      .. "/.git'}\n")
    local mined = validator "mine"
    assert.equal(0, mined.code, mined.stdout .. mined.stderr)
    local state = read("cache/sources_state.json").sources["own-src"]
    assert.equal(made.stdout:match "%x+", state.last_commit_sha)
    assert.is_truthy(state.last_mined_at)
    local bad = read "cache/architectures/own-src/bad-yaml/metadata.json"
    assert.equal("conversion_failed", bad.status)
    assert.is_truthy(bad.status_reason:find("AWS::No::Such", 1, true))
    assert.equal("normalized", read("cache/architectures/own-src/good/metadata.json").status)
    local removed = assert(process.run { argv = { "git", "-c", "user.name=a", "-c",
      "user.email=a@b", "rm", "-q", "bad.yaml" }, cwd = dir, timeout = 60 })
    assert.equal(0, removed.code, removed.stderr)
    assert(process.run { argv = { "git", "-c", "user.name=a", "-c", "user.email=a@b", "commit",
      "-qm", "y" }, cwd = dir, timeout = 60 })
    assert.is_truthy(validator("mine").stdout:find("1 as before", 1, true))
    assert.is_false(fs.exists(root .. "/cache/architectures/own-src/bad-yaml"))
  end)
end)
