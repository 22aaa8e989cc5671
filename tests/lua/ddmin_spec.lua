-- SPDX-License-Identifier: Apache-2.0
local ddmin = require "std.ddmin"
local tables = require "std.table"

local function numbers(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

local function has(list, ...)
  local set = tables.set(list)
  for _, item in ipairs { ... } do if not set[item] then return false end end
  return true
end

describe("ddmin", function()
  it("keeps just what is needed, in its order", function()
    local tries = 0
    local list, complete = ddmin.minimise(numbers(100), function(candidate)
      tries = tries + 1
      return has(candidate, 17, 64)
    end)
    assert.same({ 17, 64 }, list)
    assert.is_true(complete)
    assert.is_true(tries < 100, tries .. " tries")
  end)

  it("leaves nothing where nothing is needed, and all where all is", function()
    assert.same({}, (ddmin.minimise(numbers(5), function() return true end)))
    assert.same(numbers(5), (ddmin.minimise(numbers(5), function() return false end)))
    assert.same({}, (ddmin.minimise({}, function() error("asked") end)))
  end)

  it("stops when it is told to, with the best so far", function()
    local left = 3
    local list, complete = ddmin.minimise(numbers(64), function(candidate)
      left = left - 1
      if left < 0 then return nil end
      return has(candidate, 1)
    end)
    assert.is_false(complete)
    assert.is_true(#list < 64 and has(list, 1))
  end)
end)
