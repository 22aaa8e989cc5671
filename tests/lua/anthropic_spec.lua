-- SPDX-License-Identifier: Apache-2.0
-- The Messages API against a fake that holds requests to the published contract: what is asked,
-- what is done with the service's bad days, the budget, and that the key stays where it belongs.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local anthropic = require "std.anthropic"
local batches = require "std.anthropic.batches"
local error_of = require "std.error"
local fake = dofile(HERE .. "/../fakes/anthropic.lua")
local http = require "std.http"
local inspect = require "std.inspect"
local json = require "std.json"

local KEY = "sk-test-0123456789"
local SCHEMA = { type = "object", properties = { a = { type = "string" } },
  required = { "a" }, additionalProperties = false }

-- A client whose pauses are written down instead of waited for.
local function client_of(api, options)
  local pauses = {}
  local budget = anthropic.budget(options and options.budget or 100000)
  local client = assert(anthropic.new { api_key = options and options.key or KEY,
    base_url = api.url .. "/", model = "claude-test", budget = budget,
    timeout = options and options.timeout, sleep = function(s) pauses[#pauses + 1] = s end })
  return client, pauses, budget
end

local function ask(client, max_tokens)
  return client:message { system = { "be good" }, schema = SCHEMA, max_tokens = max_tokens or 4000,
    messages = { { role = "user", content = "hello" } } }
end

describe("std.anthropic", function()
  it("is asked as its contract says, with a cached system prompt and a strict form", function()
    local api <close> = fake.new { key = KEY, fake.message('{"a":"x"}', { usage = {
      input_tokens = 5, output_tokens = 7, cache_creation_input_tokens = 11,
      cache_read_input_tokens = json.null } }) }
    local client, _, budget = client_of(api)
    local answer = assert(ask(client))
    assert.same({}, api.violations)
    assert.same({ '{"a":"x"}', "claude-test", "req_test" }, { answer.text, answer.model,
      answer.request_id })
    assert.same({ input = 16, output = 7, cache_write = 11, cache_read = 0 }, answer.usage)
    assert.equal(23, budget.used)
    local body = api.requests[1].body
    assert.same({ type = "ephemeral" }, body.system[1].cache_control)
    assert.equal("json_schema", body.output_config.format.type)
    assert.same({ "claude-test", 4000 }, { body.model, body.max_tokens })
  end)

  it("is asked again after what passes, with the pause that it wishes", function()
    for _, case in ipairs {
      { fake.fault(429, { ["retry-after"] = "7" }), 7 },
      { fake.fault(429, { ["retry-after-ms"] = "2500" }), 2.5 },
      { fake.fault(529), 0.5 }, { fake.fault(500), 0.5 }, { fake.fault(408), 0.5 },
      { fake.fault(409), 0.5 }, { fake.fault(429, { ["retry-after"] = "3600" }), 0.5 },
      { fake.fault(400, { ["x-should-retry"] = "true" }), 0.5 }, { fake.cut(), 0.5 },
    } do
      local api <close> = fake.new { case[1], fake.message "{}" }
      local client, pauses = client_of(api)
      assert.equal("{}", assert(ask(client)).text)
      assert.equal(1, #pauses)
      assert.is_true(pauses[1] <= case[2] and pauses[1] >= case[2] * 0.75, pauses[1])
    end
  end)

  it("is asked three times at most", function()
    local api <close> = fake.new { fake.fault(529) }
    local client, pauses, budget = client_of(api)
    local answer, err = ask(client)
    assert.is_nil(answer)
    assert.same({ "unavailable", 529, 3, 2, 0 }, { err.code, err.status, #api.requests, #pauses,
      budget.used })
    assert.equal("claude: HTTP 529 overloaded_error scripted fault", tostring(err))
  end)

  it("is not asked again after what stays", function()
    for status, code in pairs { [400] = "invalid", [401] = "denied", [402] = "denied",
      [403] = "denied", [404] = "not_found", [413] = "invalid" } do
      local api <close> = fake.new { fake.fault(status) }
      local answer, err = ask((client_of(api)))
      assert.is_nil(answer)
      assert.same({ code, 1 }, { err.code, #api.requests })
    end
    local api <close> = fake.new { fake.fault(529, { ["x-should-retry"] = "false" }) }
    ask((client_of(api)))
    assert.equal(1, #api.requests)
  end)

  it("names what to set when the model knows no fixed form", function()
    local api <close> = fake.new { fake.fault(400, nil,
      "output_config.format: Extra inputs are not permitted") }
    local _, err = ask((client_of(api)))
    assert.contains(err.hint, "ANTHROPIC_MODEL")
  end)

  it("has no usable answer that was cut or refused, but it was paid for", function()
    for _, reason in ipairs { "max_tokens", "refusal", "pause_turn", "tool_use",
      "model_context_window_exceeded" } do
      local api <close> = fake.new { fake.message("{", { stop_reason = reason }) }
      local client, _, budget = client_of(api)
      local answer, err = ask(client)
      assert.is_nil(answer)
      assert.same({ "rejected", reason, 150, 1 }, { err.code, err.stop_reason, budget.used,
        #api.requests })
    end
  end)

  it("may answer with something else than a message", function()
    for _, body in ipairs { '{"type":"message","content":[{"ty', "[]", '"x"', "{}" } do
      local api <close> = fake.new { { status = 200, body = body } }
      local client, _, budget = client_of(api)
      local answer, err = ask(client)
      assert.is_nil(answer)
      assert.same({ "http", "claude: the answer is not a message" }, { err.code, tostring(err) })
      assert.is_true(budget.used > 50)
    end
  end)

  it("that does not answer in time counts as paid and is not asked again", function()
    local api <close> = fake.new { fake.silence() }
    local client, pauses, budget = client_of(api, { timeout = 0.2 })
    local _, err = ask(client)
    assert.same({ "timeout", 0 }, { err.code, #pauses })
    assert.is_true(budget.used > 50)
  end)

  it("keeps the key from whoever prints the client, and from errors that repeat it", function()
    local api <close> = fake.new { fake.fault(401, nil, "invalid x-api-key " .. KEY) }
    local client = client_of(api)
    local _, err = ask(client)
    for _, text in ipairs { inspect.text(client), error_of.format(err), inspect.text(err) } do
      assert.not_contains(text, KEY)
    end
    local none, why = anthropic.new { api_key = "a\nb", base_url = api.url, model = "m" }
    assert.is_nil(none)
    assert.contains(tostring(why), "ANTHROPIC_API_KEY holds a space")
    assert.has_error(function() anthropic.new { base_url = "x", model = "m" } end,
      "anthropic.new: api_key must be a text")
  end)

  -- Each scripted fault: how the call ends, how often it was asked, with which pauses, and whether
  -- something may have been billed.
  local GOOD <const> = fake.message '{"a":"x"}'
  local FAULTS <const> = {
    { "a rate limit with a wish", { fake.fault(429, { ["retry-after"] = "7" }), GOOD },
      ends = "ok", asked = 2, pauses = { 7 } },
    { "a rate limit that stays", { fake.fault(429, { ["retry-after"] = "1" }) },
      ends = "unavailable", asked = 3, pauses = { 1, 1 } },
    { "an overload that passes", { fake.fault(529), GOOD }, ends = "ok", asked = 2 },
    { "an overload that stays", { fake.fault(529) }, ends = "unavailable", asked = 3 },
    { "500, then well", { fake.fault(500), GOOD }, ends = "ok", asked = 2 },
    { "500s", { fake.fault(500) }, ends = "unavailable", asked = 3 },
    { "502 with a page", { { status = 502, body = "<html>" } }, ends = "unavailable", asked = 3 },
    { "truncated JSON", { { status = 200, body = GOOD.body:sub(1, 60) } }, ends = "http",
      asked = 1, paid = true },
    { "a body that is cut, then well", { fake.cut(), GOOD }, ends = "ok", asked = 2 },
    { "a slow body", { fake.slow() }, ends = "timeout", asked = 1, paid = true },
    { "silence", { fake.silence() }, ends = "timeout", asked = 1, paid = true },
    { "a reset", { fake.reset() }, ends = "network", asked = 3 },
    { "a reset, then well", { fake.reset(), GOOD }, ends = "ok", asked = 2 },
    { "an answer cut at max_tokens", { fake.message("{", { stop_reason = "max_tokens" }) },
      ends = "rejected", asked = 1, paid = true },
    { "a refusal", { fake.message("", { stop_reason = "refusal" }) }, ends = "rejected",
      asked = 1, paid = true },
  }
  for _, case in ipairs(FAULTS) do
    it("meets " .. case[1] .. ": " .. case.ends, function()
      local api <close> = fake.new { key = KEY, table.unpack(case[2]) }
      local client, pauses, budget = client_of(api, { timeout = 0.4 })
      local answer, err = ask(client)
      assert.same({ case.ends, case.asked }, { answer and "ok" or err.code, #api.requests })
      assert.same({}, api.violations)
      if case.pauses then assert.same(case.pauses, pauses) end
      if not answer then
        assert.equal(case.paid or false, budget.used > 0)
        assert.not_contains(error_of.format(err) .. inspect.text(err), KEY)
      end
    end)
  end

  for _, status in ipairs { 301, 302, 303, 307, 308 } do
    it(("does not carry its key to another host by a %d"):format(status), function()
      local other <close> = fake.new { fake.message "{}" }
      local api <close> = fake.new { { status = status, body = "", headers = {
        Location = other.url:gsub("127%.0%.0%.1", "localhost") .. "/v1/messages" } } }
      local _, err = ask((client_of(api)))
      assert.same({ "http", status, 0, 0 }, { err.code, err.status, #other.requests,
        #other.violations })
    end)
  end

  it("is held to its contract: the fake refuses what the service would", function()
    local api <close> = fake.new { key = KEY, GOOD }
    local bodies = {
      ["prompt"] = { prompt = "x" },
      ["max_tokens"] = { max_tokens = 0 },
      ["/system"] = { system = { { type = "text", text = "x", cache_control = {
        type = "forever" } } } },
      ["maximum of 4"] = { system = (function()
        local blocks = {}
        for i = 1, 5 do
          blocks[i] = { type = "text", text = "x", cache_control = { type = "ephemeral" } }
        end
        return blocks
      end)() },
      ["additionalProperties"] = { output_config = { format = { type = "json_schema",
        schema = { type = "object" } } } },
      ["roles must alternate"] = { messages = { { role = "assistant", content = "x" } } },
    }
    for reason, extra in pairs(bodies) do
      local body = { model = "m", max_tokens = 5, messages = { { role = "user", content = "x" } } }
      for name, value in pairs(extra) do body[name] = value end
      local response = assert(http.request { method = "POST", url = api.url .. "/v1/messages",
        body = json.encode(body), retries = 0, headers = { ["x-api-key"] = KEY,
          ["anthropic-version"] = "2023-06-01", ["Content-Type"] = "application/json" } })
      assert.equal(400, response.status)
      assert.contains(response.body, reason)
    end
    assert.same({ 6, 0 }, { #api.violations, #api.requests })
  end)
end)

describe("a batch", function()
  local QUESTION <const> = { system = { "be good" }, schema = SCHEMA, max_tokens = 2000,
    messages = { { role = "user", content = "hello" } } }

  local function questions(...)
    local list = {}
    for i, id in ipairs { ... } do list[i] = { id = id, options = QUESTION } end
    return list
  end

  local function batch_of(api, options, ...)
    local client, pauses, budget = client_of(api, options)
    local sleep = function(s) pauses[#pauses + 1] = s end
    local answers, err = batches.ask(client, questions(...), sleep)
    return answers, err, pauses, budget
  end

  it("is created, waited for and read, whatever becomes of its requests", function()
    local api <close> = fake.new { key = KEY, batch = fake.batch(3, { a = fake.message "{}",
      b = "errored", c = "expired", d = fake.message("", { stop_reason = "refusal" }) }) }
    local answers, err, pauses, budget = batch_of(api, nil, "a", "b", "c", "d")
    assert.is_nil(err)
    assert.same({}, api.violations)
    assert.same({ "{}", "rejected", "timeout", "rejected" }, { answers.a.answer.text,
      answers.b.err.code, answers.c.err.code, answers.d.err.code })
    assert.same({ 30, 30, 30 }, pauses)
    assert.same({ 300, 0 }, { budget.used, budget.reserved })
  end)

  it("fetches its results from the configured address only", function()
    local api <close> = fake.new { key = KEY, batch = fake.batch(0, { a = fake.message "{}" }) }
    assert(batch_of(api, nil, "a"))
    assert.equal("/v1/messages/batches/msgbatch_1/results", api.requests[2].path)
  end)

  it("asks no more than the budget has room for", function()
    local api <close> = fake.new { key = KEY, batch = fake.batch(0, { a = fake.message "{}" }) }
    local answers = assert(batch_of(api, { budget = 5000 }, "a", "b", "c", "d"))
    assert.equal(2, #api.requests[1].body.requests)
    assert.is_nil(answers.c)
  end)

  it("is waited for through an outage of the service", function()
    local api <close> = fake.new { key = KEY, batch = fake.batch(2, { a = fake.message "{}" }) }
    api.batch.outage = 4
    local answers = assert(batch_of(api, nil, "a"))
    assert.equal("{}", answers.a.answer.text)
  end)

  it("is not created twice when its creation is cut off", function()
    local api <close> = fake.new { key = KEY, fake.cut() }
    local answers, err, _, budget = batch_of(api, nil, "a")
    assert.is_nil(answers)
    assert.same({ "network", 1, 0 }, { err.code, #api.requests, budget.reserved })
  end)
end)

describe("the token budget", function()
  it("stops the call that it does not reach for", function()
    local api <close> = fake.new { fake.message "{}" }
    local client, _, budget = client_of(api, { budget = 1500 })
    assert(ask(client))
    assert.equal(150, budget.used)
    budget:add(1000)
    local answer, err = ask(client)
    assert.is_nil(answer)
    assert.same({ "limit", 1 }, { err.code, #api.requests })
    assert.contains(tostring(err), "1150 of 1500 used")
  end)

  it("shortens the last answer, and is spent when that answer is cut by it", function()
    local api <close> = fake.new { fake.message("{", { stop_reason = "max_tokens" }) }
    local client, _, budget = client_of(api, { budget = 3000 })
    local _, err = ask(client, 8000)
    assert.equal("limit", err.code)
    local sent = api.requests[1].body.max_tokens
    assert.is_true(sent < 3000 and sent >= 1024, sent)
    assert.equal(150, budget.used)
  end)
end)
