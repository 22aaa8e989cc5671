-- SPDX-License-Identifier: Apache-2.0
-- A matrix that was broken off: what is there is kept, what is missing is run, nothing twice.
-- Pretended tools; what a killed lsqm leaves is made by hand, so that no moment has to be hit.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local fs = require "std.fs"

local EMULATORS = [[
local row = { image = "none/none", port = 4566, health = "/health", version_field = "version",
  process = { module = "ministack", package = "ministack", env = { BIND_HOST = "{host}",
    GATEWAY_PORT = "{port}" } } }
return { first = row, second = row }
]]

describe("a matrix that was broken off", function()
  local lab
  before_each(function()
    lab = lab_of.new()
    lab:shadow("rules/emulators.lua", EMULATORS)
    lab:put "a"
    lab:put "b"
    local result = lab:run { "validate", "--emulator", "first,second" }
    assert.equal(0, result.code, result.stderr)
  end)
  after_each(function() lab:close() end)

  -- emulator → its run, in the order of their beginning
  local function runs()
    local by_name = {}
    for _, record in ipairs(lab:store():runs()) do
      assert.is_nil(by_name[record.emulator.name], "two runs in " .. record.emulator.name)
      by_name[record.emulator.name] = record
    end
    return by_name
  end

  local function resume()
    local before = runs()
    local result = lab:run { "validate", "--resume", "--emulator", "first,second" }
    assert.equal(0, result.code, result.stderr)
    local after = runs()
    assert.equal(before.first.run_id, after.first.run_id)
    assert.equal(before.first.summary.completed_at, after.first.summary.completed_at)
    assert.equal(after.first.matrix, after.second.matrix)
    assert.same({ 2, 2 }, { after.first.summary.total, after.second.summary.total })
    assert.same({ 2, 2 }, { after.first.summary.passed, after.second.summary.passed })
    return before, after
  end

  it("in the middle of its last column goes on there", function()
    local id = runs().second.run_id
    local dir = lab.repo .. "/runs/" .. id
    local kept = dir .. "/results/" .. lab_of.hash "a" .. ".json"
    assert(fs.remove(dir .. "/summary.json"))
    assert(fs.remove(dir .. "/results/" .. lab_of.hash "b" .. ".json"))
    local text = assert(fs.read(kept))
    local _, after = resume()
    assert.equal(id, after.second.run_id)
    assert.equal(text, fs.read(kept))
  end)

  it("between two columns goes on with the next", function()
    assert(fs.remove(lab.repo .. "/runs/" .. runs().second.run_id))
    local before, after = resume()
    assert.is_nil(before.second)
    assert.equal(before.first.matrix, after.second.matrix)
  end)

  it("is not gone on with when it was whole: a new one begins", function()
    local result = lab:run { "validate", "--resume", "--emulator", "first,second" }
    assert.equal(0, result.code, result.stderr)
    local matrices = {}
    for _, record in ipairs(lab:store():runs()) do
      matrices[record.matrix] = (matrices[record.matrix] or 0) + 1
    end
    local counts = {}
    for _, count in pairs(matrices) do counts[#counts + 1] = count end
    assert.same({ 2, 2 }, counts)
  end)

  it("is not gone on with by a matrix of other emulators", function()
    assert(fs.remove(lab.repo .. "/runs/" .. runs().first.run_id))
    assert(fs.remove(lab.repo .. "/runs/" .. runs().second.run_id .. "/summary.json"))
    local broken = lab:store():runs()[1]
    assert.equal("second", broken.emulator.name)
    local result = lab:run { "validate", "--resume", "--emulator", "first,second" }
    assert.equal(0, result.code, result.stderr)
    local after = runs()
    assert.equal(broken.run_id, after.second.run_id)
    assert.equal(after.first.matrix, after.second.matrix)
  end)
end)
