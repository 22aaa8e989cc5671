-- SPDX-License-Identifier: Apache-2.0
-- std.sqlite: statements with values, rows, transactions, errors.

local fs = require "std.fs"
local sqlite = require "std.sqlite"

describe("std.sqlite", function()
  local dir, db

  before_each(function()
    dir = assert(fs.tempdir())
    db = assert(sqlite.open(fs.join(dir.path, "deep", "x.sqlite")))
    assert(db:exec "CREATE TABLE t (a TEXT, b INTEGER, c REAL)")
  end)
  after_each(function()
    db:close()
    dir:close()
  end)

  it("binds values and gives rows back with their types", function()
    assert(db:exec("INSERT INTO t VALUES (?, ?, ?)", "it's; DROP", 5, 1.5))
    assert(db:exec("INSERT INTO t VALUES (?, ?, ?)", nil, nil, nil))
    local rows = assert(db:rows "SELECT * FROM t")
    assert.same({ a = "it's; DROP", b = 5, c = 1.5 }, rows[1])
    assert.equal("integer", math.type(rows[1].b))
    assert.is_nil(next(rows[2]))
    assert.equal(1, #assert(db:rows("SELECT a FROM t WHERE b = ?", 5)))
  end)

  it("keeps a transaction or undoes it", function()
    local function insert() return db:exec("INSERT INTO t VALUES ('x', 1, 1)") end
    assert.is_true(db:transaction(insert))
    assert.is_nil(db:transaction(function()
      insert()
      return nil, "no"
    end))
    assert.has_error(function()
      db:transaction(function()
        insert()
        error("broken", 0)
      end)
    end, "broken")
    assert.equal(1, #assert(db:rows "SELECT * FROM t"))
  end)

  it("says what is wrong with a statement and a file", function()
    local ok, err = db:exec "SELECT nope FROM t"
    assert.is_nil(ok)
    assert.equal("sqlite exec: no such column: nope", tostring(err))
    ok, err = sqlite.open(dir.path)
    assert.is_nil(ok)
    assert.is_truthy(tostring(err):find("sqlite open", 1, true))
  end)

  it("is readable by another program once it is closed, and closes twice", function()
    assert(db:exec("INSERT INTO t VALUES ('x', 1, 1)"))
    db:close()
    db:close()
    db = assert(sqlite.open(fs.join(dir.path, "deep", "x.sqlite")))
    assert.equal(1, #assert(db:rows "SELECT * FROM t"))
  end)
end)
