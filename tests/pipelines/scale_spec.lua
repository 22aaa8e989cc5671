-- SPDX-License-Identifier: Apache-2.0
-- tests/corpus/scale.lua in small, with pretended tools; and that it can find something.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local scale = dofile(here .. "/../corpus/scale.lua")

local function sample(changes)
  local one = { fds = 60, files = 6, own = { rss = 30000, anonymous = 20000, processes = 1 },
    children = { rss = 1, anonymous = 1, processes = 1 },
    emulators = { rss = 1, anonymous = 1, processes = 1, containers = 4, networks = 1 } }
  for key, value in pairs(changes) do one[key] = value end
  return one
end

-- change(i): what the i-th of forty looks finds
local function seen(change, more)
  local samples = {}
  for i = 1, 40 do samples[i] = sample(change and change(i) or {}) end
  local out = { code = 0, stderr = "", counts = { PASSED = 200, all = 200 }, samples = samples,
    before = { processes = 0, files = 0 }, after = { processes = 0, files = 0 } }
  for key, value in pairs(more or {}) do out[key] = value end
  return out
end

local function first_problem(...) return scale.problems(seen(...), 200, 4)[1] end

describe("the scale measurement", function()
  it("finds nothing wrong where all is steady", function()
    assert.is_nil(first_problem())
  end)

  it("sees descriptors, files and memory that grow with the architectures", function()
    assert.matches("^descriptors grow", first_problem(function(i) return { fds = 60 + i } end))
    assert.matches("^files grow", first_problem(function(i) return { files = i } end))
    assert.matches("^memory grows", first_problem(function(i)
      return { own = { rss = 30000 + i * 1000, anonymous = 1, processes = 1 } }
    end))
  end)

  it("sees what is left, what is missing and a failing run", function()
    assert.matches("processes: 0 before, 1 after",
      first_problem(nil, { after = { processes = 1, files = 0 } }))
    assert.matches("199 results of 200", first_problem(nil, { counts = { all = 199 } }))
    assert.matches("^exit 3: no", first_problem(nil, { code = 3, stderr = "no" }))
  end)

  it("runs many and leaves nothing", function()
    local lab <close> = lab_of.new()
    for letter in ("abcdef"):gmatch "." do lab:put(letter) end
    local found = scale.run(lab, { config = "{ parallel = 3 }", timeout = 120 })
    assert.equal(0, found.code, found.stderr)
    assert.same({ PASSED = 6, all = 6 }, found.counts)
    assert.same(found.before, found.after)
    assert.is_true(#found.samples > 0 and found.samples[1].fds > 3)
  end)
end)
