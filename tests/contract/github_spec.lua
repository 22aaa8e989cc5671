-- SPDX-License-Identifier: Apache-2.0
-- What we send to GitHub is held to its published description, by Prism; so is what our fake of it
-- answers. The requests that Prism let pass are counted by endpoint and printed.
local fake = dofile(require("lsqm.program").share .. "/tests/fakes/github.lua")
local github_of = require "std.github"
local http = require "std.http"

describe("GitHub's description", function()
  local github, why

  setup(function()
    github, why = fake.new { prism = true, orgs = { acme = { "acme/one", "acme/two" } },
      repos = { ["acme/one"] = { sha = ("1"):rep(40) }, ["acme/two"] = { sha = ("2"):rep(40) } } }
  end)

  teardown(function()
    if not github then return end
    print("\nrequests that Prism validated:\n" .. table.concat(github:counts(), "\n"))
    github:__close()
  end)

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

  it("is kept by what files issues", check(function()
    local client = github_of.new { token = "t", repo = "acme/one", api_url = github.url }
    for i = 1, 101 do github:add_issue("acme/one", { title = "old " .. i, body = "b" }) end
    assert.equal(101, #assert(client:issues()))
    local issue = assert(client:create("title", "body"))
    assert.equal(102, issue.number)
    assert(client:comment(issue.number, "again"))
    assert.equal("open", assert(client:reopen(issue.number)).state)
  end))
end)
