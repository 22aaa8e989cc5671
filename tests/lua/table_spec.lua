-- SPDX-License-Identifier: Apache-2.0
local tables = require "std.table"

describe("table", function()
  it("sorts keys, numbers first", function()
    assert.same({ 1, 2, "a", "b" }, tables.sorted_keys { b = 1, a = 1, 9, 9 })
    local out = {}
    for k, v in tables.sorted_pairs { y = 2, x = 1 } do out[#out + 1] = k .. v end
    assert.same({ "x1", "y2" }, out)
    assert.same({ 1, 2 }, tables.values { x = 1, y = 2 })
  end)

  it("maps, filters, finds", function()
    assert.same({ 2, 4 }, tables.map({ 1, 2 }, function(v) return v * 2 end))
    assert.same({ 2 }, tables.filter({ 1, 2 }, function(v) return v > 1 end))
    assert.equal(2, select(2, tables.find({ "a", "b" }, function(v) return v == "b" end)))
    assert.is_true(tables.contains({ "a" }, "a"))
    assert.is_false(tables.contains({ "a" }, "b"))
  end)

  it("copies at all depths with cycles and metatables", function()
    local t = { a = { 1 } }
    t.me = t
    local c = tables.deep_copy(t)
    assert.not_equal(t.a, c.a)
    assert.equal(c, c.me)
    assert.equal(1, c.a[1])
  end)

  it("merges", function()
    assert.same({ a = 2, b = 1 }, tables.merge({ a = 1, b = 1 }, nil, { a = 2 }))
    local deep = tables.deep_merge({ x = { a = 1, b = { 1, 2 } } }, { x = { b = { 3 } } })
    assert.same({ x = { a = 1, b = { 3 } } }, deep)
  end)

  it("compares", function()
    assert.is_true(tables.deep_equal({ 1, { a = 2 } }, { 1, { a = 2 } }))
    assert.is_false(tables.deep_equal({ 1 }, { 1, 2 }))
  end)

  it("knows lists", function()
    assert.is_true(tables.is_list { 1, 2 })
    assert.is_false(tables.is_list { 1, x = 2 })
    assert.is_false(tables.is_list "x")
    assert.same({ 2, 3 }, tables.slice({ 1, 2, 3 }, 2))
  end)
end)
