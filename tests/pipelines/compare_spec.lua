-- SPDX-License-Identifier: Apache-2.0
-- Regressions, fixes and trends: single cases, then thousands of random runs against the
-- data model's words.

local compare = require "std.store.compare"
local fixture = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/fixture.lua")
local history = require "std.store.history"
local json = require "std.json"
local records = require "std.meta.records"
local resolve = require "std.resolve"
local trends = require "std.store.trends"

local STATUSES = records.STATUSES

describe("lsqm compare", function()
  local store, dir, ctx, stage

  before_each(function()
    store, dir = fixture.store("abcd")
    ctx = fixture.context(store)
    stage = assert(resolve.load("weekly", "compare"))
  end)

  after_each(function() dir:close() end)

  it("exits 0 when nothing got worse", function()
    fixture.run(store, { a = "PASSED", b = "FAILED" })
    fixture.run(store, { a = "PARTIAL", b = "PASSED" })
    assert.equal(0, stage.run(ctx, {}))
    assert.matches("0 regressions, 1 fixes, 1 other changes, 0 unchanged", ctx.text())
  end)

  it("exits 1 and names the architecture that regressed", function()
    fixture.run(store, { a = "PASSED", b = "PASSED" })
    fixture.run(store, { a = "TIMEOUT", b = "PASSED" })
    assert.equal(1, stage.run(ctx, {}))
    assert.matches("aaaaaaaaaaaaaaaa arch%-a  PASSED %-> TIMEOUT", ctx.text())
  end)

  it("lists what only one run has without counting it", function()
    fixture.run(store, { a = "PASSED", b = "PASSED" })
    fixture.run(store, { a = "PASSED", c = "FAILED" })
    assert.equal(0, stage.run(ctx, {}))
    assert.matches("only in the first run: 1", ctx.text())
    assert.matches("only in the second run: 1", ctx.text())
    assert.matches("differs: corpus, 1 only in the first run, 1 only in the second", ctx.text())
  end)

  it("says which circumstances differ", function()
    fixture.run(store, { a = "PASSED" }, { note = { terraform_version = "terraform 1.10.0",
      generator = "rules" } })
    fixture.run(store, { a = "FAILED" }, { emulator = "localstack", version = "4.14.0",
      note = { terraform_version = "terraform 1.11.4", generator = "claude" } })
    assert.equal(1, stage.run(ctx, {}))
    assert.matches("differs: emulator ministack %-> localstack", ctx.text())
    assert.matches("differs: emulator version 1.5.33 %-> 4.14.0", ctx.text())
    assert.matches("differs: test generator rules %-> claude", ctx.text())
    assert.matches("differs: terraform terraform 1.10.0 %-> terraform 1.11.4", ctx.text())
  end)

  it("says beside a regression that its tests were written anew in between", function()
    local files = { ["conftest.py"] = "", ["app.py"] = "", ["test_app.py"] = "",
      ["requirements.txt"] = "boto3\npytest\n" }
    for letter, day in pairs { a = "2026-01-12", b = "2026-01-02", c = "2026-01-22" } do
      assert(store:put_app({ arch_hash = fixture.hash(letter), generated_at = day .. "T00:00:00Z",
        generator_version = "0.1.0", model_used = "m1", prompt_version = "user-2",
        input_tokens = 0, output_tokens = 0 }, files))
    end
    local at = require("std.time").parse
    fixture.run(store, { a = "PASSED", b = "PASSED", c = "PASSED" },
      { at = at "2026-01-10T00:00:00Z" })
    local run = fixture.run(store, { a = "FAILED", b = "FAILED", c = "FAILED" },
      { at = at "2026-01-17T00:00:00Z" })
    assert.equal(1, stage.run(ctx, {}))
    local said = {}
    for line in ctx.text():gmatch("tests generated anew[^\n]*") do said[#said + 1] = line end
    assert.same({ "tests generated anew on 2026-01-12 by m1 0.1.0, prompt user-2" }, said)
    local found = store:changes(run).regressions
    assert.same({ true, false, false }, { found[1].tests_changed ~= nil,
      found[2].tests_changed ~= nil, found[3].tests_changed ~= nil })
  end)

  it("keeps a changed template apart from the verdicts on the emulator", function()
    assert(store:put_architecture(fixture.arch("a", { superseded_by = fixture.hash "b" })))
    assert(store:put_architecture(fixture.arch("b", { supersedes = fixture.hash "a" })))
    fixture.run(store, { a = "PASSED", c = "PASSED" })
    local run = fixture.run(store, { b = "FAILED", c = "FAILED" })
    local changes = assert(store:update_trends(run))
    assert.same({ 1, fixture.hash "c" }, { #changes.regressions,
      changes.regressions[1].arch_hash })
    assert.same({ 1, fixture.hash "b", fixture.hash "a", "template changed" },
      { #changes.templates, changes.templates[1].arch_hash, changes.templates[1].from_arch_hash,
        changes.templates[1].note })
    assert.same({ 0, 0 }, { #changes.only_a, #changes.only_b })
    assert.equal(1, #store:regressions())
  end)

  it("says which provider a regression came with", function()
    local function run_with(status, version, pinned)
      fixture.run(store, { a = { status = status, provider_version = pinned } },
        { note = { provider_version = version } })
    end
    fixture.run(store, { a = "PASSED" }) -- before it was noted
    run_with("PASSED", "5.99.0", "5.99.0")
    assert.equal(0, stage.run(ctx, {}))
    assert.not_matches("aws provider", ctx.text())
    run_with("FAILED", "5.100.0", "5.100.0")
    assert.equal(1, stage.run(ctx, {}))
    assert.matches("differs: aws provider 5.99.0 %-> 5.100.0", ctx.text())
    assert.matches("PASSED %-> FAILED[^\n]*\n[^\n]*\n?      aws provider 5.99.0 %-> 5.100.0",
      ctx.text())
  end)

  it("says what began to drift, which is no regression", function()
    local drift = { { address = "aws_sqs_queue.q", attribute = "policy" } }
    local settled, drifting = { plan = "empty", destroy = "clean" },
      { plan = "drift", destroy = "clean", drift = drift }
    fixture.run(store, { a = { status = "PASSED", convergence = settled },
      b = { status = "PASSED", convergence = drifting } })
    fixture.run(store, { a = { status = "PASSED", convergence = drifting },
      b = { status = "PASSED", convergence = drifting } })
    assert.equal(0, stage.run(ctx, {}))
    assert.matches("convergence: 0 of 2 stay as deployed, before 1 of 2", ctx.text())
    assert.matches("arch%-a  drifts  aws_sqs_queue.q.policy", ctx.text())
    assert.not_matches("arch%-b", ctx.text())
  end)

  it("prints the same as JSON", function()
    local first = fixture.run(store, { a = "PASSED" })
    local second = fixture.run(store, { a = "ERROR" })
    assert.equal(1, stage.run(ctx, { json = true, run_a = first.run_id, run_b = second.run_id }))
    local out = assert(json.decode(ctx.text()))
    assert.equal("ERROR", out.regressions[1].to_status)
    assert.equal(first.run_id, out.from.run_id)
    assert.same({}, out.fixes)
  end)

  it("prints no terminal code that a template or log brought along", function()
    assert(store:put_architecture(fixture.arch("a", { name = "x\27[2J\ny" })))
    fixture.run(store, { a = "PASSED" })
    fixture.run(store, { a = { status = "FAILED", reason = "\27[31mred" } })
    assert.equal(1, stage.run(ctx, {}))
    assert.is_nil(ctx.text():find("\27", 1, true))
    assert.matches("aaaaaaaaaaaaaaaa x y  PASSED", ctx.text())
  end)

  it("finds runs by the beginning of an id and fails clearly otherwise", function()
    local run = fixture.run(store, { a = "PASSED" })
    assert.equal(run.run_id, store:find_run(run.run_id:sub(1, 10)).run_id)
    local code, err = stage.run(ctx, {})
    assert.is_nil(code)
    assert.equal("run previous: there is no such run yet", tostring(err))
    code, err = stage.run(ctx, { run_a = "zzz" })
    assert.is_nil(code)
    assert.equal("run zzz: no such run", tostring(err))
    assert.equal("usage", err.code)
  end)
end)

describe("random runs", function()
  local function random_results(letters, run_id)
    local out = {}
    for letter in letters:gmatch(".") do
      if math.random() < 0.8 then
        out[fixture.hash(letter)] = { status = STATUSES[math.random(#STATUSES)], run_id = run_id,
          completed_at = "2026-01-10T00:00:00Z" }
      end
    end
    return out
  end

  local WORKS = { PASSED = true, PARTIAL = true }

  -- The data model's sentence, written a second time and differently.
  local function expected(a, b)
    local count = { regressions = 0, fixes = 0, changes = 0, same = 0, only_a = 0, only_b = 0 }
    for hash, from in pairs(a) do
      local to, kind = b[hash]
      if not to then kind = "only_a"
      elseif from.status == to.status then kind = "same"
      elseif WORKS[from.status] and not WORKS[to.status] then kind = "regressions"
      elseif not WORKS[from.status] and WORKS[to.status] then kind = "fixes"
      else kind = "changes" end
      count[kind] = count[kind] + 1
    end
    for hash in pairs(b) do
      if not a[hash] then count.only_b = count.only_b + 1 end
    end
    return count
  end

  it("fall into the six groups exactly, and mirror when swapped", function()
    math.randomseed(20260110)
    for _ = 1, 2000 do
      local a, b = random_results("abcdef0123", "1"), random_results("abcdef0123", "2")
      local there, back = compare.runs(a, b), compare.runs(b, a)
      local want = expected(a, b)
      for _, kind in ipairs { "regressions", "fixes", "changes", "only_a", "only_b" } do
        assert.equal(want[kind], #there[kind])
      end
      assert.equal(want.same, there.same)
      assert.equal(#there.regressions, #back.fixes)
      assert.equal(#there.only_a, #back.only_b)
    end
  end)

  it("leave at most twelve points, newest first, with the streak of equal verdicts", function()
    math.randomseed(7)
    for _ = 1, 300 do
      local record, verdicts = nil, {}
      for i = 1, math.random(1, 30) do
        verdicts[i] = STATUSES[math.random(1, 2)]
        local point = { run_id = "r" .. i, status = verdicts[i],
          started_at = ("2026-01-%02dT00:00:00Z"):format(i) }
        record = trends.architecture_trend("x", record, point)
      end
      local streak, n = 1, #verdicts
      while verdicts[n - streak] == verdicts[n] do streak = streak + 1 end
      assert.equal(math.min(n, 12), #record.history)
      assert.equal("r" .. n, record.history[1].run_id)
      assert.equal(verdicts[n], record.current_status)
      assert.equal(streak, record.streak)
    end
  end)

  it("give the same trends when a run is added twice or late", function()
    local function point(day, status)
      return { run_id = "r" .. day, status = status,
        started_at = ("2026-01-%02dT00:00:00Z"):format(day) }
    end
    local once = trends.architecture_trend("x",
      trends.architecture_trend("x", nil, point(1, "PASSED")), point(2, "PASSED"))
    local text = json.encode(once)
    assert.equal(text, json.encode(trends.architecture_trend("x", once, point(2, "PASSED"))))
    local late = trends.architecture_trend("x",
      trends.architecture_trend("x", nil, point(2, "PASSED")), point(1, "PASSED"))
    assert.equal(text, json.encode(late))
  end)
end)

describe("service trend", function()
  it("moves only beyond two points", function()
    assert.equal("stable", history.trend(0.84, 0.82))
    assert.equal("stable", history.trend(0.80, 0.82))
    assert.equal("improving", history.trend(0.841, 0.82))
    assert.equal("declining", history.trend(0.799, 0.82))
    assert.equal("stable", history.trend(0.5, nil))
  end)

  it("is not read across emulators", function()
    local store, dir = fixture.store("ab")
    local at = 1768000000
    local function one(statuses, emulator)
      at = at + 86400
      assert(store:update_trends(fixture.run(store, statuses, { emulator = emulator, at = at })))
      return store:trends("services").s3
    end
    one({ a = "PASSED", b = "PASSED" }, "ministack")
    local other = one({ a = "FAILED", b = "FAILED" }, "localstack")
    assert.equal("stable", other.trend)
    assert.is_nil(other.previous_pass_rate)
    assert.same({}, store:regressions())
    local back = one({ a = "PASSED", b = "FAILED" }, "ministack")
    assert.equal("declining", back.trend)
    assert.equal(1, back.previous_pass_rate)
    assert.equal(0.5, back.current_pass_rate)
    assert.equal(1, #store:regressions())
    dir:close()
  end)
end)
