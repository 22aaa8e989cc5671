-- SPDX-License-Identifier: Apache-2.0
-- What got worse is tried again before the run ends: by the program, with pretended tools.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")

describe("validate, after a run that was better", function()
  local lab
  before_each(function()
    lab = lab_of.new()
    lab:put "a"
    lab:put "b"
    assert.equal(0, lab:run({ "validate" }).code)
  end)
  after_each(function() lab:close() end)

  local function again(options)
    local result = lab:run({ "validate" }, options)
    assert.equal(0, result.code, result.stderr)
    local record, results = lab:latest()
    return results, lab:store():changes(lab:store():run(record.run_id))
  end

  it("tries a new failure again and keeps the class", function()
    lab:put("a", { tests = "0 2 0" })
    local results, changes = again { config = "{ confirm = { rounds = 2 } }" }
    assert.equal("FAILED", results.a.status)
    assert.equal(2, #results.a.confirmation.rounds)
    assert.is_nil(results.b.confirmation)
    local count = #changes.regressions + #changes.unrelated
    assert.equal(1, count)
  end)

  it("takes no emulator that does not start for a regression", function()
    local results, changes = again { config =
      "{ retries = 0, emulator = { env = { FAKE_EMULATOR = 'die' } } }" }
    assert.equal("ERROR", results.a.status)
    assert.equal("environment", results.a.confirmation.class)
    assert.same({ 0, 2 }, { #changes.regressions, #changes.unrelated })
  end)

  it("does not when it is told not to", function()
    lab:put("a", { tests = "0 2 0" })
    local results = again { config = "{ confirm = { enabled = false } }" }
    assert.is_nil(results.a.confirmation)
  end)
end)
