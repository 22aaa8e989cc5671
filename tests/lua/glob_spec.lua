-- SPDX-License-Identifier: Apache-2.0
-- Globs: what fits, and that a hostile one ends.

local glob = require "std.glob"

describe("std.glob", function()
  for _, row in ipairs {
    { "*.log", "a.log", true }, { "*.log", ".log", true }, { "*.log", "a.logs", false },
    { "a*b*c", "abbc", true }, { "a*b*c", "acb", false }, { "a*a", "a", false },
    { "*aa", "aaa", true }, { "a*", "a", true }, { "*", "x", true }, { "**", "a/b", true },
    { "?[a-c]*z", "xbz", true }, { "?[!a-c]*z", "xbz", false }, { "*[ab]", "xxa", true },
    { "a/*/c", "a/b/c", true }, { "a/*/c", "a/b/d/c", false }, { "*.{lua,c}", "x.c", true },
    { "**/t*.lua", "a/b/test.lua", true }, { "*.*.*", "a.b", false }, { "*.*.*", "a.b.c", true },
  } do
    it(("%s on %s"):format(row[1], row[2]), function()
      assert.equal(row[3], glob.match(row[1], row[2]))
    end)
  end

  it("refuses braces that stand for too many names", function()
    assert.is_true(glob.match(("{a,b}"):rep(9), ("ab"):rep(4) .. "a"))
    local ok, err = pcall(glob.match, ("{a,b}"):rep(40), "a")
    assert.same({ false, "limit" }, { ok, err.code })
  end)

  it("ends soon where many stars nearly fit", function()
    assert.is_false(glob.match(("*a"):rep(9) .. "b", ("a"):rep(45)))
    assert.is_false(glob.match(("*a"):rep(200) .. "b", ("a"):rep(2000)))
  end)
end)
