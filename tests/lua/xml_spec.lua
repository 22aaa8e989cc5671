-- SPDX-License-Identifier: Apache-2.0
local xml = require "std.xml"

describe("xml", function()
  it("reads elements, attributes and text", function()
    local root = assert(xml.parse [=[<?xml version="1.0"?>
<r xmlns:x="urn:x"><x:a n="1&amp;2">one<b/>two</x:a>
<a><![CDATA[<raw>]]></a></r>]=])
    assert.equal("r", root.name)
    assert.equal(2, #root.children)
    local first = root.children[1]
    assert.same({ "a", "1&2", "onetwo", 2 }, { first.name, first.attrs.n, first.text, first.line })
    assert.equal("<raw>", root.children[2].text)
    assert.equal("onetwo", xml.text(root, "a"))
    assert.is_nil(xml.text(root, "b"))
    assert.equal("b", xml.find(root, "b").name)
    assert.equal(2, #xml.all(root, "a"))
  end)

  it("says where a document is broken", function()
    local cases = {
      ["<a><b></a>"] = "mismatched tag", ["<a>"] = "no element found", [""] = "no element found",
      ["<a>&nope;</a>"] = "undefined entity",
      ['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'] = "document type is not accepted",
      ['<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'] = "document type is not accepted",
      [("<a>"):rep(300) .. ("</a>"):rep(300)] = "nested too deeply",
    }
    for text, why in pairs(cases) do
      local root, err = xml.parse(text, "report.xml")
      assert.is_nil(root)
      assert.equal("syntax", err.code)
      assert.matches(why, tostring(err), 1, true)
      assert.matches("report.xml:1", tostring(err), 1, true)
    end
  end)
end)
