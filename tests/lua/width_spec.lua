-- SPDX-License-Identifier: Apache-2.0
local width = require "std.validation.width"

local function plenty(limit) return limit end

local function jobs(count, service)
  local list = {}
  for i = 1, count do list[i] = { services = { service }, resource_count = 10 } end
  return list
end

local function auto(list, cores, room)
  return width.choose("auto", list, { cores = cores, room = room or plenty })
end

describe("validation.width", function()
  it("takes a configured number as it is", function()
    assert.equal(4, width.choose(4, jobs(1, "s3")))
  end)

  it("is the number of processors where nothing waits", function()
    assert.equal(2, auto(jobs(20, "s3"), 2))
    assert.equal(16, auto(jobs(20, "s3"), 16))
  end)

  it("is more where architectures wait for queues", function()
    local work, waiting = width.estimate { services = { "sqs" }, resource_count = 10 }
    local most = math.ceil(2 * (work + waiting) / work)
    assert.is_true(most > 4)
    assert.equal(most, auto(jobs(40, "sqs"), 2))
    local mixed = jobs(20, "sqs")
    table.move(jobs(20, "s3"), 1, 20, 21, mixed)
    assert.is_true(auto(mixed, 2) > 2 and auto(mixed, 2) < most)
  end)

  it("is never more than there are architectures, nor than fit into memory, nor less than one",
    function()
      assert.equal(3, auto(jobs(3, "sqs"), 2))
      assert.equal(5, auto(jobs(40, "sqs"), 8, function(limit) return math.min(limit, 5) end))
      assert.equal(1, auto(jobs(40, "sqs"), 8, function() return 0 end))
      assert.equal(1, auto({}, 2, function() return 0 end))
    end)
end)
