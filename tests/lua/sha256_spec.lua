-- SPDX-License-Identifier: Apache-2.0
local fs = require "std.fs"
local sha256 = require "std.sha256"

local ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

describe("sha256", function()
  it("hashes strings, files and pieces alike", function()
    local dir <close> = assert(fs.tempdir())
    local path = fs.join(dir.path, "abc")
    fs.write(path, "abc")
    assert.equal(ABC, sha256.string "abc")
    assert.equal(ABC, sha256.file(path))
    assert.equal(ABC, sha256.new():update("a"):update("bc"):final())
  end)

  it("reports a missing file and raises on misuse", function()
    local hex, err = sha256.file "/nonexistent/file"
    assert.is_nil(hex)
    assert.equal("not_found", err.code)
    assert.has_error(function() sha256.string(1) end)
    local h = sha256.new()
    h:final()
    assert.has_error(function() h:final() end)
  end)
end)
