-- SPDX-License-Identifier: Apache-2.0
-- `lsqm parity ci`: expressions, matrices, jobs and needs, steps and what they hand on, artifacts,
-- retries, git context, secrets, the workflow's stages, and act where it is installed.

local commands = require "pipelines.parity.ci.commands"
local contracts = require("std.contracts").of "parity"
local fs = require "std.fs"
local git = require "std.git"
local lab_of = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/parity_lab.lua")
local matrix = require "pipelines.parity.ci.matrix"
local parallel = require "std.parallel"
local process = require "std.process"
local uv = require "luv"
local workflows = require "pipelines.parity.ci.workflow"

describe("parity ci workflows", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  it("spread a matrix with include and exclude", function()
    assert.same({ {} }, matrix.combinations(nil))
    local given = { os = { "a", "b" }, v = { 1, 2 }, exclude = { { os = "b", v = 2 } },
      include = { { os = "b", extra = true }, { os = "c" } } }
    assert.same({ { os = "a", v = 1 }, { os = "a", v = 2 }, { os = "b", v = 1, extra = true },
      { os = "c" } }, matrix.combinations(given, { "os", "v", "include", "exclude" }))
    assert.equal("t (b, 1, x)", matrix.label("t", { v = 1, os = "b", more = "x" }, { "os", "v" }))
    local seventeen = table.pack((" "):rep(17):byte(1, -1))
    seventeen.n = nil
    for what, bad in pairs { ["has no values"] = { os = {} }, ["must be a list"] = { os = "a" },
      ["leaves no job"] = { os = { 1 }, exclude = { { os = 1 } } }, ["must be a mapping"] = "a",
      ["more than 256"] = { a = seventeen, b = seventeen } } do
      local ok, err = pcall(matrix.combinations, bad)
      assert.is_false(ok)
      assert.is_truthy(tostring(err):find(what, 1, true), tostring(err))
    end
    local rows = { { x = 1 }, { x = 2 } }
    assert.same(rows, matrix.combinations { include = rows })
  end)

  it("read what steps hand on", function()
    assert.same({ { name = "a", value = "1=2" }, { name = "b", value = "x\ny" },
      { name = "c", value = "" } }, commands.assignments("a=1=2\nb<<END\nx\ny\nEND\nc=\n", "F"))
  end)

  local bad = {
    { "jobs: {}", "1: a workflow needs jobs" },
    { "jobs:\n  a: {steps: [{run: x}]}", "2:3: job a has no runs-on" },
    { "jobs:\n  a: {runs-on: x}", "2:3: job a has no steps" },
    { "jobs:\n  a: {runs-on: x, steps: [{name: y}]}",
      "2:27: step 1 of a needs either run or uses" },
    { "jobs:\n  a: {runs-on: x, neds: b, steps: [{run: y}]}",
      "2:19: job a has no key 'neds', did you mean \"needs\"?" },
    { "jobs:\n  a: {runs-on: x, needs: build, steps: [{run: y}]}",
      "2:19: job a needs 'build', which is not there" },
    { "jobs:\n  a: {runs-on: x, needs: b, steps: [{run: y}]}\n  b: {runs-on: x, needs: a, "
      .. "steps: [{run: y}]}", "2:3: jobs need each other in a circle: a -> b -> a" },
    { "jobs:\n  a: {uses: ./x.yml}", "2:7: there is no ./x.yml in the project" },
  }
  for _, case in ipairs(bad) do
    it("refuse: " .. case[2], function()
      lab:write { ["ci.yml"] = "on: push\n" .. case[1] .. "\n" }
      local found, err = workflows.read(lab:path "ci.yml")
      assert.is_nil(found)
      local line, rest = case[2]:match("^(%d+)(.*)$")
      local shifted = case[1]:find("jobs: {}", 1, true) and line or math.tointeger(line + 1)
      assert.equal(("workflow: ci.yml:%s%s"):format(shifted, rest), lab:short(tostring(err)))
      assert.equal("usage", err.code)
    end)
  end
end)

