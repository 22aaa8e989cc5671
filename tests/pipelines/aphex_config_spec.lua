-- SPDX-License-Identifier: Apache-2.0
-- aphex-config.yaml and GitHub's push events.
local config_of = require "pipelines.aphex.model.config"
local event_of = require "pipelines.aphex.model.event"
local hmac = require "std.hmac"
local json = require "std.json"

local GOOD <const> = [[
version: "1.0"
build:
  commands: [npm ci]
environments:
  - name: dev
    region: us-east-1
    account: "123456789012"
    stacks:
      - {name: Net, path: lib/net.ts}
]]

local function problems_of(text)
  local _, problems = config_of.check(text, "aphex-config.yaml")
  local lines = {}
  for i, problem in ipairs(problems) do
    lines[i] = config_of.describe("aphex-config.yaml", problem)
  end
  return lines
end

describe("aphex-config.yaml", function()
  it("is read as AphexConfig", function()
    local config = assert(config_of.check(GOOD, "x"))
    assert.equal("1.0", config.version)
    assert.same({ "npm ci" }, config.build.commands)
    assert.same({ name = "Net", path = "lib/net.ts" }, config.environments[1].stacks[1])
    assert.is_nil(config.environments[1].tests)
  end)

  it("is asked for where it does not lie", function()
    for _, read in ipairs { config_of.read, config_of.text } do
      local _, err = read "no/aphex-config.yaml"
      assert.equal("usage", err.code)
      assert.contains(err.hint, "name the file")
    end
  end)

  it("is refused where the document's rules are broken, at its line and path", function()
    local cases = {
      { 'version: "1.0"', 'version: "2.0"', "1:1: /version" },
      { 'version: "1.0"\n', "", "1:1: /: version is missing" },
      { "[npm ci]", "[]", "3:3: /build/commands" },
      { "[npm ci]", "['  ']", "/build/commands/0: must not be empty" },
      { '"123456789012"', "123456789012",
        "7:5: /environments/0/account: must be string, is integer: write it in quotes" },
      { '"123456789012"', '"1234"', "7:5: /environments/0/account: must be 12 digits" },
      { "name: dev", "name: ''", "5:5: /environments/0/name" },
      { "us-east-1", "us-esat-1",
        "6:5: /environments/0/region: 'us-esat-1' is no AWS region, did you mean 'us-east-1'?" },
      { "path: lib/net.ts", "path: ''", "/environments/0/stacks/0/path" },
      { "{name: Net, path: lib/net.ts}", "{name: Net}", "/environments/0/stacks/0" },
      { "    stacks:", "    tets: {}\n    stacks:",
        "8:5: /environments/0/tets: is not a key of this" },
    }
    for _, case in ipairs(cases) do
      local text, n = GOOD:gsub(case[1]:gsub("%p", "%%%0"), (case[2]:gsub("%%", "%%%%")), 1)
      assert.equal(1, n, case[1])
      local lines = problems_of(text)
      assert.is_truthy(table.concat(lines, "\n"):find(case[3], 1, true),
        case[3] .. " is not in\n" .. table.concat(lines, "\n"))
    end
    assert.matches("aphex%-config.yaml:3:1: /: flow sequence",
      problems_of('version: "1.0"\nbuild: [')[1])
    assert.matches("2:1: /: duplicate key", problems_of('version: "1.0"\nversion: "1.0"')[1])
    assert.matches("2:1: /: tab", problems_of('build:\n\tcommands: [a]')[1])
  end)

  it("may have tests without commands", function()
    for _, tests in ipairs { "{}", "{commands: []}", "{commands: [make test]}" } do
      assert.same({}, problems_of(GOOD .. "    tests: " .. tests .. "\n"))
    end
    assert.equal(1, #problems_of(GOOD .. "    tests: {commands: make}\n"))
  end)

  it("has all its problems said at once, one for each value", function()
    local lines = problems_of((GOOD:gsub('"1.0"', "1.0"):gsub("us%-east%-1", "us-est-1")
      :gsub("%[npm ci%]", "[npm ci, 3]"):gsub("lib/net.ts", "3")))
    assert.equal(4, #lines, table.concat(lines, "\n"))
    assert.matches("1:1: /version: must be string", lines[1], 1, true)
    assert.matches("3:22: /build/commands/1: must be string", lines[2], 1, true)
    assert.matches("/environments/0/region: 'us-est-1'", lines[3], 1, true)
    assert.matches("/environments/0/stacks/0/path", lines[4], 1, true)
    for _, broken in ipairs { "", "3", "- a", "environments: 3", "environments: [3]",
      "environments: [{stacks: 3, name: []}, {stacks: [[]], region: {}}]" } do
      assert.is_true(#problems_of(broken) > 0)
    end
  end)

  it("may repeat itself with anchors and merged keys", function()
    local text = GOOD:gsub("  %- name: dev", "  - &dev\n    name: dev")
      .. "  - <<: *dev\n    name: prod\n"
    local config = assert(config_of.check(text, "x"))
    assert.same({ "prod", "us-east-1" }, { config.environments[2].name,
      config.environments[2].region })
  end)

  it("wants unique names, and none that Argo would read as a reference", function()
    local one = GOOD:match "(  %- name: dev.*)$"
    assert.matches("10:5: /environments/1/name: environment 'dev' is there twice",
      problems_of(GOOD .. one)[1], 1, true)
    assert.same({}, problems_of(GOOD .. one:gsub("name: dev", "name: DEV")))
    for _, name in ipairs { "'{{workflow.name}}'", "'a}}b'", '"a\\nb"' } do
      local lines = problems_of((GOOD:gsub("name: dev", "name: " .. name):gsub("name: Net",
        "name: " .. name)))
      assert.matches("5:5: /environments/0/name: a name ", lines[1], 1, true)
      assert.matches("9:10: /environments/0/stacks/0/name: a name ", lines[2], 1, true)
    end
    assert.matches("stack 'Net' is there twice",
      problems_of(GOOD .. "      - {name: Net, path: x}\n")[1], 1, true)
  end)
end)

describe("a GitHub push", function()
  local function payload(fields)
    local value = { ref = "refs/heads/main", after = ("a1"):rep(20), deleted = false,
      repository = { clone_url = "https://github.com/acme/shop.git" },
      pusher = { name = "dev" },
      head_commit = { message = "Add", timestamp = "2026-01-15T10:30:00+01:00",
        author = { name = "Dev", email = "dev@example.com" } } }
    for key, field in pairs(fields or {}) do value[key] = field end
    return json.encode(value)
  end

  it("becomes a GitHubEvent", function()
    assert.same({ commit_sha = ("a1"):rep(20), branch = "refs/heads/main",
      repo_url = "https://github.com/acme/shop.git", author = "dev@example.com", message = "Add",
      timestamp = "2026-01-15T09:30:00Z" }, event_of.parse(payload()))
  end)

  it("starts nothing for tags and deletions, and is refused when malformed", function()
    local cases = {
      [payload { ref = "refs/tags/v1" }] = "ignored", [payload { deleted = true }] = "ignored",
      [payload { after = ("0"):rep(40) }] = "ignored", ["{"] = "invalid", ["[]"] = "invalid",
      ["{}"] = "invalid", [payload { after = "main; rm -rf /" }] = "invalid",
      [payload { ref = "refs/heads/a\nb" }] = "invalid", [payload { ref = "main" }] = "invalid",
      [payload { repository = { clone_url = "file:///etc" } }] = "invalid",
      [payload { ref = "refs/heads/" }] = "invalid", [payload { ref = { "x" } }] = "invalid",
      [payload { repository = json.null }] = "invalid", [payload { head_commit = 3 }] = "invalid",
    }
    for body, code in pairs(cases) do
      local event, err = event_of.parse(body)
      assert.is_nil(event, body)
      assert.equal(code, err.code, body)
    end
  end)

  it("is believed only with its signature", function()
    -- GitHub's own example, "Testing the webhook payload validation".
    local secret, body = "It's a Secret to Everybody", "Hello, World!"
    local good = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert.is_true(event_of.verify(body, good, secret))
    for _, bad in ipairs { good:gsub("7$", "8"), good:sub(1, -2), "sha1=abc", "" } do
      local ok, err = event_of.verify(body, bad, secret)
      assert.is_nil(ok)
      assert.equal("denied", err.code)
    end
    assert.is_nil((event_of.verify(body, nil, secret)))
    assert.is_nil((event_of.verify(body .. " ", good, secret)))
  end)

  it("is wanted by its branch", function()
    local event = event_of.parse(payload { ref = "refs/heads/release/1.2" })
    assert.is_true(event_of.is_wanted(event, { "main", "release/*" }))
    assert.is_false(event_of.is_wanted(event, { "main", "release" }))
  end)

  it("has an HMAC as RFC 4231 says", function()
    assert.equal("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
      hmac.sha256(("\x0b"):rep(20), "Hi There"))
    assert.equal("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      hmac.sha256(("\xaa"):rep(131), "Test Using Larger Than Block-Size Key - Hash Key First"))
    assert.is_false(hmac.equal("abc", "abd"))
    assert.is_false(hmac.equal("abc", "abcd"))
  end)
end)
