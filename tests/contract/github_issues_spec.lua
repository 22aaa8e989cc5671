-- SPDX-License-Identifier: Apache-2.0
-- Filing issues, held to GitHub's published description by Prism, and what becomes of it when
-- the network or GitHub fails. No pause is waited for: the client's sleeps are written down.
local share = require("lsqm.program").share
local fake = dofile(share .. "/tests/fakes/github.lua")
local fixture = dofile(share .. "/tests/pipelines/fixture.lua")
local fs = require "std.fs"
local lab_of = dofile(share .. "/tests/pipelines/lab.lua")
local issues_of = require "std.github.issues"
local filing = require "pipelines.weekly.push.filing"
local marker = require "pipelines.weekly.push.marker"

local REPO <const> = "acme/one"
local ISSUES <const> = "^/repos/acme/one/issues$"
local FAST <const> = { interval = 0, base = 0.01, max_wait = 300, timeout = 5 }

describe("issues at GitHub", function()
  local github, why, kept, slept

  setup(function()
    github, why = fake.new { prism = true, repos = { [REPO] = { sha = ("1"):rep(40) } } }
  end)

  teardown(function() if github then github:finish() end end)

  before_each(function()
    kept = issues_of.DEFAULTS
    issues_of.DEFAULTS = FAST
    slept = {}
    if not github then return end
    github.issues, github.comments, github.violations, github.faults = {}, {}, {}, {}
    github.requests, github.downloads = {}, {}
  end)

  after_each(function() issues_of.DEFAULTS = kept end)

  local function check(fn)
    return function()
      if not github then return pending(why) end
      fn()
      assert.same({}, github.violations)
    end
  end

  local function client(options)
    local all = { token = "ghp_contract_token", repo = REPO, api_url = github.url,
      sleep = function(seconds) slept[#slept + 1] = seconds end }
    for key, value in pairs(options or {}) do all[key] = value end
    return issues_of.new(all)
  end

  local function count(method)
    local n = 0
    for _, request in ipairs(github.requests) do n = n + (request.method == method and 1 or 0) end
    return n
  end

  local function is_same(title)
    return function(issue) return issue.title == title end
  end

  it("are found on all pages, filed, commented, closed and opened again", check(function()
    -- 250 issues of others; two pull requests and a stranger's issue carry markers of ours
    for i = 1, 250 do github:add_issue(REPO, { title = "old " .. i, body = "b", login = "who" }) end
    local store, dir = fixture.store("abc")
    local _ <close> = dir
    local ctx = fixture.context(store, { github_token = "t", issue_repo = REPO,
      github_api_url = github.url, workspace = dir.path .. "/none" })
    local repo = { remote_url = function() end, head = function() end }
    local function week(n, statuses)
      for letter, status in pairs(statuses) do
        statuses[letter] = { status = status,
          completed_at = ("2026-01-%02dT00:00:03Z"):format(n * 7) }
      end
      local run = fixture.run(store, statuses, { at = 1767225600 + n * 604800 })
      assert(store:update_trends(run))
      github.requests = {}
      filing.file(ctx, run, repo)
      return run
    end
    week(1, { a = "PASSED", b = "PASSED", c = "PASSED" })
    local run = week(2, { a = "FAILED", b = "FAILED", c = "TIMEOUT" })
    local list = github.issues[REPO]
    assert.equal(252, #list, ctx.text())
    assert.equal("lsqm", list[251].labels[1].name)
    assert.equal(2, #marker.parse(list[251].body).architectures)
    assert.equal(2, count "POST")
    -- the same push again reads and writes nothing
    github.requests = {}
    filing.file(ctx, run, repo)
    assert.equal(0, count "POST" + count "PATCH")
    -- what is only a copy of the marker steers nothing
    local body = list[251].body
    list[1].body, list[2].body = body, body
    list[2].user.login, list[2].pull_request = "lsqm-bot", { url = "https://example.com/x",
      html_url = "https://example.com/x", diff_url = "https://example.com/x",
      patch_url = "https://example.com/x" }
    week(3, { a = "FAILED", b = "PASSED", c = "PASSED" })
    assert.equal("open", list[251].state)
    assert.equal("closed", list[252].state)
    assert.equal(1, #marker.parse(list[251].body).architectures)
    assert.equal("open", list[1].state)
    assert.equal(body, list[1].body)
    assert.equal("open", list[2].state)
    list[252].closed_at = "2026-01-21T01:00:00Z"
    week(4, { a = "FAILED", b = "PASSED", c = "TIMEOUT" })
    assert.equal("open", list[252].state)
    assert.equal(252, #list)
    assert.equal(1, #github.comments[REPO .. "#252"])
    for _, request in ipairs(github.requests) do
      assert.equal("Bearer t", request.headers.authorization)
    end
  end))

  it("are filed by the program, with its configuration from the environment", check(function()
    local lab <close> = lab_of.new()
    local env = { GITHUB_API_URL = github.url, GITHUB_TOKEN = "ghp_program_token",
      ISSUE_REPO = REPO }
    assert.equal(0, lab:run({ "sync" }, { env = env }).code)
    lab:put("a")
    fixture.run(lab:store(), { a = "PASSED" })
    fixture.run(lab:store(), { a = "FAILED" }, { at = 1769000000 })
    github.requests = {}
    local dry = lab:run({ "--dry-run", "push" }, { env = env })
    assert.equal(0, dry.code, dry.stderr)
    assert.matches("would file in acme/one: Regression in ministack", dry.stdout)
    assert.equal(0, #github.requests)
    local result = lab:run({ "push" }, { env = env })
    assert.equal(1, result.code, result.stderr)
    assert.matches("issue: https://github.com/acme/one/issues/1", result.stdout)
    assert.equal(1, #github.issues[REPO])
    assert.equal("Bearer ghp_program_token", github.requests[1].headers.authorization)
    local said = result.stdout .. result.stderr .. fs.read(lab.workspace .. "/logs/lsqm.jsonl")
    assert.is_nil(said:find("ghp_program", 1, true))
    assert.matches("/issues/1$", lab:store():regressions()[1].github_issue_url)
  end))

  -- status, headers, body of GitHub's refusals; the pause that they ask for
  local LIMITS <const> = {
    { "Retry-After", { status = 429, headers = { ["Retry-After"] = "7" }, body = "{}" }, 7 },
    { "a secondary limit with Retry-After", { status = 403, headers = { ["Retry-After"] = "9" },
      body = '{"message":"You have exceeded a secondary rate limit"}' }, 9 },
    { "a secondary limit without a time", { status = 403, headers = {},
      body = '{"message":"You have exceeded a secondary rate limit."}' }, 60 },
  }
  for _, case in ipairs(LIMITS) do
    it("wait for " .. case[1] .. " and are written once", check(function()
      local blocked = case[2]
      github:fault(ISSUES, function() -- refused: nothing was made
        github.issues[REPO] = nil
        return blocked
      end)
      local issue = assert(client():create({ title = "one", body = "b" }, is_same "one"))
      assert.equal("one", issue.title)
      assert.equal(1, #github.issues[REPO])
      assert.same({ case[3] }, slept)
      assert.equal(0, count "GET")
    end))
  end

  it("wait for the end of the primary limit, unless that is far away", check(function()
    local function used_up(seconds)
      return { status = 403, body = '{"message":"API rate limit exceeded"}', headers = {
        ["X-RateLimit-Remaining"] = "0", ["X-RateLimit-Reset"] = tostring(os.time() + seconds) } }
    end
    github:fault(ISSUES, used_up(20))
    assert.same({}, client():list())
    assert.is_true(slept[1] > 15 and slept[1] < 23, tostring(slept[1]))
    slept = {}
    github:fault(ISSUES, used_up(3000))
    local list, err = client():list()
    assert.is_nil(list)
    assert.equal("unavailable", err.code)
    assert.same({}, slept)
  end))

  local LOST <const> = {
    { "an answer of 500", { status = 500, body = "{}" } },
    { "an answer of 502 that is no JSON", { status = 502, body = "<html>" } },
    { "a connection that is reset", { reset = true } },
    { "a body that is cut off", { cut = 20 } },
    { "JSON that is cut off", { body = '{"number": 1, "title": "on' } },
    { "a body that never ends", { stall = true } },
  }
  for _, case in ipairs(LOST) do
    it("are not filed twice after " .. case[1], check(function()
      github:fault(ISSUES, case[2])
      local issue = assert(client { timeout = 0.5 }:create({ title = "one", body = "b" },
        is_same "one"))
      assert.equal(1, issue.number)
      assert.equal(1, #github.issues[REPO])
      assert.equal(1, count "POST")
    end))

    it("are read again after " .. case[1], check(function()
      github:add_issue(REPO, { title = "one", body = "b" })
      github:fault(ISSUES, case[2])
      local list = assert(client { timeout = 0.5 }:list())
      assert.equal(1, #list)
      assert.is_true(list[1].trusted)
    end))
  end

  it("are filed again where a failure made none", check(function()
    github:fault(ISSUES, function()
      github.issues[REPO] = nil
      return { status = 500, body = "{}" }
    end)
    assert(client():create({ title = "one", body = "b" }, is_same "one"))
    assert.equal(1, #github.issues[REPO])
    assert.equal(2, count "POST")
  end))

  it("give up with the reason when GitHub goes on failing", check(function()
    github:fault(ISSUES, { status = 503, body = '{"message":"down"}' }, 9)
    local list, err = client():list()
    assert.is_nil(list)
    assert.equal(503, err.status)
    assert.matches("HTTP 503 down", tostring(err))
    github.faults = {}
  end))

  it("keep the token from another host, and out of errors", check(function()
    github:add_issue(REPO, { title = "one", body = "b" })
    for _, status in ipairs { 301, 302, 307, 308 } do
      github:fault(ISSUES, { status = status, body = "", headers = {
        Location = github.files.url .. "/repos/acme/one/issues" } })
      -- and the other host has an answer
      github:fault(ISSUES, { status = 200, body = "[]", headers = {
        ["Content-Type"] = "application/json" } })
      local list, err = client():list()
      assert.is_nil(list)
      assert.equal("denied", err.code)
      assert.matches("another host", tostring(err))
      assert.is_nil(tostring(err):find("ghp_contract", 1, true))
      github:fault("^/repos/acme/one/issues/1$", { status = status, body = "", headers = {
        Location = github.files.url .. "/repos/acme/one/issues/1" } })
      assert.is_nil(client():edit(1, { title = "t" }))
    end
    assert.equal(4, #github.downloads)
    for _, request in ipairs(github.downloads) do
      assert.is_nil(request.headers.authorization)
      assert.equal("GET", request.method)
    end
    github.downloads = {}
    -- the next page of a list
    github:fault(ISSUES, { headers = { ["Content-Type"] = "application/json",
      Link = ('<%s/x>; rel="next"'):format(github.files.url) } })
    local list, err = client():list()
    assert.is_nil(list)
    assert.equal("unsafe", err.code)
    assert.same({}, github.downloads)
  end))

  it("are written with the pause between writes that GitHub asks for", check(function()
    local one = client { interval = 1 }
    for i = 1, 3 do assert(one:create({ title = "t" .. i, body = "b" }, is_same("t" .. i))) end
    assert.equal(2, #slept)
    for _, seconds in ipairs(slept) do assert.is_true(seconds > 0.5 and seconds <= 1) end
  end))
end)
