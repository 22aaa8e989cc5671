-- SPDX-License-Identifier: Apache-2.0
-- An emulator that dies in the middle of an apply: the provider would ask it until the time is up.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local fs = require "std.fs"
local hang = require "std.validation.hang"
local parallel = require "std.parallel"
local uv = require "luv"

describe("an emulator that dies during the apply", function()
  local lab
  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  -- The emulator's process, once terraform runs.
  local function emulator_at_work()
    local tmp, pid = lab.workspace .. "/tmp", nil
    repeat
      parallel.sleep(0.05)
      for _, entry in ipairs(fs.list(tmp) or {}) do
        pid = math.tointeger(tonumber(entry.name:match("^process%-(%d+)%.json$"))) or pid
      end
    until pid and table.concat(lab:running(), "\n"):find("terraform apply", 1, true)
    return pid
  end

  it("ends it in seconds, which is no verdict", function()
    lab:put("a", { terraform = "hang" })
    local began = uv.hrtime()
    local handle <close> = lab:start({ "validate" },
      { config = "{ retries = 0, timeout = 100 }" })
    assert(uv.kill(emulator_at_work(), "sigkill"))
    local result = handle:wait()
    assert.equal(0, result.code, result.stderr)
    local _, results = lab:latest()
    assert.equal("ERROR", results.a.status)
    assert.matches("the emulator died", results.a.reason or results.a.error_message)
    assert.is_nil(results.a.hung)
    assert.is_nil(results.a.destroy)
    assert.is_true((uv.hrtime() - began) / 1e9 < 60)
  end)

  it("is told from one that is slow", function()
    local asked = 0
    local emulator = { died = function()
      asked = asked + 1
      return asked > 1 and "gone" or nil
    end }
    local network = { pending = function() return { { operation = "x", seconds = 1 } } end }
    assert.same({ died = "gone" }, hang.guard(network, emulator, {}, 30)())
    assert.equal(2, asked)
    assert.same({ operation = "x", seconds = 1 }, hang.guard(network, emulator, {}, 1)())
  end)
end)
