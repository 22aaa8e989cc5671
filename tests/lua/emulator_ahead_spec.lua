-- SPDX-License-Identifier: Apache-2.0
local ahead_of = require "std.emulator.ahead"
local parallel = require "std.parallel"

describe("emulators booted ahead", function()
  local started, closed

  local function start(name)
    started[#started + 1] = name
    return { name = name, died = function(self) return self.dead end,
      close = function() closed[#closed + 1] = name end }
  end

  before_each(function() started, closed = {}, {} end)

  -- Lets the tasks that were spawned go as far as they can.
  local function settle() parallel.sleep(0) end

  it("starts the next one while another is used, and nobody's twice", function()
    local ahead <close> = ahead_of.new(start, 1, { "a", "b", "c", "d" })
    settle()
    assert.same({ "a" }, started)
    assert.equal("c", ahead:take("c").name) -- earlier than thought
    assert.equal("a", ahead:take("a").name)
    settle()
    assert.same({ "a", "c", "b" }, started)
    assert.equal("b", ahead:take("b").name)
    assert.equal("d", ahead:take("d").name)
    assert.same({ "a", "c", "b", "d" }, started)
    assert.equal("d", ahead:take("d").name) -- a second try
    assert.equal(5, #started)
    ahead:close()
    assert.same({}, closed)
  end)

  it("starts anew what failed or died ahead", function()
    local tries = {}
    local ahead <close> = ahead_of.new(function(name)
      tries[name] = (tries[name] or 0) + 1
      if tries[name] > 1 then return start(name) end
      if name == "fails" then return nil, "no engine" end
      local emulator = start(name)
      emulator.dead = "killed"
      return emulator
    end, 2, { "fails", "dies" })
    assert.equal("fails", ahead:take("fails").name)
    assert.is_nil(ahead:take("dies").dead)
    assert.same({ fails = 2, dies = 2 }, tries)
    assert.same({ "dies" }, closed)
  end)

  it("closes those that nobody took, also while they start", function()
    local ahead = ahead_of.new(function(name)
      if name ~= "slow" then return start(name) end
      local open <close> = setmetatable({}, { -- luacheck: ignore open
        __close = function() closed[#closed + 1] = "cancelled" end })
      parallel.event():wait()
    end, 2, { "a", "slow", "never" })
    settle()
    ahead:close()
    table.sort(closed)
    assert.same({ "a", "cancelled" }, closed)
    assert.same({ "a" }, started)
  end)

  it("keeps the one that a cancelled taker waited for", function()
    local gate = parallel.event()
    local ahead = ahead_of.new(function(name)
      gate:wait()
      return start(name)
    end, 1, { "a" })
    local ok, err = parallel.timeout(0.01, function() return ahead:take("a") end)
    assert.is_nil(ok)
    assert.equal("timeout", err.code)
    gate:set()
    settle()
    ahead:close()
    assert.same({ "a" }, closed)
  end)
end)
