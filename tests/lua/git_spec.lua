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

  it("commits modes, links and deletions of a whole tree as git itself does", function()
    local uv = require "luv"
    local function path(name) return fs.join(a.path, name) end
    assert(fs.mkdir(path "deep/er"))
    assert(fs.write(path "deep/er/run.sh", "#!/bin/sh\n"))
    assert(uv.fs_chmod(path "deep/er/run.sh", 493)) -- 493 = octal 755
    assert(fs.write(path "empty", ""))
    assert(uv.fs_symlink("first", path "link"))
    assert(fs.write(path ".gitignore", "*.log\n"))
    assert(fs.write(path "x.log", "no"))
    assert(a:commit { message = "many", author = author, all = true })
    assert(fs.remove(path "empty"))
    assert(a:commit { message = "fewer", author = author, all = true })
    assert.is_true(a:status().clean)
    local listed = assert(require("std.process").run { argv = { "git", "ls-files", "-s" },
      cwd = a.path, env = { HOME = dir.path } })
    local modes = {}
    for mode, name in listed.stdout:gmatch "(%d+) %x+ 0\t([^\n]+)" do modes[name] = mode end
    assert.same({ first = "100644", ["deep/er/run.sh"] = "100755", link = "120000",
      [".gitignore"] = "100644" }, modes)
  end)

  it("leaves line ends to git where attributes ask for it", function()
    assert(fs.write(fs.join(a.path, ".gitattributes"), "*.txt text eol=lf\n"))
    assert(fs.write(fs.join(a.path, "dos.txt"), "one\r\ntwo\r\n"))
    assert(a:commit { message = "dos", author = author, all = true })
    local shown = assert(require("std.process").run { argv = { "git", "show", "HEAD:dos.txt" },
      cwd = a.path, env = { HOME = dir.path } })
    assert.equal("one\ntwo\n", shown.stdout)
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
