-- SPDX-License-Identifier: Apache-2.0
local retry = require "std.retry"

local function recorder()
  local pauses = {}
  return pauses, function(seconds) pauses[#pauses + 1] = seconds end
end

-- Fails n times with err, then returns "done".
local function failing(n, err)
  local calls = { count = 0 }
  return calls, function()
    calls.count = calls.count + 1
    if calls.count <= n then return nil, err end
    return "done", calls.count
  end
end

local NETWORK <const> = { code = "network" }

describe("std.retry", function()
  it("returns the first success with all its values", function()
    local calls, fn = failing(2, NETWORK)
    local pauses, sleep = recorder()
    local value, n = retry.call(fn, { sleep = sleep, base = 1, jitter = 0 })
    assert.are.same({ "done", 3, 3 }, { value, n, calls.count })
    assert.are.same({ 1, 2 }, pauses)
  end)

  it("gives up after its attempts with the last error", function()
    local calls, fn = failing(9, NETWORK)
    local _, sleep = recorder()
    local value, err = retry.call(fn, { attempts = 4, sleep = sleep })
    assert.is_nil(value)
    assert.are.equal(NETWORK, err)
    assert.are.equal(4, calls.count)
  end)

  it("does not repeat what will not get better", function()
    local calls, fn = failing(9, { code = "invalid" })
    retry.call(fn, { sleep = function() error("must not pause") end })
    assert.are.equal(1, calls.count)
  end)

  it("doubles the pause up to its limit", function()
    local _, fn = failing(5, NETWORK)
    local pauses, sleep = recorder()
    retry.call(fn, { attempts = 6, base = 1, max = 5, jitter = 0, sleep = sleep })
    assert.are.same({ 1, 2, 4, 5, 5 }, pauses)
  end)

  it("takes a random part off the pause", function()
    local policy = { base = 4, max = 100, jitter = 0.5, random = function() return 1 end }
    assert.are.equal(2, retry.delay(1, policy))
    policy.random = function() return 0 end
    assert.are.equal(4, retry.delay(1, policy))
  end)

  it("keeps a pause that retry_if asks for", function()
    local _, fn = failing(1, { code = "http" })
    local pauses, sleep = recorder()
    retry.call(fn, { base = 0.1, sleep = sleep, retry_if = function() return 7 end })
    assert.are.same({ 7 }, pauses)
  end)

  it("tells on_retry what failed and how long it will wait", function()
    local _, fn = failing(1, NETWORK)
    local seen
    retry.call(fn, { base = 1, jitter = 0, sleep = function() end,
      on_retry = function(err, attempt, seconds) seen = { err, attempt, seconds } end })
    assert.are.same({ NETWORK, 1, 1 }, seen)
  end)

  it("lets raised errors through at once", function()
    local count = 0
    assert.has_error(function()
      retry.call(function() count = count + 1; error("misuse", 0) end)
    end, "misuse")
    assert.are.equal(1, count)
  end)

  it("names a wrong option", function()
    local ok, err = pcall(retry.call, function() end, { attempts = 0 })
    assert.is_false(ok)
    assert.matches("attempts must be a number of at least 1", tostring(err), 1, true)
  end)
end)
