-- SPDX-License-Identifier: Apache-2.0
-- A short chaos test; the long one, also with a restarted engine: tests/docker/chaos.lua.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local chaos = dofile(here .. "/chaos.lua")

describe("a validation that is broken in its middle", function()
  it("leaves nothing behind, loses no result and judges nothing wrongly", function()
    local rows, why = chaos.run { rounds = 3 }
    if not rows then pending(why) return end
    assert.equal(3, #rows)
    for _, row in ipairs(rows) do
      assert.same({ 0, 0, 0 }, { row.left, row.lost, row.wrong }, row.name)
    end
  end)
end)
