-- SPDX-License-Identifier: Apache-2.0
-- What got worse is tried again before it counts (SC-005). The lab is a stand-in that answers
-- with chosen statuses: what is tried here is who is asked, how often, and what comes of it.

local confirm = require "pipelines.weekly.validate.confirm"
local fixture = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/fixture.lua")
local repeats = require "std.store.repeats"
local resolve = require "std.resolve"

local decide = assert(resolve.load("weekly", "rules.confirm"))

local function results(...)
  local list = {}
  for i, status in ipairs { ... } do list[i] = { status = status } end
  return list
end

describe("rules/confirm", function()
  local CASES = {
    { "regression", first = "FAILED", again = { "FAILED", "FAILED" }, before = { "PASSED" },
      differs = { "emulator version" } },
    { "regression", first = "TIMEOUT", again = { "TIMEOUT", "FAILED" }, before = {},
      differs = { "emulator image" } },
    { "flaky", first = "FAILED", again = { "FAILED", "PASSED" }, before = {},
      differs = { "emulator version" } },
    { "flaky", first = "ERROR", again = { "PARTIAL", "FAILED" }, before = {}, differs = {} },
    { "environment", first = "ERROR", again = { "ERROR", "ERROR" }, before = {},
      differs = { "emulator version" } },
    { "environment", first = "FAILED", again = { "ERROR", "ERROR" }, before = {}, differs = {} },
    { "environment", first = "FAILED", again = { "FAILED", "FAILED" }, before = {},
      differs = {} },
    { "environment", first = "FAILED", again = { "FAILED" }, before = { "FAILED" },
      differs = {} },
    { "corpus", first = "FAILED", again = { "FAILED" }, before = { "FAILED" },
      differs = { "emulator version", "app" } },
    { "corpus", first = "FAILED", again = { "FAILED" }, before = {}, differs = { "terraform" } },
  }

  for i, case in ipairs(CASES) do
    it(("case %d is %s"):format(i, case[1]), function()
      local class, reason = decide { first = results(case.first)[1], before =
        results(table.unpack(case.before)), again = results(table.unpack(case.again)),
        differs = case.differs }
      assert.equal(case[1], class)
      assert.is_string(reason)
    end)
  end
end)

describe("confirming", function()
  local store, dir, ctx
  local SILENT = { step = function() end, done = function() end }

  before_each(function()
    store, dir = fixture.store("abc")
    ctx = fixture.context(store, { confirm = { enabled = true, rounds = 2 }, parallel = 2,
      emulator = {} })
    ctx.progress = { task = function() return SILENT end }
  end)
  after_each(function() dir:close() end)

  -- A lab whose validations give the listed statuses, one after the other.
  local function lab_with(statuses, emulator)
    local asked = 0
    local lab = { beside = function() return nil, "no such image" end }
    function lab.describe() return emulator or { driver = "docker", image_id = "new" } end
    function lab.validate(_, job)
      asked = asked + 1
      local letter = job.hash:sub(1, 1)
      return fixture.result(letter, assert(statuses[asked], "asked too often"),
        { emulator = { version = "1.5.34" } })
    end
    return lab, function() return asked end
  end

  local function jobs() return store:architectures() end

  it("asks nothing where nothing got worse", function()
    fixture.run(store, { a = "PASSED", b = "FAILED" })
    local run = fixture.run(store, { a = "PASSED", b = "PASSED" })
    local lab, asked = lab_with {}
    assert(confirm.run(ctx, run, lab, jobs()))
    assert.equal(0, asked())
  end)

  it("lists a flaky one apart, with its rate, and never asks it again", function()
    fixture.run(store, { a = "PASSED" }, { version = "1.5.33" })
    local run = fixture.run(store, { a = "FAILED" }, { version = "1.5.34" })
    local lab, asked = lab_with { "FAILED", "PASSED" }
    assert(confirm.run(ctx, run, lab, jobs()))
    assert(confirm.run(ctx, run, lab, jobs()))
    assert.equal(2, asked())
    local changes = store:changes(assert(store:open_run(run.run_id)))
    assert.same({ 0, 1, 0 }, { #changes.regressions, #changes.flaky, #changes.unrelated })
    assert.is_near(2 / 3, changes.flaky[1].failure_rate, 1e-9)
    assert(store:update_trends(run))
    assert.same({}, store:regressions())
  end)

  it("asks the emulator of the run before by its image's digest", function()
    fixture.run(store, { a = "PASSED" }, { note = { emulator = { name = "ministack",
      version = "1.5.33", driver = "docker", image_id = "old" } } })
    local run = fixture.run(store, { a = "FAILED" }, { note = { emulator = { name = "ministack",
      version = "1.5.34", driver = "docker", image_id = "new" } } })
    local lab = lab_with { "FAILED", "FAILED" }
    local before, asked = lab_with { "PASSED" }
    local wanted
    lab.beside = function(_, options)
      wanted = options
      return before
    end
    assert(confirm.run(ctx, run, lab, jobs()))
    assert.equal("old", wanted.image)
    assert.equal(1, asked())
    local change = store:changes(assert(store:open_run(run.run_id))).regressions[1]
    assert.same({ "regression", true }, { change.class, change.confirmed })
    local rounds = run:result(fixture.hash "a").confirmation.rounds
    assert.same({ false, false, true }, { rounds[1].previous, rounds[2].previous,
      rounds[3].previous })
    assert(store:update_trends(run))
    assert.is_true(store:regressions()[1].confirmed)
  end)

  it("measures how often it would have been wrong, over runs that repeat each other", function()
    fixture.run(store, { a = "PASSED", b = "PASSED", c = "FAILED" })
    local run = fixture.run(store, { a = "PASSED", b = "FAILED", c = "FAILED" })
    local rate = repeats.measure(store, 12)
    assert.same({ pairs = 1, verdicts = 2, worse = 1, false_regressions = 1 }, rate)
    assert(confirm.run(ctx, run, (lab_with { "FAILED", "PASSED" }), jobs()))
    rate = repeats.measure(store, 12)
    assert.same({ pairs = 1, verdicts = 2, worse = 1, false_regressions = 0 }, rate)
    fixture.run(store, { a = "FAILED", b = "PASSED", c = "FAILED" }, { version = "1.5.34" })
    assert.equal(1, repeats.measure(store, 12).pairs)
  end)
end)
