-- SPDX-License-Identifier: Apache-2.0
local archive = require "std.archive"
local fs = require "std.fs"

describe("std.archive", function()
  it("makes the same bytes twice and reads them back", function()
    local dir <close> = assert(fs.tempdir())
    local entries = { { path = "b.txt", data = "bee" }, { path = "a/x", data = "", mode = 493 } }
    for _, kind in ipairs { "zip", "tar" } do
      local path = fs.join(dir.path, "pack")
      assert(archive[kind](path, entries))
      assert.equal(fs.read(path), archive[kind](nil, entries))
      local list = assert(archive.list(path))
      assert.same({ "a/x", "b.txt" }, { list[1].path, list[2].path })
      local target = fs.join(dir.path, kind)
      assert.same({ files = 2, bytes = 3 }, archive.extract(path, target))
      assert.equal("bee", fs.read(fs.join(target, "b.txt")))
    end
  end)

  it("tells limits and unsafe names apart", function()
    local dir <close> = assert(fs.tempdir())
    local path = fs.join(dir.path, "pack")
    assert(archive.zip(path, { { path = "a", data = "12345" } }))
    local _, err = archive.extract(path, fs.join(dir.path, "t"), { max_bytes = 3 })
    assert.equal("limit", err.code)
    _, err = archive.zip(path, { { path = "../a", data = "" } })
    assert.equal("unsafe", err.code)
    assert.error_matches(function() archive.zip(path, 5) end, "entries")
  end)
end)
