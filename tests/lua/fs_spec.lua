-- SPDX-License-Identifier: Apache-2.0
local fs = require "std.fs"

describe("fs", function()
  local dir

  before_each(function() dir = assert(fs.tempdir("fs spec-")) end)
  after_each(function() dir:close() end)

  local function at(name) return fs.join(dir.path, name) end

  it("writes, reads, appends", function()
    assert.is_true(fs.write(at "a", "x\0y"))
    assert.is_true(fs.append(at "a", "z"))
    assert.equal("x\0yz", fs.read(at "a"))
    local text, err = fs.read(at "a", { max = 2 })
    assert.is_nil(text)
    assert.equal("limit", err.code)
    text, err = fs.read(at "none")
    assert.is_nil(text)
    assert.equal("not_found", err.code)
    assert.is_truthy(tostring(err):find("none", 1, true))
  end)

  it("lists, walks, stats", function()
    assert.is_true(fs.mkdir(at "d/e"))
    fs.write(at "d/e/main.tf", "")
    fs.write(at "d/b.yaml", "")
    assert.same({ "b.yaml", "e/main.tf" }, fs.walk(at "d"))
    assert.same({ "e/main.tf" }, fs.walk(at "d", { include = { "**/*.tf" } }))
    assert.same({ "b.yaml" }, fs.walk(at "d", { exclude = { "e/**" } }))
    assert.same({ "b.yaml" }, fs.walk(at "d", { skip = { "e" } }))
    assert.same({ { name = "b.yaml", type = "file" }, { name = "e", type = "dir" } },
      fs.list(at "d"))
    assert.equal("dir", fs.stat(at "d").type)
    assert.is_true(fs.is_dir(at "d"))
    assert.is_false(fs.exists(at "zzz"))
  end)

  it("writes and reads trees of texts, nothing outside of their folder", function()
    local files = { ["main.tf"] = "a", ["x/y/z.py"] = "b" }
    assert.is_true(fs.write_all(at "set", files))
    assert.same(files, fs.read_all(at "set"))
    assert.same({ ["main.tf"] = "a" }, fs.read_all(at "set", { include = { "**/*.tf" } }))
    for _, name in ipairs { "../evil", "a/../../evil", "/evil", "", "a\\b", "a\0b" } do
      local ok, err = fs.write_all(at "set", { ["main.tf"] = "changed", [name] = "x" })
      assert.is_nil(ok)
      assert.equal("unsafe", err.code)
    end
    assert.same(files, fs.read_all(at "set"))
    local ok, err = fs.read_all(at "none")
    assert.is_nil(ok)
    assert.equal("not_found", err.code)
  end)

  it("copies and removes trees", function()
    fs.mkdir(at "s/t")
    fs.write(at "s/t/f", "1")
    assert.is_true(fs.copy(at "s", at "c"))
    assert.equal("1", fs.read(at "c/t/f"))
    assert.is_true(fs.remove(at "s"))
    assert.is_false(fs.exists(at "s"))
    local ok, err = fs.remove "/"
    assert.is_nil(ok)
    assert.equal("unsafe", err.code)
    assert.is_true(fs.rename(at "c", at "d"))
  end)

  it("closes temporary directories", function()
    local path
    do
      local t <close> = assert(fs.tempdir())
      path = t.path
      assert.is_true(fs.is_dir(path))
    end
    assert.is_false(fs.exists(path))
  end)

  it("handles paths as text", function()
    assert.equal("a/b/c", fs.join("a/", "b", "c"))
    assert.equal("/x", fs.join("a", "/x"))
    assert.equal("a/b", fs.dirname "a/b/c.tf")
    assert.equal(".", fs.dirname "c.tf")
    assert.equal("/", fs.dirname "/c")
    assert.equal("c.tf", fs.basename "a/b/c.tf")
    assert.equal(".tf", fs.ext "a.b/c.tf")
    assert.equal("", fs.ext "a.b/c")
    assert.equal("", fs.ext ".bashrc")
    assert.equal("/a/c", fs.normalize "/a/./b/../c/")
    assert.equal("../x", fs.relative("/a/x", "/a/b"))
    assert.equal(".", fs.relative("/a", "/a"))
    assert.equal("/", fs.absolute(""):sub(1, 1))
  end)

  it("matches globs", function()
    assert.is_true(fs.match("**/*.tf", "a/b/main.tf"))
    assert.is_true(fs.match("**/*.tf", "main.tf"))
    assert.is_false(fs.match("*.tf", "a/main.tf"))
    assert.is_true(fs.match("a/**", "a/b/c"))
    assert.is_true(fs.match("*.{yml,yaml}", "x.yaml"))
    assert.is_false(fs.match("*.{yml,yaml}", "x.json"))
    assert.is_true(fs.match("[a-c]?.txt", "bz.txt"))
    assert.is_false(fs.match("[!a-c]?.txt", "bz.txt"))
    assert.is_true(fs.match("a+b(1).%", "a+b(1).%"))
    assert.is_false(fs.match(("**/"):rep(30) .. "x", ("a/"):rep(60) .. "y"))
  end)

  it("raises on misuse", function()
    assert.has_error(function() fs.read(1) end, "fs.read: path must be a string")
    assert.has_error(function() fs.write("a\0b", "") end)
  end)

  it("keeps a path below its root, by words", function()
    assert.equal("a/c", fs.below("a/./b/../c"))
    assert.equal("", fs.below("a/.."))
    assert.is_nil(fs.below("a/../../b"))
  end)
end)
