-- SPDX-License-Identifier: Apache-2.0
-- Several emulators in one call: a run each, side by side in compare and report. Pretended tools.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local fs = require "std.fs"
local json = require "std.json"

local EMULATORS = [[
local process = { module = "ministack", package = "ministack",
  env = { BIND_HOST = "{host}", GATEWAY_PORT = "{port}", FAKE_EMULATOR = "%s" } }
local function row(fault)
  return { image = "none/none", port = 4566, health = "/health", version_field = "version",
    process = { module = "ministack", package = "ministack", env = { BIND_HOST = "{host}",
      GATEWAY_PORT = "{port}", FAKE_EMULATOR = fault } } }
end
return { first = row "", second = row "die" }
]]

describe("an emulator matrix", function()
  local lab
  before_each(function()
    lab = lab_of.new()
    lab:shadow("rules/emulators.lua", EMULATORS)
    lab:put("a")
    lab:put("b", { tests = "0 2 0" })
  end)
  after_each(function() lab:close() end)

  it("is one run for each, side by side", function()
    local result = lab:run({ "validate", "--emulator", "first,second:2" },
      { config = "{ retries = 0 }" })
    assert.equal(0, result.code, result.stderr)
    local runs = lab:store():runs()
    assert.equal(2, #runs)
    assert.equal(runs[1].matrix, runs[2].matrix)
    assert.same({ "second", "first" }, { runs[1].emulator.name, runs[2].emulator.name })
    result = lab:run { "compare", "--by", "emulator", "--json" }
    assert.equal(1, result.code, result.stderr)
    local out = json.decode(result.stdout)
    assert.same({ "first", "second" }, { out.columns[1].name, out.columns[2].name })
    assert.same({ "PASSED", "ERROR" }, { out.rows[1].cells[1].status, out.rows[1].cells[2].status })
    assert.same({ passed = 1, total = 2, error = 0 }, out.services[1].cells[1])
    local text = lab:run({ "compare", "--by", "emulator" }).stdout
    assert.matches("arch%-a +PASSED +ERROR +differs", text)
    assert.matches("ssm +1 of 2 +0 of 2 %(2 without verdict%)", text)
    assert.matches("arch%-a +second %S+ +ERROR +emulator: [^\n]*died at start", text)
    assert.matches("first %S+ +no image: a local process", text)
    result = lab:run { "report" }
    assert.equal(0, result.code, result.stderr)
    local html = assert(fs.read(lab.repo .. "/reports/latest/index.html"))
    assert.matches('id="matrix"', html)
    assert.matches("2 architectures of 2 end differently", html)
    assert.equal(2, #lab:store():trends("architectures")[lab_of.hash "a"].history)
    assert.same({}, (lab:check_contracts()))
  end)

  it("compares each run with the one before in the same emulator", function()
    for _ = 1, 2 do
      assert.equal(0, lab:run({ "validate", "--emulator", "first,second" },
        { config = "{ retries = 0 }" }).code)
    end
    local result = lab:run { "compare", "--json" }
    assert.equal(0, result.code, result.stderr)
    local out = json.decode(result.stdout)
    assert.same({ "second", "second" }, { out.from.emulator, out.to.emulator })
  end)

  it("says which emulator is not known before anything is run", function()
    local result = lab:run { "validate", "--emulator", "first,secund" }
    assert.equal(2, result.code)
    assert.matches("did you mean 'second'", result.stderr)
    assert.same({}, lab:store():runs())
  end)
end)