describe("parity ci", function()
  local lab

  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  local function ci(...) return lab:ci(...) end

  it("runs jobs after what they need, with outputs, environment and a matrix", function()
    local run, stages, result = ci [[
on: [push]
env: {TOP: top}
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {version: "${{ steps.v.outputs.version }}"}
    steps:
      - uses: actions/checkout@v4
      - id: v
        run: |
          cat hello.txt
          echo "version=1.2" >> "$GITHUB_OUTPUT"
          echo "LATER=yes" >> "$GITHUB_ENV"
          mkdir -p bin && printf '#!/bin/sh\necho tool ran\n' > bin/tool && chmod +x bin/tool
          echo "$PWD/bin" >> "$GITHUB_PATH"
      - run: 'echo "later $LATER $TOP $STEP" && tool'
        env: {STEP: "step ${{ steps.v.outcome }}"}
      - {run: "pwd", working-directory: bin}
      - {run: "echo never", if: false}
  test:
    needs: [build]
    runs-on: ubuntu-latest
    strategy: {matrix: {n: [1, 2], os: [a]}}
    steps:
      - run: 'echo "n=${{ matrix.n }} v=${{ needs.build.outputs.version }} $CI $GITHUB_JOB"'
      - {run: "print(40 + 2)", shell: python}
]]
    assert.same({ 0, "passed", "manual", "manual" }, { result.code, run.status, run.trigger,
      run.metadata.tool })
    assert.same({ total_stages = 3, passed_stages = 3, failed_stages = 0, skipped_stages = 0 },
      run.summary)
    local out = stages.build.logs.stdout
    for _, part in ipairs { "hello\n", "later yes top step success", "tool ran", "/bin\n" } do
      assert.is_truthy(out:find(part, 1, true), part .. " in " .. out)
    end
    assert.is_nil(out:find("\nnever", 1, true))
    assert.is_truthy(stages["test (1, a)"].logs.stdout:find("n=1 v=1.2 true test\n", 1, true))
    assert.is_truthy(stages["test (2, a)"].logs.stdout:find("42", 1, true))
    assert.is_true(stages.build.order < stages["test (1, a)"].order)
    assert.equal(".github/workflows/ci.yml", run.metadata.workflow_file)
    assert.same({ "job.log" }, { fs.basename(stages.build.artifacts[1].path) })
  end)

  it("stops a job at its first failure and skips what needs it, unless told otherwise", function()
    local run, stages, result = ci [[
on: push
jobs:
  a:
    runs-on: x
    steps:
      - {run: "echo to-stderr >&2; exit 3"}
      - {run: "echo not reached"}
      - {run: "echo cleaning up", if: always()}
      - {run: "echo it failed", if: failure()}
  b: {runs-on: x, needs: a, steps: [{run: "true"}]}
  c: {runs-on: x, needs: a, if: "always() && needs.a.result == 'failure'",
    steps: [{run: "true"}]}
  d: {runs-on: x, steps: [{run: "exit 1", continue-on-error: true}, {run: "echo on"}]}
  e: {runs-on: x, continue-on-error: true, steps: [{run: "exit 1"}]}
]]
    assert.same({ 1, "failed" }, { result.code, run.status })
    assert.same({ "failed", 3, "skipped", "passed", "passed", "passed" }, { stages.a.status,
      stages.a.exit_code, stages.b.status, stages.c.status, stages.d.status, stages.e.status })
    assert.is_nil(stages.a.logs.stdout:find("\nnot reached", 1, true))
    assert.is_truthy(stages.a.logs.stdout:find("\ncleaning up\n", 1, true))
    assert.is_truthy(stages.a.logs.stdout:find("\nit failed\n", 1, true))
    assert.equal("to-stderr\n", stages.a.logs.stderr)
    assert.is_truthy(stages.a.logs.stdout:find("##[error]the step ended with code 3\n", 1, true))
  end)

  it("keeps JUnit, lcov and uploaded files, not what was there before", function()
    lab:write { ["app/reports/junit-old.xml"] = "<testsuite/>" }
    local _, stages = ci [[
on: push
jobs:
  test:
    runs-on: x
    steps:
      - run: |
          mkdir -p build/coverage dist
          echo '<testsuite tests="1"/>' > build/junit.xml
          echo 'TN:' > build/coverage/lcov.info
          echo bin > dist/app
      - uses: actions/upload-artifact@v4
        with: {name: app, path: dist/}
]]
    local got = {}
    for _, artifact in ipairs(stages.test.artifacts) do
      got[fs.basename(artifact.path)] = artifact.type .. " " .. artifact.format
      assert.equal(fs.stat(artifact.path).size, artifact.size_bytes)
    end
    assert.same({ ["junit.xml"] = "test_results junit-xml", ["job.log"] = "log_file text",
      ["lcov.info"] = "coverage_report lcov", app = "build_artifact binary" }, got)
  end)

  it("tries a failed job again and counts it", function()
    local text = [[
on: push
jobs:
  flaky:
    runs-on: x
    steps:
      - {run: "test -f %s/second || { touch %s/second; exit 1; }"}
]]
    local run, stages = ci(text:format(lab.dir.path, lab.dir.path), { "--retries", "2" })
    assert.same({ "passed", 1 }, { run.status, stages.flaky.metadata.retry_count })
    run, stages = ci("on: push\njobs: {bad: {runs-on: x, steps: [{run: 'false'}]}}",
      { "--retries", "1" })
    assert.same({ "failed", 1 }, { run.status, stages.bad.metadata.retry_count })
  end)

  it("leaves the project as it was, and its sockets and pipes alone", function()
    assert(process.run { argv = { "mkdir", "-p", lab:path "app/sub" } })
    assert(process.run { argv = { "mkfifo", lab:path "app/sub/pipe" } })
    ci "on: push\njobs: {a: {runs-on: x, steps: [{run: 'rm hello.txt; touch new'}]}}"
    assert.is_true(fs.exists(lab:path "app/hello.txt"))
    assert.is_false(fs.exists(lab:path "app/new"))
  end)

  it("does not copy what lsqm itself keeps in the project", function()
    lab:write { [".github/workflows/ci.yml"] = "on: push\njobs: {a: {runs-on: x, steps: [{run: "
      .. "'test -e ci/own.txt && test ! -e ci/runs && test ! -e sub/ws'}]}}",
      ["ci/own.txt"] = "x" }
    for _, workspace in ipairs { ".", "sub/ws" } do
      for _ = 1, 2 do
        local result = assert(process.run { cwd = lab.dir.path, timeout = 60,
          argv = { lab.program, "--workspace", workspace, "parity", "ci" } })
        assert.equal(0, result.code, result.stdout .. result.stderr)
      end
      fs.remove(lab:path "ci/runs")
    end
  end)

  it("keeps what it has written before where its folder lies behind a link", function()
    lab:write { [".github/workflows/ci.yml"] = "on: push\njobs: {a: {runs-on: x, steps: [{run: "
      .. "'true'}]}}", ["data/ws/own.txt"] = "x" }
    assert(uv.fs_symlink(lab:path "data", lab:path "out"))
    local result = assert(process.run { cwd = lab.dir.path, timeout = 60,
      argv = { lab.program, "--workspace", "out/ws", "parity", "ci" } })
    assert.equal(0, result.code, result.stdout .. result.stderr)
    assert.equal("x", fs.read(lab:path "data/ws/own.txt"))
  end)

  it("gives a job a repository of its own where .git is a link", function()
    lab:write { ["main/HEAD"] = "ref: refs/heads/main\n", ["app/x"] = "x" }
    assert(uv.fs_symlink(lab:path "main", lab:path "app/.git"))
    ci "on: push\njobs: {a: {runs-on: x, steps: [{run: 'cat .git/HEAD && rm .git/HEAD'}]}}"
    assert.is_true(fs.exists(lab:path "main/HEAD"))
  end)

  it("gives a job of a linked work tree a repository of its own", function()
    local repo = assert(git.init(lab:path "main"))
    lab:write { ["main/x"] = "x" }
    assert(repo:commit { message = "Add x", all = true, paths = { "x" },
      author = { name = "a", email = "a@example.com" } })
    lab:write { ["main/.git/worktrees/app/HEAD"] = "ref: refs/heads/main\n",
      ["main/.git/worktrees/app/commondir"] = "../..\n",
      ["main/.git/worktrees/app/gitdir"] = lab:path "app/.git" .. "\n",
      ["app/.git"] = "gitdir: ../main/.git/worktrees/app\n" }
    local text = "on: push\njobs: {a: {runs-on: x, steps: [{run: 'test -d .git/objects; "
      .. "test ! -e .git/worktrees; cat .git/HEAD; echo gone > .git/HEAD; rm -r .git/refs'}]}}"
    local run, stages = ci(text)
    assert.equal("passed", run.status, stages.a.logs.stderr)
    assert.is_truthy(stages.a.logs.stdout:find("refs/heads/main", 1, true))
    assert.equal("ref: refs/heads/main\n", fs.read(lab:path "main/.git/worktrees/app/HEAD"))
    assert.is_true(fs.is_dir(lab:path "main/.git/refs"))
    lab:write { ["app/.git"] = "gitdir: ../main/.git/modules/app\n" }
    stages = select(2, ci "on: push\njobs: {a: {runs-on: x, steps: [{run: test ! -e .git}]}}")
    assert.equal("passed", stages.a.status)
    assert.is_truthy(stages.a.logs.stdout:find("the project is a submodule", 1, true))
  end)

  it("knows the git context, the trigger and its event", function()
    lab:write { ["app/x"] = "x" }
    local repo = assert(git.init(lab:path "app"))
    local oid = assert(repo:commit { message = "Add x", all = true, paths = { "x" },
      author = { name = "a", email = "a@example.com" } })
    assert(repo:set_remote("https://example.com/acme/shop.git", "origin"))
    local text = "on: [pull_request]\njobs: {a: {runs-on: x, steps: [{run: "
      .. "'echo ${{ github.event_name }} ${{ github.sha }} $GITHUB_REPOSITORY'}]}}"
    local run, stages = ci(text, { "--trigger", "pr_validation" })
    assert.same({ oid, "Add x", "pr_validation", "ryan" }, { run.git_context.commit_sha,
      (run.git_context.commit_message:gsub("%s+$", "")), run.trigger, run.triggered_by })
    assert.is_truthy(stages.a.logs.stdout:find("pull_request " .. oid .. " acme/shop", 1, true))
    local refused = lab:run { "ci", "-C", "app", "--trigger", "scheduled" }
    assert.equal(2, refused.code)
    assert.is_truthy(refused.stderr:find("does not run on schedule, only on pull_request", 1, true))
  end)

  it("gives secrets to steps and to nobody else", function()
    lab:write { [".secrets"] = "API_TOKEN=very-secret-token\n" }
    local run, stages, result = ci("on: push\njobs: {a: {runs-on: x, steps: [{run: "
      .. "'echo \"got $T\"; test \"$T\" = very-secret-token', "
      .. "env: {T: '${{ secrets.API_TOKEN }}'}}]}}",
      { "--secret-file", ".secrets" })
    assert.equal("passed", run.status, stages.a.logs.stdout)
    assert.is_truthy(stages.a.logs.stdout:find("got ***", 1, true))
    local kept = fs.read(lab:path("ci", "runs", run.id .. ".json"))
      .. fs.read(stages.a.artifacts[1].path) .. result.stdout
    assert.is_nil(kept:find("very-secret-token", 1, true))
  end)

  it("refuses an action that it cannot run before anything runs, or leaves it out", function()
    local text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: touch ran\n"
      .. "      - uses: some/action@v1\n"
    lab:write { ["app/.github/workflows/ci.yml"] = text }
    local refused = lab:run { "ci", "-C", "app" }
    assert.equal(2, refused.code)
    assert.is_truthy(refused.stderr:find("ci.yml:7:9: step 2 of a uses the action some/action@v1",
      1, true), refused.stderr)
    assert.is_truthy(refused.stderr:find("hint: --skip-action some/action", 1, true))
    assert.is_false(fs.exists(lab:path "ci"))
    local _, stages = ci(text, { "--skip-action", "some/action" })
    assert.equal("passed", stages.a.status)
    assert.is_truthy(stages.a.logs.stdout:find("some/action@v1: left out", 1, true))
  end)

  it("moves the workflow to testing and back, and notes a success", function()
    lab:write { ["app/compose.yaml"] = "name: app\nservices: {a: {image: x}}\n" }
    for _, to in ipairs { "provisioning", "ready" } do
      lab:run { "status", "-C", "app", "--enter", to }
    end
    ci "on: push\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}"
    local session = assert(contracts.read(lab:path "contexts/sessions/ryan/current-session.yml",
      "workflow_state"))
    assert.equal("active_development", session.current_stage)
    assert.equal("testing", session.stage_history[4].to_stage)
    assert.is_truthy(session.metadata.last_successful_test_run)
    assert.is_truthy(lab:run({ "history", "-C", "app" }).stdout:find("ci .* passed: 1 of 1"))
  end)

  it("uses act where it is installed, and its JSON lines become stages", function()
    lab:write { ["bin/act"] = [[#!/bin/sh
echo '{"job":"CI/build","jobID":"build","msg":"Start '"$*"'"}'
echo 'not json'
echo '{"job":"CI/test","jobID":"test","msg":"boom"}'
echo '{"job":"CI/build","jobID":"build","msg":"done","jobResult":"success"}'
echo '{"job":"CI/test","jobID":"test","msg":"failed","jobResult":"failure"}'
exit 1
]] }
    require("luv").fs_chmod(lab:path "bin/act", 493)
    local env = { PATH = lab:path "bin" .. ":/usr/bin:/bin" }
    local run, stages, result = ci("on: push\njobs: {a: {runs-on: x, uses: ./other.yml}}", nil,
      { env = env })
    assert.same({ 1, "failed", "act", "passed", "failed" }, { result.code, run.status,
      run.metadata.tool, stages.build.status, stages.test.status })
    assert.is_truthy(stages.build.logs.stdout:find("Start push -W", 1, true))
    local other = ci("on: push\njobs: {a: {runs-on: x, steps: [{run: 'true'}]}}", { "--builtin" },
      { env = env })
    assert.equal("manual", other.metadata.tool)
  end)

  it("that is interrupted says so on disk", function()
    lab:write { ["compose.yaml"] = "name: app\nservices: {a: {image: x}}\n" }
    local environment = "local-" .. fs.basename(lab.dir.path):lower()
    for _, to in ipairs { "provisioning", "ready" } do
      assert.equal(0, lab:run({ "status", "--id", environment, "--enter", to }).code)
    end
    lab:write { [".github/workflows/ci.yml"] = "on: push\njobs: {a: {runs-on: x, steps: "
      .. "[{run: 'echo begun; touch " .. lab:path "begun" .. "; sleep 60'}]}}" }
    local handle <close> = assert(process.start { cwd = lab.dir.path, timeout = 60,
      env = { USER = "ryan" },
      argv = { lab.program, "--workspace", ".", "parity", "ci" } })
    while not fs.exists(lab:path "begun") do
      assert(not handle:poll(), "ended too early")
      parallel.sleep(0.05)
    end
    handle:kill "INT"
    assert.equal(130, handle:wait().code)
    local session = lab:path "contexts/sessions/ryan/current-session.yml"
    session = assert(contracts.read(session, "workflow_state"))
    assert.same({ "active_development", "testing" }, { session.current_stage,
      session.stage_history[4].to_stage })
    local name = assert(fs.list(lab:path "ci/runs"))[1].name
    local run = assert(contracts.read(lab:path("ci/runs", name), "pipeline_run"))
    assert.same({ "cancelled", "skipped" }, { run.status, run.stages[1].status })
    assert.is_truthy(run.stages[1].logs.stdout:find("\nbegun\n", 1, true))
  end)

  it("says which workflow to name where there are several or none", function()
    assert.equal(2, lab:run({ "ci" }).code)
    lab:write { [".github/workflows/a.yml"] = "x", [".github/workflows/b.yml"] = "x" }
    assert.is_truthy(lab:run({ "ci" }).stderr:find("several workflows", 1, true))
  end)
end)
