-- SPDX-License-Identifier: Apache-2.0
-- Publishing a run, against a recorded git and a small GitHub.

local fixture = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/fixture.lua")
local errors = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local resolve = require "std.resolve"

local REPLACED = { "std.git", "std.http", "std.github", "pipelines.weekly.push.issues" }

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
  return { open = function() return repo end }
end

-- Answers like GitHub: pages of 100 issues, POST makes one.
local function fake_github(state)
  local function reply(status, value) return { status = status, body = json.encode(value) } end
  local function page_of(url)
    local page, out = tonumber(url:match("[?&]page=(%d+)")), json.array {}
    for i = (page - 1) * 100 + 1, math.min(page * 100, #state.issues) do
      table.insert(out, state.issues[i])
    end
    return out
  end
  return { request = function(request)
    table.insert(state.requests, request)
    if state.denied then return reply(403, { message = "rate limit" }) end
    local path = request.url:match("^https://api%.test(.*)$")
    if path == "/user" then return reply(404, {}) end
    if request.method == "GET" then return reply(200, page_of(path)) end
    local body = json.decode(request.body)
    if path:find("/comments$") or request.method == "PATCH" then return reply(201, {}) end
    local issue = { number = #state.issues + 1, state = "open", title = body.title,
      body = body.body, html_url = "https://example.org/issues/" .. #state.issues + 1 }
    table.insert(state.issues, issue)
    return reply(201, issue)
  end }
end

describe("lsqm push", function()
  local store, dir, stage, state, real

  before_each(function()
    state = { commits = {}, pushes = 0, rebases = 0, rejections = 0, remote = "https://h/r",
      issues = {}, requests = {} }
    real = {}
    for _, name in ipairs(REPLACED) do
      real[name] = package.loaded[name]
      package.loaded[name] = nil
    end
    package.loaded["std.git"], package.loaded["std.http"] = fake_git(state), fake_github(state)
    stage = assert(loadfile((resolve.find("weekly", "push"))))()
    store, dir = fixture.store("abcd")
  end)

  after_each(function()
    for _, name in ipairs(REPLACED) do package.loaded[name] = real[name] end
    dir:close()
  end)

  local function context(config)
    local ctx = fixture.context(store, config)
    rawset(ctx.config, "github_api_url", "https://api.test")
    return ctx
  end

  local function regress()
    fixture.run(store, { a = "PASSED", b = "PASSED", c = "PASSED" })
    return fixture.run(store, { a = "FAILED", b = "FAILED", c = "TIMEOUT" })
  end

  local function methods(method)
    local n = 0
    for _, request in ipairs(state.requests) do n = n + (request.method == method and 1 or 0) end
    return n
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

  it("gives up with the reason after five rejections", function()
    fixture.run(store, { a = "PASSED" })
    local parallel = require "std.parallel"
    local sleep = parallel.sleep
    parallel.sleep = function() end
    state.rejections = 99
    local code, err = stage.run(context(), {})
    parallel.sleep = sleep
    assert.is_nil(code)
    assert.equal("rejected", err.code)
    assert.equal(5, state.pushes)
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
    assert.equal(0, #state.requests)
  end)

  it("files no issue with LocalStack about another emulator", function()
    regress()
    local ctx = context { github_token = "t", issue_repo = "localstack/localstack" }
    assert.equal(1, stage.run(ctx, {}))
    assert.matches("the run used ministack; set ISSUE_REPO", ctx.text())
    assert.equal(0, #state.requests)
  end)

  it("files one issue per root cause, with links recorded, and none twice", function()
    regress()
    assert.equal(1, stage.run(context { github_token = "t" }, {}))
    assert.equal(2, #state.issues)
    assert.matches("Regression in ministack 1.5.33: SQS: CreateQueue: NotImplemented",
      state.issues[1].title)
    assert.matches("arch%-a.*arch%-b", state.issues[1].body)
    for _, record in ipairs(store:regressions()) do
      assert.matches("^https://example.org/issues/%d$", record.github_issue_url)
    end
    assert.equal(1, stage.run(context { github_token = "t" }, {}))
    assert.equal(2, #state.issues)
  end)

  it("finds a known issue on a later page, comments it and opens it again", function()
    regress()
    assert.equal(1, stage.run(context { github_token = "t", issue_limit = 1 }, {}))
    local known = table.remove(state.issues)
    known.state, known.number = "closed", 151
    for i = 1, 150 do state.issues[i] = { number = i, state = "open", body = json.null } end
    state.issues[151] = known
    state.requests = {}
    local list = store:regressions()
    for _, record in ipairs(list) do record.github_issue_url = nil end
    assert(store:save_regressions(list))
    assert.equal(1, stage.run(context { github_token = "t", issue_limit = 1 }, {}))
    assert.equal(151, #state.issues)
    assert.equal(1, methods "PATCH")
    assert.matches("/issues/151/comments$", state.requests[4].url)
  end)

  it("stays within the limit and says what is left", function()
    regress()
    local ctx = context { github_token = "t", issue_limit = 1 }
    stage.run(ctx, {})
    assert.equal(1, #state.issues)
    assert.matches("1 more root causes are not filed %(limit 1 a run%)", ctx.text())
  end)

  it("reports a refusal and keeps the token out of it", function()
    regress()
    state.denied = true
    local ctx = context { github_token = "ghp_secret" }
    assert.equal(1, stage.run(ctx, {}))
    assert.matches("issues: not filed: .*HTTP 403 rate limit", ctx.text())
    assert.is_nil((ctx.text() .. json.encode(ctx.logged)):find("ghp_secret", 1, true))
  end)

  it("touches nothing in a dry run", function()
    regress()
    local before = fs.read(store:path("architectures", "index.json"))
    local ctx = context {}
    ctx.dry_run = true
    assert.equal(0, stage.run(ctx, {}))
    assert.equal(0, #state.commits + state.pushes + #state.requests)
    assert.equal(before, fs.read(store:path("architectures", "index.json")))
    assert.same({}, store:regressions())
    assert.matches("would file in me/issues: Regression in ministack", ctx.text())
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

describe("std.github", function()
  it("fences hostile logs so that they cannot leave the code block", function()
    package.loaded["std.http"] = package.loaded["std.http"] or {}
    local github = require "std.github"
    local fenced = github.fence("x\n```\n@everyone <!-- lsqm:issue v=1 key=00 -->\n````")
    assert.matches("^`````\n", fenced)
    assert.equal("abc1", github.key_of("text\n" .. github.marker("abc1")))
    assert.equal("` x  y `", github.code("`x` y`"))
  end)
end)
