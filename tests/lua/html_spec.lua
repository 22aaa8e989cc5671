-- SPDX-License-Identifier: Apache-2.0
local html = require "std.html"

describe("html.escape", function()
  it("leaves nothing that could end an element or an attribute", function()
    assert.equal("&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;", html.escape [[<b a="1" c='2'>&amp;]])
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
