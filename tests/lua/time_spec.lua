-- SPDX-License-Identifier: Apache-2.0
local time = require "std.time"
local uuid = require "std.uuid"

describe("time", function()
  it("prints and reads ISO 8601", function()
    assert.equal("1970-01-01T00:00:00Z", time.iso(0))
    assert.equal("2024-02-29T23:59:59Z", time.iso(time.parse "2024-02-29T23:59:59Z"))
    assert.equal(1768003200, time.parse "2026-01-10T00:00:00Z")
    assert.equal(1768003200, time.parse "2026-01-10")
    assert.equal(1768003200 - 7200, time.parse "2026-01-10T00:00:00+02:00")
    assert.equal(0.5, time.parse "1970-01-01T00:00:00.5Z")
    assert.equal("1970-01-01T00:00:00.500Z", time.iso_ms(0.5))
  end)

  it("agrees with the system's calendar", function()
    for _, t in ipairs { 0, 951782400, 1709164800, 4102444800, 1e9 } do
      assert.equal(os.date("!%Y-%m-%dT%H:%M:%SZ", math.tointeger(t)), time.iso(t))
      assert.equal(t, time.parse(time.iso(t)))
    end
    assert.equal(4, time.utc(0).wday)
  end)

  it("refuses what is no time", function()
    for _, bad in ipairs { "2026-13-01", "2025-02-29", "x", "2026-01-01T25:00:00Z",
      "2026-01-01T00:00:00+25:00", "2026-01-01 junk" } do
      assert.is_nil(time.parse(bad))
    end
  end)

  it("prints durations and never steps back", function()
    assert.equal("12.4s", time.duration(12.4))
    assert.equal("3m05s", time.duration(185))
    assert.equal("1h02m", time.duration(3720))
    local a = time.monotonic()
    assert.is_true(time.monotonic() >= a)
    assert.is_true(time.now() > 1e9)
  end)
end)

describe("uuid", function()
  it("makes version 4 identifiers", function()
    local a, b = uuid.v4(), uuid.v4()
    assert.not_equal(a, b)
    assert.is_true(require("std.meta.types").uuid.test(a))
  end)
end)
