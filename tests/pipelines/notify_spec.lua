-- SPDX-License-Identifier: Apache-2.0
-- The Slack message: what it says, and that nothing about it can fail a run.

local fixture = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/fixture.lua")
local json = require "std.json"
local resolve = require "std.resolve"

local URL = "https://hooks.example.org/T0/secret"

describe("lsqm notify", function()
  local store, dir, stage, sent, reply, reply_error, real_http

  before_each(function()
    real_http = package.loaded["std.http"]
    package.loaded["std.http"] = { request = function(request)
      sent[#sent + 1] = request
      return reply, reply_error
    end }
    sent, reply, reply_error = {}, { status = 200, body = "ok" }, nil
    store, dir = fixture.store("abc", { a = { name = "<&evil>" } })
    stage = resolve.load("weekly", "notify")
  end)

  after_each(function()
    package.loaded["std.http"] = real_http
    dir:close()
  end)

  local function two_runs()
    fixture.run(store, { a = "PASSED", b = "PASSED", c = "PASSED" })
    fixture.run(store, { a = "FAILED", b = "PASSED", c = "PASSED" })
  end

  it("says so when there is no webhook", function()
    two_runs()
    local ctx = fixture.context(store)
    assert.equal(0, stage.run(ctx, {}))
    assert.equal("notify: no SLACK_WEBHOOK_URL, nothing sent", ctx.text())
    assert.equal(0, #sent)
  end)

  it("sends rate with delta, new architectures, the regression and the link", function()
    two_runs()
    local ctx = fixture.context(store, { slack_webhook_url = URL,
      report_url = "https://example.org/report" })
    assert.equal(0, stage.run(ctx, {}))
    local payload = assert(json.decode(sent[1].body))
    local text = json.encode(payload.blocks)
    assert.equal("ministack 1.5.33: 2 of 3 architectures pass (67 %), 1 regression", payload.text)
    assert.equal("header", payload.blocks[1].type)
    assert.matches("67 %% %(−33.3 points%)", text)
    assert.matches("New architectures%*\\n1", text)
    assert.matches("&lt;&amp;evil&gt; %(s3, sqs%): PASSED → FAILED", text)
    assert.matches("<https://example.org/report|Open the report>", text, 1, true)
  end)

  it("goes on when Slack refuses or cannot be reached, and keeps the secret", function()
    two_runs()
    for _, case in ipairs { { { status = 404, body = "no_team" }, nil },
      { nil, { code = "network", message = "cannot reach " .. URL } } } do
      reply, reply_error = case[1], case[2]
      if reply_error then
        setmetatable(reply_error, { __tostring = function(e) return e.message end })
      end
      local ctx = fixture.context(store, { slack_webhook_url = URL })
      assert.equal(0, stage.run(ctx, {}))
      assert.matches("notify: not sent: slack", ctx.text())
      assert.is_nil(ctx.text():find("secret", 1, true))
      assert.is_nil(json.encode(ctx.logged):find("secret", 1, true))
    end
  end)

  it("only shows the message in a dry run", function()
    two_runs()
    local ctx = fixture.context(store, { slack_webhook_url = URL })
    ctx.dry_run = true
    assert.equal(0, stage.run(ctx, {}))
    assert.equal(0, #sent)
    assert.matches("would send to Slack", ctx.text())
  end)
end)
