-- SPDX-License-Identifier: Apache-2.0
local fs = require "std.fs"
local git = require "std.git"

local author = { name = "Tester", email = "t@example.org" }

local function write_commit(repo, name, text)
  assert(fs.write(fs.join(repo.path, name), text))
  return assert(repo:commit { message = "add " .. name, author = author })
end

describe("std.git", function()
  local dir, bare, a, b
  before_each(function()
    dir = assert(fs.tempdir())
    bare = fs.join(dir.path, "bare.git")
    assert(git.init(bare, { bare = true }))
    a = assert(git.clone { url = bare, path = fs.join(dir.path, "a"), depth = 1 })
    write_commit(a, "first", "1")
    assert(a:push())
    b = assert(git.clone { url = bare, path = fs.join(dir.path, "b") })
  end)
  after_each(function() fs.remove(dir.path) end)

  it("commits, logs and knows when there is nothing to do", function()
    local oid = write_commit(a, "second", "2")
    assert.equal(oid, a:head().oid)
    assert.is_false(a:commit { message = "nothing" })
    local log = a:log(1)
    assert.same({ 1, "add second", "Tester" }, { #log, log[1].message, log[1].name })
    assert.equal(1, a:status().ahead)
    assert(fs.write(fs.join(a.path, "new"), ""))
    assert.same({ { status = "?", path = "new" } }, a:status().entries)
  end)

  it("pulls what another clone pushed", function()
    assert.equal("up_to_date", b:pull())
    write_commit(a, "second", "2")
    assert(a:push())
    assert.equal("forwarded", b:pull())
    assert.equal("2", fs.read(fs.join(b.path, "second")))
  end)

  it("publishes over a rejected push", function()
    write_commit(a, "from-a", "a")
    assert(a:push())
    write_commit(b, "from-b", "b")
    local ok, err = b:push()
    assert.is_nil(ok)
    assert.equal("rejected", err.code)
    assert.is_true(b:publish())
    assert.equal("a", fs.read(fs.join(b.path, "from-a")))
  end)

  it("says what is missing", function()
    local _, err = git.open(dir.path)
    assert.equal("not_found", err.code)
    assert.error_matches(function() git.clone {} end, "url")
  end)
end)
