-- SPDX-License-Identifier: Apache-2.0
local parallel = require "std.parallel"

local function closer(log, name)
  return setmetatable({}, { __close = function()
    parallel.sleep(0.001) -- cleaning up may wait, also while an error unwinds
    log[#log + 1] = name
  end })
end

describe("parallel.map", function()
  it("keeps the order and the limit", function()
    local running, most = 0, 0
    local out = parallel.map({ 4, 3, 2, 1 }, function(x)
      running = running + 1
      most = math.max(most, running)
      parallel.sleep(x / 1000)
      running = running - 1
      return x * 10
    end, { limit = 2 })
    assert.same({ 40, 30, 20, 10 }, out)
    assert.equal(2, most)
  end)

  it("cancels and closes the others when one raises", function()
    local log = {}
    local ok, err = pcall(parallel.map, { 1, 2, 3 }, function(x)
      local owned <close> = closer(log, x) -- luacheck: ignore owned
      if x == 2 then error("boom") end
      parallel.sleep(60)
    end)
    assert.is_false(ok)
    assert.matches("boom", tostring(err))
    table.sort(log)
    assert.same({ 1, 2, 3 }, log)
  end)

  it("collects failures without cancelling", function()
    local out = parallel.map({ 1, 2 }, function(x)
      if x == 1 then error("one") end
      return x
    end, { collect = true })
    assert.is_false(out[1].ok)
    assert.matches("one", tostring(out[1].err))
    assert.same({ ok = true, value = 2 }, out[2])
  end)

  it("takes an empty list", function()
    assert.same({}, parallel.map({}, function() error("never") end))
  end)

  it("refuses misuse by the argument's name", function()
    assert.error_matches(function() parallel.map(1, print) end, "items must be a table")
    assert.error_matches(function() parallel.map({ 1 }, print, { limit = 0 }) end, "limit")
  end)
end)

describe("parallel.race and timeout", function()
  it("returns the first and closes the rest", function()
    local log = {}
    local index, value = parallel.race {
      function()
        local owned <close> = closer(log, "slow") -- luacheck: ignore owned
        parallel.sleep(60)
      end,
      function() return "fast" end,
    }
    assert.equal(2, index)
    assert.equal("fast", value)
    assert.same({ "slow" }, log)
  end)

  it("says timeout as an error value", function()
    local value, err = parallel.timeout(0.01, function() parallel.sleep(60) end)
    assert.is_nil(value)
    assert.equal("timeout", err.code)
  end)

  it("passes values and raises through", function()
    assert.same({ 1, nil, 3 }, { parallel.timeout(5, function() return 1, nil, 3 end) })
    assert.error_matches(function()
      parallel.timeout(5, function() error("inner") end)
    end, "inner")
  end)
end)

describe("waiting", function()
  it("works where nothing can yield: a sort's callback", function()
    local list = { 3, 1, 2 }
    table.sort(list, function(a, b)
      parallel.sleep(0)
      return a < b
    end)
    assert.same({ 1, 2, 3 }, list)
  end)

  it("refuses a foreign yield with a traceback", function()
    local task = parallel.spawn(function() coroutine.yield() end)
    local ok, err = task:join()
    assert.is_false(ok)
    assert.matches("yielded outside of a waiting call", tostring(err))
  end)

  it("lets a task be joined by several", function()
    local task = parallel.spawn(function()
      parallel.sleep(0.005)
      return 7
    end)
    local values = parallel.map({ 1, 2, 3 }, function() return select(2, task:join()) end)
    assert.same({ 7, 7, 7 }, values)
    assert.equal("done", task:status())
  end)

  it("raises cancelled once, so that cleaning up can wait", function()
    local log = {}
    local task = parallel.spawn(function()
      local owned <close> = closer(log, "closed") -- luacheck: ignore owned
      parallel.sleep(60)
    end)
    parallel.sleep(0)
    task:cancel()
    local ok, err = task:join()
    assert.is_false(ok)
    assert.equal("cancelled", err.code)
    assert.same({ "closed" }, log)
  end)
end)

describe("parallel.semaphore", function()
  it("never lets more than n in, and survives a cancelled waiter", function()
    local gate, inside, most = parallel.semaphore(1), 0, 0
    local holder = gate.acquire()
    local waiter = parallel.spawn(function() gate.acquire() end)
    parallel.sleep(0)
    waiter:cancel()
    waiter:join()
    getmetatable(holder).__close(holder)
    parallel.map({ 1, 2, 3 }, function()
      local permit <close> = gate.acquire() -- luacheck: ignore permit
      inside = inside + 1
      most = math.max(most, inside)
      parallel.sleep(0.001)
      inside = inside - 1
    end)
    assert.equal(1, most)
  end)
end)

describe("parallel.cpu_map", function()
  it("runs a module's function on threads and keeps the order", function()
    local out = parallel.cpu_map("std.table", { { a = 1 }, { b = 2 }, { c = 3 } },
      { fn = "keys", workers = 2 })
    assert.same({ { "a" }, { "b" }, { "c" } }, out)
  end)

  it("names the item that failed", function()
    local ok, err = pcall(parallel.cpu_map, "std.suggest", { "x" }, { fn = "distance" })
    assert.is_false(ok)
    assert.equal(1, err.index)
  end)

  it("refuses values that cannot cross", function()
    assert.error_matches(function()
      parallel.cpu_map("std.table", { { print } }, { fn = "keys" })
    end, "item 1 cannot be given to a worker: function")
  end)

  it("takes an empty list and a missing module", function()
    assert.same({}, parallel.cpu_map("std.table", {}, { fn = "keys" }))
    assert.has_error(function() parallel.cpu_map("std.nothing", { 1 }, { fn = "x" }) end)
  end)
end)
