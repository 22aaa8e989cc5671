-- SPDX-License-Identifier: Apache-2.0
local html = require "std.html"
local svg = require "std.svg"

describe("html", function()
  it("escapes texts and attributes", function()
    local out = tostring(html.div { class = 'a"b', title = "<x>", "<script>&'", html.b "ok" })
    assert.equal('<div class="a&quot;b" title="&lt;x&gt;">&lt;script&gt;&amp;&#39;<b>ok</b></div>',
      out)
  end)

  it("flattens lists, skips nil and false, keeps raw", function()
    local out = html.ul { { html.li { 1 }, html.li { 2 } }, false, nil, html.raw "<hr>" }
    assert.equal("<ul><li>1</li><li>2</li><hr></ul>", tostring(out))
    assert.equal("<input disabled>", tostring(html.input { disabled = true, checked = false }))
  end)

  it("refuses what could run code", function()
    assert.equal('<a href="#">x</a>', tostring(html.a { href = " java\nscript:alert(1)", "x" }))
    assert.equal('<a href="https://x/?a=1&amp;b">x</a>',
      tostring(html.a { href = "https://x/?a=1&b", "x" }))
    assert.has_error(function() html.div { onclick = "x" } end)
    assert.has_error(function() html.div { ['a b="'] = "x" } end)
    assert.has_error(function() html.element("a b") end)
  end)

  it("makes a document with a policy", function()
    local text = html.document { title = "<t>", style = "p{}</style>", body = { html.p "x" } }
    assert.is_truthy(text:find("<title>&lt;t&gt;</title>", 1, true))
    assert.is_truthy(text:find("default-src &#39;none&#39;", 1, true))
    assert.is_truthy(text:find("script-src &#39;none&#39;", 1, true))
    assert.equal(1, select(2, text:gsub("</style>", "")))
    text = html.document { title = "t", script_hashes = { "sha256-abc" } }
    assert.is_truthy(text:find("script-src &#39;sha256-abc&#39;", 1, true))
  end)
end)

describe("svg", function()
  it("draws with short numbers and escaped texts", function()
    local out = tostring(svg.drawing { width = 10, height = 5.5, title = "a<b",
      svg.rect { x = 1.0000001, y = 2, stroke_width = 0.5 }, svg.text { x = 0, "<&" } })
    assert.equal('<svg height="5.5" role="img" viewBox="0 0 10 5.5" width="10" '
      .. 'xmlns="http://www.w3.org/2000/svg"><title>a&lt;b</title>'
      .. '<rect stroke-width="0.5" x="1" y="2"></rect><text x="0">&lt;&amp;</text></svg>', out)
    assert.equal("1,2 3.5,0", svg.points { { 1, 2 }, { 3.5, -0.0001 } })
  end)

  it("raises for unknown elements and endless numbers", function()
    assert.has_error(function() svg.script {} end)
    assert.has_error(function() svg.rect { x = 0 / 0 } end)
  end)
end)

describe("html.escape", function()
  it("leaves nothing that could end an element or an attribute", function()
    assert.equal("&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;",
      html.escape [[<b a="1" c='2'>&amp;]])
  end)

  it("keeps line ends and tabs, replaces other control characters", function()
    assert.equal("a\tb\n\u{FFFD}[31m", html.escape "a\tb\n\27[31m")
    assert.equal("\u{FFFD}", html.escape "\0")
  end)

  it("takes any value", function()
    assert.equal("12", html.escape(12))
    assert.equal("nil", html.escape(nil))
  end)
end)
