-- SPDX-License-Identifier: Apache-2.0
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local anthropic = require "std.anthropic"
local error_of = require "std.error"
local fake = dofile(here .. "/../fakes/anthropic.lua")

local KEY = "sk-ant-api03-secret-secret-secret"
local QUESTION = { system = "be brief", schema = { type = "object" },
  messages = { { role = "user", content = "hello" } } }

local function client(server, options)
  local all = { api_key = KEY, base_url = server.url .. "/", model = "claude-x",
    max_tokens = 500, timeout = 5, sleep = function() end }
  for name, value in pairs(options or {}) do all[name] = value end
  return anthropic.new(all)
end

local function ask(replies, options)
  local server <close> = fake.start(replies)
  local answer, err = client(server, options):ask(QUESTION)
  return answer, err, server.requests
end

describe("std.anthropic", function()
  it("asks for JSON of a schema, the system prompt cached, the key in its header", function()
    local answer, err, requests = ask { fake.message { a = 1 } }
    assert.is_nil(err)
    assert.are.same({ a = 1 }, answer.value)
    assert.are.equal("claude-test-1", answer.model)
    assert.are.same({ input = 100, output = 50, cache_write = 7, cache_read = 3 }, answer.usage)
    assert.are.equal(160, anthropic.total(answer.usage))
    local sent = requests[1]
    assert.are.equal("/v1/messages", sent.path)
    assert.are.equal(KEY, sent.headers["x-api-key"])
    assert.are.equal("2023-06-01", sent.headers["anthropic-version"])
    assert.are.equal("ephemeral", sent.json.system[1].cache_control.type)
    assert.are.same({ type = "json_schema", schema = { type = "object" } },
      sent.json.output_config.format)
    assert.are.equal(500, sent.json.max_tokens)
  end)

  for _, case in ipairs {
    { "rate limit", fake.failure(429, "rate_limit_error", "slow", { ["Retry-After"] = "0" }) },
    { "overload", fake.failure(529, "overloaded_error", "busy") },
    { "server error", fake.failure(500, "api_error", "oops") },
    { "broken connection", { reset = true } },
  } do
    it("asks again after a " .. case[1], function()
      local answer, _, requests = ask { case[2], fake.message { ok = true } }
      assert.is_true(answer.value.ok)
      assert.are.equal(2, #requests)
    end)
  end

  it("gives up after five overloads, as unavailable", function()
    local answer, err, requests = ask { fake.failure(529, "overloaded_error", "busy") }
    assert.is_nil(answer)
    assert.are.equal("unavailable", err.code)
    assert.are.equal(5, #requests)
    assert.matches("claude: status 529: overloaded_error: busy", tostring(err), 1, true)
  end)

  it("takes no refusal and no cut text for an answer, and counts their tokens", function()
    for reason, code in pairs { refusal = "rejected", max_tokens = "invalid",
      pause_turn = "invalid", tool_use = "invalid" } do
      local answer, err = ask { fake.message({ a = 1 }, { stop_reason = reason }) }
      assert.is_nil(answer)
      assert.are.equal(code, err.code)
      assert.are.equal(50, err.usage.output)
    end
  end)

  it("reports text that is not JSON, bodies that are not, and bodies cut short", function()
    local _, err = ask { fake.message "```json" }
    assert.are.equal("invalid", err.code)
    _, err = ask { { body = "<html>" } }
    assert.are.equal("http", err.code)
    local answer
    answer, err = ask { { body = ("x"):rep(100), cut = 10 } }
    assert.is_nil(answer)
    assert.are.equal("network", err.code)
  end)

  it("does not send the key to where an answer redirects", function()
    local other <close> = fake.start { fake.message { a = 1 } }
    local moved = { status = 307, headers = { Location = other.url .. "/v1/messages" } }
    local answer, err = ask { moved }
    assert.is_nil(answer)
    assert.are.equal("http", err.code)
    assert.are.equal(0, #other.requests)
  end)

  it("never shows the key, not even when the server repeats it", function()
    local _, err = ask { fake.failure(401, "authentication_error", "invalid x-api-key: " .. KEY) }
    assert.are.equal("denied", err.code)
    assert.is_nil(error_of.format(err):find(KEY, 1, true))
    local one = anthropic.new { api_key = KEY, base_url = "http://127.0.0.1:1", model = "m" }
    assert.is_nil(require("std.inspect").text(one):find(KEY, 1, true))
  end)

  it("wants a key, a place and a model", function()
    assert.has_error(function() anthropic.new { base_url = "x", model = "m" } end,
      "anthropic.new: api_key is required")
  end)
end)
