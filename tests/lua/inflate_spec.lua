-- SPDX-License-Identifier: Apache-2.0
-- Base64 and inflate: what they take, what they refuse, and that neither uses memory without end.
local base64 = require "std.base64"
local inflate = require "std.inflate"
local zlib = require "zlib"

describe("std.base64", function()
  it("gives back what it was given, whatever the length and the line breaks", function()
    math.randomseed(7)
    for size = 0, 100 do
      local bytes = {}
      for i = 1, size do bytes[i] = string.char(math.random(0, 255)) end
      local data = table.concat(bytes)
      local text = base64.encode(data)
      assert.equal(data, base64.decode(text))
      assert.equal(data, base64.decode((text:gsub("=", ""))))
      assert.equal(data, base64.decode((text:gsub("....", "%0\r\n"))))
    end
    assert.equal("Zm9vYmE=", base64.encode "fooba") -- RFC 4648
  end)

  it("refuses what is none", function()
    for _, text in ipairs { "a", "ab-_", "Zg==Zg==", "Z=g=", "<a/>" } do
      assert.is_nil(base64.decode(text), text)
    end
  end)
end)

describe("std.inflate", function()
  it("unpacks deflated data with and without a header, up to a size", function()
    local text = ("some text, "):rep(20000)
    for _, bits in ipairs { -15, 15 } do
      local data = zlib.deflate(9, bits)(text, "finish")
      assert.equal(text, inflate.inflate(data, #text))
      local none, err = inflate.inflate(data, #text - 1)
      assert.is_nil(none)
      assert.equal("limit", err.code)
    end
    assert.equal("", inflate.inflate(zlib.deflate(9, -15)("", "finish"), 1))
  end)

  it("refuses a bomb before it is unpacked", function()
    local data = zlib.deflate(9, -15)(("\0"):rep(64 * 1024 * 1024), "finish")
    collectgarbage()
    local before = collectgarbage "count"
    local none, err = inflate.inflate(data, 1024 * 1024)
    assert.is_nil(none)
    assert.equal("limit", err.code)
    assert.is_true(collectgarbage "count" - before < 10 * 1024)
  end)

  it("refuses what is broken or cut off", function()
    local data = zlib.deflate(9, -15)(("some text, "):rep(50), "finish")
    for _, bad in ipairs { "", "\255\255\255", data:sub(1, -2), "\120\156garbage" } do
      local none, err = inflate.inflate(bad, 10000)
      assert.is_nil(none)
      assert.equal("invalid", err.code)
    end
  end)
end)
