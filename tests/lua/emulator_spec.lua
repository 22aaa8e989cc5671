-- SPDX-License-Identifier: Apache-2.0
-- Starting emulators, with a driver that only pretends.
local emulators = require "std.emulator"
local http = require "std.http"

local DRIVER = "std.emulator.process"

describe("emulator.start", function()
  local real_driver, real_get, deaths, started, closed

  local function plan()
    return { name = "fake", driver = "process", version = "latest", boot_timeout = 1,
      spec = { health = "/health", version_field = "version" } }
  end

  local function start()
    started = started + 1
    local death = table.remove(deaths, 1)
    return { endpoint = "http://127.0.0.1:1", died = function() return death and "exit code 1" end,
      logs = function() return death or "" end, close = function() closed = closed + 1 end,
      healthy = not death }
  end

  before_each(function()
    real_driver, real_get = package.loaded[DRIVER], http.get
    started, closed = 0, 0
    local latest
    package.loaded[DRIVER] = { start = function()
      latest = start()
      return latest
    end }
    http.get = function()
      if latest.healthy then return { status = 200, body = '{"version": "1.2.3"}' } end
      return nil, "refused"
    end
  end)
  after_each(function()
    package.loaded[DRIVER], http.get = real_driver, real_get
  end)

  it("takes the version from the health answer", function()
    deaths = {}
    assert.equal("1.2.3", assert(emulators.start(plan())).version)
    assert.same({ 1, 0 }, { started, closed })
  end)

  it("tries another port when somebody was faster, and gives up after three", function()
    local busy = "[Errno 98] Address already in use"
    deaths = { busy, busy }
    assert.equal("fake", assert(emulators.start(plan())).name)
    assert.same({ 3, 2 }, { started, closed })
    deaths, started, closed = { busy, busy, busy, busy }, 0, 0
    local instance, err = emulators.start(plan())
    assert.is_nil(instance)
    assert.matches("died at start", tostring(err))
    assert.same({ 3, 3 }, { started, closed })
  end)

  it("does not repeat what fails for a reason of its own", function()
    deaths = { "no license" }
    local instance, err = emulators.start(plan())
    assert.same({ nil, "no license" }, { instance, err.logs })
    assert.same({ 1, 1 }, { started, closed })
  end)

  it("calls one that never becomes healthy a timeout, and closes it", function()
    deaths = {}
    http.get = function() return { status = 503 } end
    local instance, err = emulators.start(plan())
    assert.is_nil(instance)
    assert.same({ "timeout", 1 }, { err.code, closed })
    assert.matches("HTTP 503", tostring(err))
  end)
end)
