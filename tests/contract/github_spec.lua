-- SPDX-License-Identifier: Apache-2.0
-- What we send to GitHub is held to its published description, by Prism; so is what our fake of it
-- answers. The requests that Prism let pass are counted by endpoint and printed.
local fake = dofile(require("lsqm.program").share .. "/tests/fakes/github.lua")
local archive = require "std.archive"
local http = require "std.http"
local json = require "std.json"
local lab_of = dofile(require("lsqm.program").share .. "/tests/pipelines/lab.lua")

local TOKEN <const> = "ghp_notarealtoken0123456789"

describe("GitHub's description", function()
  local github, why

  -- A hundred forks before it: what is to be mined lies on the second page.
  local function fill_organisation()
    local names = {}
    for i = 1, 100 do
      names[i] = ("acme/fork-%03d"):format(i)
      github.repos[names[i]] = { sha = ("f"):rep(40), fork = true }
    end
    for _, name in ipairs { "one", "two" } do
      names[#names + 1] = "acme/" .. name
      github.repos["acme/" .. name] = { sha = ("%040x"):format(name:byte(1)), tarball =
        archive.tar(nil, { { path = name .. "/main.tf", mode = 420, data =
        ('resource "aws_sqs_queue" "q" {\n  name = "%s"\n}\n'):format(name) } },
        { gzip = true }) }
    end
    github.orgs.acme = names
  end

  setup(function()
    github, why = fake.new { prism = true }
    if github then fill_organisation() end
  end)

  teardown(function() if github then github:finish() end end)

  local function check(fn)
    return function()
      if not github then return pending(why) end
      github.violations = {}
      fn()
      assert.same({}, github.violations, github.prism:log())
    end
  end

  it("refuses requests that break it", function()
    if not github then return pending(why) end
    local function refused(method, path, body)
      github.violations = {}
      local reply = assert(http.request { method = method, url = github.url .. path,
        headers = { ["Content-Type"] = "application/json" }, body = body })
      assert.truthy(reply.status >= 400)
      assert.equal(1, #github.violations)
      return github.violations[1]
    end
    assert.truthy(refused("GET", "/orgs/acme/repos?per_page=many"):find "per_page must be integer")
    assert.truthy(refused("GET", "/orgs/acme/repos?type=good"):find "type")
    assert.truthy(refused("POST", "/repos/acme/one/issues", '{"body":"x"}'):find "title")
    assert.truthy(refused("PATCH", "/repos/acme/one/issues/1", '{"state":"shut"}'):find "state")
    assert.truthy(refused("GET", "/orgs/acme/nothing"):find "NO_PATH")
  end)

  it("refuses answers of the fake that break it", function()
    if not github then return pending(why) end
    github:add_issue("acme/two", { title = "t", body = "b" }).state = 7
    github.violations = {}
    assert(http.get(github.url .. "/repos/acme/two/issues?state=all", { retries = 0 }))
    assert.equal(1, #github.violations)
    github.issues["acme/two"] = nil
  end)

  local SOURCES <const> = "{ sources = { { type = 'github', org = 'acme' }, { type = 'github', "
    .. "repo = 'acme/one' }, { type = 'github', user = 'acme', match = 'two' } } }"

  local function mine(lab, ...)
    return lab:run({ "mine", ... }, { config = SOURCES, env = { GITHUB_API_URL = github.url,
      GITHUB_TOKEN = TOKEN } })
  end

  it("is kept by lsqm mine", check(function()
    local lab <close> = lab_of.new()
    local result = mine(lab)
    assert.equal(0, result.code, result.stderr)
    assert.matches("github acme: 102 looked at, 100 skipped %(100 a fork%); 2 new", result.stderr)
    assert.matches("mine: 2 found: 2 new", result.stdout)
    local used, fetched = github.used, #github.downloads
    result = mine(lab, "--json")
    local report = assert(json.decode(result.stdout), result.stderr)
    assert.same({ known = 2 }, report.counts)
    assert.same({ 102, 2 }, { report.sources[1].visited, report.sources[1].unchanged })
    assert.same({ used, fetched }, { github.used, #github.downloads })
    for _, request in ipairs(github.downloads) do assert.is_nil(request.headers.authorization) end
  end))

  it("is kept when a limit ends the mining of GitHub, which is said once", check(function()
    local lab <close> = lab_of.new()
    github:fault("^/repos/acme/one/commits", { status = 403, body = "{}",
      headers = { ["X-RateLimit-Remaining"] = "0" } })
    local result = mine(lab)
    assert.equal(0, result.code, result.stderr)
    assert.matches("primary rate limit is used up for 36%d%d s more", result.stderr)
    assert.is_nil((result.stdout .. result.stderr):find(TOKEN, 1, true))
    assert.matches("mine: 0 found", result.stdout)
  end))
end)
