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

  describe("from a stream", function()
    local packed = archive.tar(nil, { { path = "a/x", data = ("0123456789"):rep(100000) },
      { path = "b", data = "bee" } }, { gzip = true })

    -- In pieces of n bytes.
    local function sender(bytes, n, answer)
      return function(on_data)
        for i = 1, #bytes, n do on_data(bytes:sub(i, i + n - 1)) end
        return answer or "sent"
      end
    end

    it("unpacks what comes in pieces of any size", function()
      for _, n in ipairs { 1, 1000, 1 << 20 } do
        local dir <close> = assert(fs.tempdir())
        assert.equal("sent", archive.receive(dir.path, nil, sender(packed, n)))
        assert.equal("bee", fs.read(fs.join(dir.path, "b")))
        assert.equal(1000000, fs.stat(fs.join(dir.path, "a/x")).size)
      end
    end)

    it("does not mind padding after the end", function()
      local dir <close> = assert(fs.tempdir())
      local plain = archive.tar(nil, { { path = "b", data = "bee" } }) .. ("\0"):rep(300000)
      assert.equal("sent", archive.receive(dir.path, nil, sender(plain, 4096)))
      assert.equal("bee", fs.read(fs.join(dir.path, "b")))
    end)

    it("ends the transfer of what it refuses", function()
      local dir <close> = assert(fs.tempdir())
      local pieces, zeros = 0, archive.tar(nil, { { path = "z", data = ("\0"):rep(64 << 20) } },
        { gzip = true })
      local answer, err = archive.receive(dir.path, nil, function(on_data)
        while pieces < 100 do
          pieces = pieces + 1
          on_data(zeros)
        end
        return "sent"
      end)
      assert.is_nil(answer)
      assert.equal("limit", err.code)
      assert.truthy(pieces < 100)
      answer, err = archive.receive(dir.path, { max_packed = 100 }, sender(packed, 10))
      assert.is_nil(answer)
      assert.equal("limit", err.code)
      answer, err = archive.receive(dir.path, nil, sender(packed:sub(1, #packed // 2), 100))
      assert.is_nil(answer)
      assert.equal("syntax", err.code)
      answer, err = archive.receive(dir.path, nil, sender("<html>", 1))
      assert.is_nil(answer)
      assert.equal("syntax", err.code)
    end)

    it("passes on what the sender says and raises", function()
      local dir <close> = assert(fs.tempdir())
      assert.same({ nil, "gone" }, { archive.receive(dir.path, nil, function(on_data)
        on_data(packed:sub(1, 50))
        return nil, "gone"
      end) })
      assert.equal("empty", archive.receive(dir.path, nil, sender("", 1, "empty")))
      assert.error_matches(function()
        archive.receive(dir.path, nil, function() error "mine" end)
      end, "mine")
    end)
  end)
end)
