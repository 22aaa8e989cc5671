-- SPDX-License-Identifier: Apache-2.0
local suggest = require "std.suggest"

describe("suggest", function()
  it("finds slips of the pen", function()
    local names = { "timeout", "parallel", "workspace" }
    assert.equal("timeout", suggest.did_you_mean("timout", names))
    assert.equal("timeout", suggest.did_you_mean("tiemout", names))
    assert.equal("parallel", suggest.did_you_mean("Paralel", { parallel = 1, other = 2 }))
    assert.is_nil(suggest.did_you_mean("banana", names))
    assert.equal(', did you mean "timeout"?', suggest.phrase("timeot", names))
    assert.equal("", suggest.phrase("zzz", names))
  end)

  it("counts a swap of neighbours once", function()
    assert.equal(1, suggest.distance("ab", "ba"))
    assert.equal(3, suggest.distance("kitten", "sitting"))
    assert.equal(3, suggest.distance("", "abc"))
  end)
end)
