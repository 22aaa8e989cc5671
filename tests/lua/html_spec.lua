-- SPDX-License-Identifier: Apache-2.0
local h = require "std.html"

describe("html", function()
  it("escapes texts and attributes", function()
    local out = tostring(h.div({ class = 'a"b', title = "<x>" }, "<script>&'", h.b("ok")))
    assert.equal('<div class="a&quot;b" title="&lt;x&gt;">&lt;script&gt;&amp;&#39;<b>ok</b></div>',
      out)
  end)

  it("flattens lists, skips nil and false, keeps raw", function()
    local out = h.ul({ h.li(1), h.li(2) }, false, nil, h.raw "<hr>")
    assert.equal("<ul><li>1</li><li>2</li><hr></ul>", tostring(out))
    assert.equal("<input disabled>", tostring(h.input { disabled = true, checked = false }))
    assert.equal("a&lt;<b></b>", tostring(h.join("a<", { h.b() })))
  end)

  it("refuses what could run code", function()
    assert.equal('<a href="#">x</a>', tostring(h.a({ href = " java\nscript:alert(1)" }, "x")))
    assert.equal('<a href="#">x</a>', tostring(h.a({ href = "data:text/html,x" }, "x")))
    assert.equal('<a href="https://x/?a=1&amp;b">x</a>',
      tostring(h.a({ href = "https://x/?a=1&b" }, "x")))
    assert.has_error(function() h.div({ onclick = "x" }) end)
    assert.has_error(function() h.div({ ['a b="'] = "x" }) end)
    assert.has_error(function() h.tag("a b") end)
    assert.has_error(function() h.raw(5) end)
  end)
end)

describe("html.escape", function()
  it("leaves nothing that could end an element or an attribute", function()
    assert.equal("&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;",
      h.escape [[<b a="1" c='2'>&amp;]])
  end)

  it("keeps line ends and tabs, drops terminal codes, replaces other control characters", function()
    assert.equal("a\tb\nred\u{FFFD}", h.escape "a\tb\n\27[31mred\0")
    assert.equal("x\u{FFFD}y", h.escape "x\255y")
  end)

  it("drops marks that turn the reading direction around", function()
    assert.equal("abc …\u{2028}", h.escape "a\u{202E}b\u{2066}c …\u{2028}")
  end)

  it("takes any value", function()
    assert.equal("12", h.escape(12))
    assert.equal("nil", h.escape(nil))
  end)
end)
