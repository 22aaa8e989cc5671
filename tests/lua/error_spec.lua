-- SPDX-License-Identifier: Apache-2.0
local error_of = require "std.error"
local sched = require "lsqm.raw.sched"

describe("error", function()
  it("prints as one line", function()
    local err = error_of.new { op = "docker create", code = "not_found", message = "image x" }
    assert.equal("docker create: image x", tostring(err))
    err = error_of.new { op = "yaml", message = "bad", file = "a.yml", line = 2, col = 3 }
    assert.equal("yaml: a.yml:2:3: bad", tostring(err))
  end)

  it("shares its metatable with C", function()
    assert.equal(debug.getregistry()["lsqm.error"], getmetatable(error_of.new { message = "x" }))
    assert.is_false(error_of.is {})
  end)

  it("wraps with context and keeps code and hint", function()
    local inner = error_of.new { op = "open", message = "gone", code = "not_found", hint = "look" }
    local err = error_of.wrap(inner, "store")
    assert.equal("store: open: gone", tostring(err))
    assert.equal("not_found", err.code)
    assert.equal(inner, err.cause)
    assert.equal("store: text", tostring(error_of.wrap("text", "store")))
  end)

  it("formats source line, caret, cause and hint", function()
    local err = error_of.new {
      op = "hcl", message = "unexpected }", file = "m.tf", line = 12, col = 5, source = "  a }",
      hint = "close the list", cause = error_of.new { message = "inner" },
    }
    assert.equal(table.concat({
      "hcl: m.tf:12:5: unexpected }",
      "  12 |   a }",
      "     |     ^",
      "  because inner",
      "  hint: close the list",
    }, "\n"), error_of.format(err))
    assert.equal("store: gone", error_of.format(error_of.wrap("gone", "store")))
  end)

  it("finds a byte's line and column", function()
    local at = error_of.position("ab\ncde\nf", 5)
    assert.same({ line = 2, col = 2, source = "cde", caret = 2 }, at)
    assert.equal(1, error_of.position("", 9).line)
    local long = error_of.position(("x"):rep(200), 150)
    assert.equal(60, long.caret)
  end)

  it("turns raised values into errors with a traceback", function()
    local ok, err = xpcall(function() error("boom", 0) end, sched.error_handler)
    assert.is_false(ok)
    assert.equal("boom", tostring(err))
    assert.is_truthy(err.traceback:find "error_spec")
    assert.is_true(error_of.is_cancelled(error_of.new { code = "cancelled" }))
  end)
end)
