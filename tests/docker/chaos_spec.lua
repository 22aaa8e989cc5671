-- SPDX-License-Identifier: Apache-2.0
-- A short chaos test, and that its counts can be other than 0; the long one, also with a restarted
-- engine: tests/docker/chaos.lua.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local chaos = dofile(here .. "/chaos.lua")
local lab_of = dofile(here .. "/../pipelines/lab.lua")

describe("a validation that is broken in its middle", function()
  it("leaves nothing behind, loses and doubles no result and judges as undisturbed", function()
    local rows, why = chaos.run { rounds = 2 }
    if not rows then pending(why) return end
    assert.equal(2, #rows)
    for _, row in ipairs(rows) do
      for _, name in ipairs(chaos.COUNTS) do
        assert.equal(0, row[name], ("%s: %s %s"):format(row.name, name, table.concat(row.notes)))
      end
    end
  end)
end)

describe("the chaos test's judgement", function()
  local RIGHT = { [lab_of.hash "a"] = { status = "PASSED" },
    [lab_of.hash "b"] = { status = "FAILED" } }
  local lab
  before_each(function()
    lab = lab_of.new()
    lab:put "a"
    lab:put "b"
    lab:put "c"
  end)
  after_each(function() lab:close() end)

  -- statuses: by letter
  local function store_run(statuses)
    local run = assert(lab:store():new_run({ parallel = 1, timeout = 300, token_budget = 1,
      dry_run = false }, { name = "ministack", version = "1", driver = "process" }))
    for letter, status in pairs(statuses) do
      assert(run:put_result { arch_hash = lab_of.hash(letter), run_id = run.run_id,
        status = status, started_at = "2026-01-01T00:00:00Z", duration_seconds = 1,
        completed_at = "2026-01-01T00:00:01Z", container_logs = "",
        error_message = status == "ERROR" and "x" or nil,
        pytest_results = { total = 0, passed = 0, failed = 0, skipped = 0, output = "" } })
    end
    assert(run:finish())
  end

  local function counts(known)
    local row = chaos.judge(lab, RIGHT, known or 0)
    return { row.lost, row.doubled, row.wrong, row.unfinished }
  end

  it("finds nothing where all is right", function()
    store_run { a = "PASSED", b = "FAILED" }
    assert.same({ 0, 0, 0, 0 }, counts())
  end)

  for _, status in ipairs { "PARTIAL", "FAILED", "TIMEOUT", "ERROR" } do
    it("takes " .. status .. " instead of PASSED for wrong", function()
      store_run { a = status, b = "FAILED" }
      assert.same({ 0, 0, 1, 0 }, counts())
    end)
  end

  it("takes a pass that was none for wrong", function()
    store_run { a = "PASSED", b = "PASSED" }
    assert.same({ 0, 0, 1, 0 }, counts())
  end)

  it("sees a lost result beside one that nobody asked for", function()
    store_run { a = "PASSED", c = "PASSED" }
    assert.same({ 1, 1, 0, 0 }, counts())
  end)

  it("sees a run too many and a run that is missing", function()
    store_run { a = "PASSED", b = "FAILED" }
    store_run { a = "PASSED", b = "FAILED" }
    assert.same({ 0, 1, 0, 0 }, counts(0))
    assert.same({ 0, 1, 0, 0 }, counts(2))
    assert.same({ 0, 0, 0, 0 }, counts(1))
  end)
end)
