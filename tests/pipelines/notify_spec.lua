-- SPDX-License-Identifier: Apache-2.0
-- The Slack message: what it says, and that nothing about it can fail a run.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fixture = dofile(here .. "/fixture.lua")
local fake = dofile(here .. "/../fakes/slack.lua")
local json = require "std.json"
local mask = require "std.mask"
local resolve = require "std.resolve"
local slack_of = require "std.slack"

describe("lsqm notify", function()
  local store, dir, stage, slack

  before_each(function()
    slack = fake.new()
    store, dir = fixture.store("abc", { a = { name = "<&evil>" } })
    stage = resolve.load("weekly", "notify")
  end)

  after_each(function()
    slack:__close()
    dir:close()
  end)

  local function two_runs(options)
    fixture.run(store, { a = "PASSED", b = "PASSED", c = "PASSED" }, { version = "1.5.32" })
    return fixture.run(store, { a = "FAILED", b = "PASSED", c = "PASSED" }, options)
  end

  local function notify(config)
    local all = { slack_webhook_url = slack.url, report_url = "https://example.org/report?a=1&b=2" }
    for key, value in pairs(config or {}) do all[key] = value end
    local ctx = fixture.context(store, all)
    assert.equal(0, stage.run(ctx, {}))
    assert.same({}, slack.problems)
    return ctx
  end

  it("says so when there is no webhook", function()
    two_runs()
    local ctx = fixture.context(store)
    assert.equal(0, stage.run(ctx, {}))
    assert.equal("notify: no SLACK_WEBHOOK_URL, nothing sent", ctx.text())
    assert.equal(0, #slack.requests)
  end)

  it("sends rate with delta, new architectures, the regression and the link", function()
    local run = two_runs()
    assert(store:update_trends(run))
    local list = store:regressions()
    list[1].github_issue_url = "https://example.org/issues/7"
    assert(store:save_regressions(list))
    assert.equal("notify: message sent", notify().text())
    local payload = slack.messages[1]
    local text = json.encode(payload.blocks)
    assert.equal("ministack 1.5.33: 2 of 3 architectures pass (67 %), 1 regression", payload.text)
    assert.equal("header", payload.blocks[1].type)
    for _, part in ipairs { "67 % (−33.3 points)", "New architectures*\\n1",
      "&lt;&amp;evil&gt; (s3, sqs): PASSED → FAILED, <https://example.org/issues/7|issue>",
      "<https://example.org/report?a=1&amp;b=2|Open the report>",
      "emulator version 1.5.32 → 1.5.33" } do
      assert.is_truthy(text:find(part, 1, true), part .. " in " .. text)
    end
  end)

  it("tells of each emulator of a matrix", function()
    local matrix = { matrix = "123e4567-e89b-4d3c-a456-426614174000" }
    fixture.run(store, { a = "PASSED" }, { note = matrix, emulator = "moto" })
    fixture.run(store, { a = "PASSED", b = "FAILED" }, { note = matrix })
    notify()
    assert.matches("^moto 1.5.33: 1 of 1 .*; ministack 1.5.33: 1 of 2 ", slack.messages[1].text)
  end)

  it("stays within Slack's limits with hostile and very long names", function()
    mask.add("hunter2-secret")
    local arches = {}
    for i, letter in ipairs { "a", "b", "c", "d", "e", "f", "1", "2", "3", "4", "5", "6", "7" } do
      arches[letter] = fixture.arch(letter, { name = ("<!channel> *&`\n hunter2-secret"):rep(90),
        services = { ("s&"):rep(999) .. i } })
      assert(store:put_architecture(arches[letter], { ["main.tf"] = "" }))
    end
    local good, bad = {}, {}
    for letter in pairs(arches) do good[letter], bad[letter] = "PASSED", "FAILED" end
    local long = ("v"):rep(2900)
    fixture.run(store, good, { version = "1" .. long })
    fixture.run(store, bad, { version = "2" .. long })
    notify { report_url = "https://example.org/" .. ("r"):rep(2000) }
    local sent = json.encode(slack.messages[1])
    assert.is_nil(sent:find("hunter2", 1, true))
    assert.is_nil(sent:find("<!channel", 1, true))
    local _, shown = sent:gsub("PASSED → FAILED", "")
    assert.is_true(shown >= 5 and shown <= 10)
    assert.matches(("and %d more"):format(13 - shown), sent, 1, true)
  end)

  it("tries again when Slack asks for it, and when the connection breaks", function()
    two_runs()
    slack.replies = { { status = 429, headers = { ["Retry-After"] = "0" }, body = "limited" },
      { status = 503, body = "" }, { reset = true } }
    local send, options = slack_of.send, { sleep = function() end }
    slack_of.send = function(url, payload) return send(url, payload, options) end
    assert.equal("notify: message sent", notify().text())
    slack_of.send = send
    assert.equal(4, #slack.requests)
    assert.equal(1, #slack.messages)
  end)

  it("waits as long as Slack asks, and less than five minutes in all", function()
    local slept = 0
    for _ = 1, 9 do
      table.insert(slack.replies, { status = 429, headers = { ["Retry-After"] = "60" }, body = "" })
    end
    local ok, err = slack_of.send(slack.url, { text = "t" },
      { sleep = function(seconds) slept = slept + seconds end })
    assert.is_nil(ok)
    assert.equal(429, err.status)
    assert.equal(180, slept)
    assert.is_true(slept + 4 * 20 < 300)
    slack.replies = { { status = 429, headers = { ["Retry-After"] = "3000" }, body = "" } }
    local function no_sleep() error "waits" end
    assert.is_nil(slack_of.send(slack.url, { text = "t" }, { sleep = no_sleep }))
  end)

  it("goes on when Slack refuses or cannot be reached, and keeps the secret", function()
    two_runs()
    slack.replies = { { status = 404, body = "no_team for " .. slack.url } }
    for _, url in ipairs { slack.url, "http://127.0.0.1:1" .. fake.PATH, "no://secret" } do
      local send = slack_of.send
      slack_of.send = function(to, payload)
        return send(to, payload, { sleep = function() end })
      end
      local ctx = notify { slack_webhook_url = url }
      slack_of.send = send
      assert.matches("notify: not sent: slack", ctx.text())
      assert.is_nil((ctx.text() .. json.encode(ctx.logged)):find("secret", 1, true), ctx.text())
    end
  end)

  it("only shows the message in a dry run", function()
    two_runs()
    local ctx = fixture.context(store, { slack_webhook_url = slack.url })
    ctx.dry_run = true
    assert.equal(0, stage.run(ctx, {}))
    assert.equal(0, #slack.requests)
    assert.matches("would send to Slack", ctx.text())
  end)
end)

describe("std.slack", function()
  it("cuts at characters, entities, links and lines", function()
    assert.equal("äö…", slack_of.cut("äöü&amp;", 3))
    assert.equal("abc…", slack_of.cut("abc&amp;d", 7))
    assert.equal("ab …", slack_of.cut("ab <https://e.org|words> and more", 20))
    assert.equal("one two…", slack_of.cut("one two\nthree four", 13))
    assert.equal(" ", slack_of.section("").text.text)
  end)

  it("counts the parts that do not fit into a message", function()
    local blocks = {}
    for i = 1, 60 do blocks[i] = slack_of.section("part " .. i) end
    local message = slack_of.message("t", blocks)
    assert.equal(50, #message.blocks)
    assert.matches("11 more parts", message.blocks[50].elements[1].text)
    assert.is_nil(fake.problem(json.encode(message)))
    for i = 1, 9 do blocks[i] = slack_of.section(("x"):rep(2900)) end
    assert.is_nil(fake.problem(json.encode(slack_of.message("t", blocks))))
  end)

  it("is held to Slack's limits by a fake that knows them", function()
    local function problem(...)
      return fake.problem(json.encode { text = "t", blocks = { ... } })
    end
    assert.is_nil(problem(slack_of.divider(), slack_of.header "h"))
    assert.matches("invalid_blocks", problem { type = "section", text = { type = "mrkdwn",
      text = ("x"):rep(3001) } })
    assert.matches("invalid_blocks", problem { type = "header", text = { type = "mrkdwn",
      text = "x" } })
    assert.matches("invalid_blocks", problem { type = "section" })
    assert.matches("not escaped", problem(slack_of.section "a < b"))
    assert.matches("not escaped", problem(slack_of.section "<!channel>"))
  end)
end)
