-- SPDX-License-Identifier: Apache-2.0
-- Publishing a run, against a recorded git and an issue tracker in memory.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fixture = dofile(here .. "/fixture.lua")
local tracker_of = dofile(here .. "/../fakes/tracker.lua")
local errors = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local resolve = require "std.resolve"

local REPLACED = { "std.git", "std.github.issues", "pipelines.weekly.push.filing" }

local function fake_git(state)
  local repo = {}
  function repo:commit(options) -- luacheck: ignore self
    table.insert(state.commits, options.message)
    return "c" .. #state.commits
  end
  function repo:push() -- luacheck: ignore self
    state.pushes = state.pushes + 1
    if state.pushes <= state.rejections then
      return nil, errors.new { code = "rejected", message = "non-fast-forward" }
    end
    return true
  end
  function repo:rebase() -- luacheck: ignore self
    state.rebases = state.rebases + 1
    if state.on_rebase then state.on_rebase() end
    return { replayed = 1 }
  end
  function repo:remote_url() return state.remote end -- luacheck: ignore self
  function repo:head() return { branch = "main" } end -- luacheck: ignore self
  return { open = function() return repo end }
end

describe("lsqm push", function()
  local store, dir, stage, state, real

  before_each(function()
    state = { commits = {}, pushes = 0, rebases = 0, rejections = 0, remote = "https://h/r",
      tracker = tracker_of.new(), clients = 0 }
    real = {}
    for _, name in ipairs(REPLACED) do
      real[name] = package.loaded[name]
      package.loaded[name] = nil
    end
    package.loaded["std.git"] = fake_git(state)
    package.loaded["std.github.issues"] = { new = function()
      state.clients = state.clients + 1
      return state.tracker
    end }
    stage = assert(loadfile((resolve.find("weekly", "push"))))()
    store, dir = fixture.store("abcd")
  end)

  after_each(function()
    for _, name in ipairs(REPLACED) do package.loaded[name] = real[name] end
    dir:close()
  end)

  local function context(config)
    local ctx = fixture.context(store, config)
    ctx.config.workspace = dir.path .. "/none"
    rawset(ctx.config, "github_api_url", "https://api.test")
    return ctx
  end

  local function regress()
    fixture.run(store, { a = "PASSED", b = "PASSED", c = "PASSED" })
    return fixture.run(store, { a = "FAILED", b = "FAILED", c = "TIMEOUT" })
  end

  it("commits with the run's figures, pushes, and updates trends", function()
    fixture.run(store, { a = "PASSED", b = "FAILED" })
    local run = fixture.run(store, { a = "PASSED", b = "PASSED" })
    local ctx = context()
    assert.equal(0, stage.run(ctx, {}))
    local message = state.commits[1]
    assert.matches("^Run " .. run.run_id:sub(1, 8) .. ": 2 of 2 passed on ministack 1.5.33\n\n",
      message)
    assert.matches("pass rate 100 %% %(%+50.0 points since ", message)
    assert.matches("regressions 0, fixes 1, new architectures 1", message)
    assert.matches("fix: arch%-b: FAILED %-> PASSED", message)
    assert.equal(1, state.pushes)
    assert.equal(run.run_id, store:trends("services").s3.history[1].run_id)
    assert.equal("PASSED", json.read(store:path("architectures", "index.json"))
      .architectures[fixture.hash("b")].last_status)
  end)

  it("says that nothing was sent without a remote", function()
    fixture.run(store, { a = "PASSED" })
    state.remote = nil
    local ctx = context()
    assert.equal(0, stage.run(ctx, {}))
    assert.equal(0, state.pushes)
    assert.matches("no remote is set", ctx.text())
  end)

  it("goes on top of the other side's runs when rejected", function()
    local run = fixture.run(store, { a = "PASSED" })
    state.rejections = 1
    state.on_rebase = function() -- what a line merge may leave behind
      assert(fs.write(store:path("architectures", "index.json"), "<<<<<<<"))
      assert(fs.write(store:path("trends", "services.json"), "<<<<<<<"))
    end
    assert.equal(0, stage.run(context(), {}))
    assert.equal(1, state.rebases)
    assert.equal(2, state.pushes)
    assert.equal(4, json.read(store:path("architectures", "index.json")).count)
    assert.equal(run.run_id, store:trends("services").s3.history[1].run_id)
  end)

  it("gives up with the reason after eight rejections", function()
    fixture.run(store, { a = "PASSED" })
    local parallel = require "std.parallel"
    local sleep = parallel.sleep
    parallel.sleep = function() end
    state.rejections = 99
    local code, err = stage.run(context(), {})
    parallel.sleep = sleep
    assert.is_nil(code)
    assert.equal("rejected", err.code)
    assert.equal(8, state.pushes)
  end)

  it("writes reports/latest where it is missing or about another run", function()
    local first = fixture.run(store, { a = "PASSED" })
    local page = store:path("reports", "latest", "index.html")
    assert.equal(0, stage.run(context(), {}))
    assert.matches(first.run_id, fs.read(page), 1, true)
    local stamp = fs.stat(page).mtime
    assert.equal(0, stage.run(context(), {}))
    assert.equal(stamp, fs.stat(page).mtime)
    local second = fixture.run(store, { a = "PASSED" }, { at = 1769000000 })
    assert.equal(0, stage.run(context(), {}))
    assert.matches(second.run_id, fs.read(page), 1, true)
  end)

  it("keeps links to issues when the trends are made anew after a merge", function()
    regress()
    assert.equal(1, stage.run(context { github_token = "t" }, {}))
    local run = fixture.run(store, { a = "FAILED" }, { at = 1769000000 })
    state.rejections = state.pushes + 1
    state.on_rebase = function()
      assert(fs.write(store:path("trends", "regressions.json"), "<<<<<<<"))
    end
    assert.equal(0, stage.run(context(), { run = run.run_id }))
    assert.equal(3, #store:regressions())
    for _, record in ipairs(store:regressions()) do
      assert.matches("^https://example.org/issues/%d$", record.github_issue_url)
    end
  end)

  it("keeps the newest runs only", function()
    for _ = 1, 4 do fixture.run(store, { a = "PASSED" }) end
    assert.equal(0, stage.run(context { retention = 3 }, {}))
    assert.equal(3, #store:runs())
  end)

  it("exits 1 on regressions and says why no issue is filed without a token", function()
    regress()
    local ctx = context()
    assert.equal(1, stage.run(ctx, {}))
    assert.matches("3 regressions, none filed: no GITHUB_TOKEN is set", ctx.text())
    assert.equal(0, state.clients)
  end)

  it("files no issue with LocalStack about another emulator", function()
    regress()
    local ctx = context { github_token = "t", issue_repo = "localstack/localstack" }
    assert.equal(1, stage.run(ctx, {}))
    assert.matches("the run used ministack; set ISSUE_REPO", ctx.text())
    assert.equal(0, state.clients)
  end)

  it("files one issue per root cause, with links recorded, and none twice", function()
    regress()
    assert.equal(1, stage.run(context { github_token = "t" }, {}))
    assert.equal(2, #state.tracker.issues)
    assert.matches("Regression in ministack 1.5.33: SQS: CreateQueue: NotImplemented",
      state.tracker.issues[1].title)
    assert.matches("arch%-a.*arch%-b", state.tracker.issues[1].body)
    for _, record in ipairs(store:regressions()) do
      assert.matches("^https://example.org/issues/%d$", record.github_issue_url)
    end
    assert.equal(1, stage.run(context { github_token = "t" }, {}))
    assert.equal(2, #state.tracker.issues)
  end)

  it("reports a refusal, which does not fail the push", function()
    regress()
    state.tracker.faults.list = { { code = "denied", message = "HTTP 403 no" } }
    local ctx = context { github_token = "ghp_secret" }
    assert.equal(1, stage.run(ctx, {}))
    assert.matches("issues: not filed: HTTP 403 no", ctx.text())
  end)

  it("touches nothing in a dry run", function()
    regress()
    local before = fs.read(store:path("architectures", "index.json"))
    local ctx = context {}
    ctx.dry_run = true
    assert.equal(0, stage.run(ctx, {}))
    assert.equal(0, #state.commits + state.pushes + state.clients)
    assert.equal(before, fs.read(store:path("architectures", "index.json")))
    assert.same({}, store:regressions())
    for _, text in ipairs { "would file in me/issues: Regression in ministack 1.5.33: SQS: Create",
      "labels: lsqm, regression, emulator: ministack", "<!-- lsqm:issue v=2 kind=cause",
      "`arch-a`", "sh reproduce.sh" } do
      assert.is_truthy(ctx.text():find(text, 1, true), text)
    end
  end)
end)

describe("lsqm push, with a real repository", function()
  it("brings two runs that were made side by side together", function()
    local git, store_of = require "std.git", require "std.store"
    local stage = assert(loadfile((resolve.find("weekly", "push"))))()
    local dir <close> = fs.tempdir("push")
    local bare = fs.join(dir.path, "bare.git")
    assert(git.init(bare, { bare = true }))
    local function clone(name)
      local path = fs.join(dir.path, name)
      assert(git.clone { url = bare, path = path })
      local store = assert(store_of.open(path))
      assert(store:put_architecture(fixture.arch("a"), { ["main.tf"] = "" }))
      return store
    end
    local first, second = clone("first"), clone("second")
    assert(second:put_architecture(fixture.arch("b"), { ["main.tf"] = "" }))
    local run_a = fixture.run(first, { a = "PASSED" }, { at = 1768000000 })
    local run_b = fixture.run(second, { a = "FAILED", b = "PASSED" }, { at = 1768604800 })
    assert.equal(0, stage.run(fixture.context(first), {}))
    -- Only on top of the first one's run is it a regression.
    assert.equal(1, stage.run(fixture.context(second), {}))
    assert(git.clone { url = bare, path = fs.join(dir.path, "check") })
    local check = assert(store_of.open(fs.join(dir.path, "check"), { readonly = true }))
    assert.same({}, check:problems())
    assert.equal(2, check:index().count)
    assert.same({ run_b.run_id, run_a.run_id },
      { check:runs()[1].run_id, check:runs()[2].run_id })
    assert.equal(2, #check:trends("architectures")[fixture.hash("a")].history)
    assert.equal(run_a.run_id, check:regressions()[1].from_run_id)
  end)
end)
