-- SPDX-License-Identifier: Apache-2.0
local hcl = require "std.hcl"
local json = require "std.json"

local function expr(source)
  local body = assert(hcl.parse("a = " .. source .. "\n"))
  return body.items[1].expr
end

describe("std.hcl parse", function()
  it("gives blocks and attributes with positions", function()
    local body = assert(hcl.parse('resource "aws_x" "y" {\n  name = "n"\n}\n'))
    local block = body.items[1]
    assert.equal("block", block.kind)
    assert.equal("resource", block.type)
    assert.same({ "aws_x", "y" }, block.labels)
    local name = block.body.items[1]
    assert.same({ "attribute", "name", 2, 3 }, { name.kind, name.name, name.line, name.col })
    assert.equal("n", name.expr.value)
    assert.equal(10, name.expr.col)
  end)

  it("gives literals as Lua values", function()
    assert.equal("integer", math.type(expr("12").value))
    assert.equal(1.5, expr("1.5").value)
    assert.equal(false, expr("false").value)
    assert.equal("literal", expr("null").kind)
    assert.is_nil(expr("null").value)
  end)

  it("gives the source of an expression", function()
    local e = expr("f(x.y , [1])")
    assert.equal("f(x.y , [1])", e.text)
    assert.equal("x.y", e.args[1].text)
    assert.is_nil(e.nothing)
  end)

  it("gives the fields of each kind", function()
    assert.equal("y", expr("x.y").name)
    assert.equal("x", expr("x.y").object.name)
    assert.equal(0, expr("x[0]").key.value)
    assert.is_true(expr("f(x...)").expand)
    assert.equal("+", expr("1 + 2").op)
    assert.equal(2, expr("1 + 2").right.value)
    assert.equal("v", expr("{ k = v }").items[1].value.name)
    assert.equal("c", expr("c ? 1 : 2").test.name)
    local loop = expr("{ for k, v in m : k => v if v }")
    assert.same({ "k", "v", "m" }, { loop.key_var, loop.value_var, loop.collection.name })
    assert.equal("template", expr('"a${b}"').kind)
    assert.equal("b", expr('"a${b}"').parts[2].name)
  end)

  it("says where and what is wrong", function()
    local body, err = hcl.parse("a = [1 2]\n", { file = "m.tf" })
    assert.is_nil(body)
    assert.equal("syntax", err.code)
    assert.equal("hcl parse: m.tf:1:8: expected ',' or ']' after the element, found '2'",
      tostring(err))
    assert.equal("a = [1 2]", err.source)
  end)

  it("raises for misuse", function()
    assert.error_matches(function() hcl.parse(1) end, "text must be a string")
  end)
end)

describe("std.hcl format", function()
  it("formats, and refuses what is not HCL", function()
    assert.equal("a  = 1\nbb = x\n", hcl.format('a=1\nbb="${x}"\n'))
    local text, err = hcl.format("a = \n")
    assert.is_nil(text)
    assert.equal("syntax", err.code)
  end)

  -- *.out.tf is what terraform fmt 1.11 made of *.in.tf
  it("agrees with the golden files", function()
    local fs = require "std.fs"
    local dir, seen = "tests/golden/hcl", 0
    for _, path in ipairs(assert(fs.walk(dir))) do
      local name = path:match("^(.*)%.in%.tf$")
      if name then
        seen = seen + 1
        local want = assert(fs.read(("%s/%s.out.tf"):format(dir, name)))
        assert.equal(want, hcl.format(assert(fs.read(dir .. "/" .. path))))
      end
    end
    assert.is_true(seen > 0)
  end)
end)

describe("std.hcl render", function()
  it("writes blocks, values and comments", function()
    local text = assert(hcl.render {
      hcl.comment "made here",
      hcl.block("resource", { "aws_x", "y" }, {
        { "name", "a${b}\"\n" },
        { "count", 2 },
        { "on", true },
        { "none", hcl.null },
        { "arn", hcl.expr "z.y.arn" },
        { "url", hcl.template { "http://", hcl.expr "h", "/x" } },
        { "list", { 1, 2 } },
        { "tags", { b = 1, ["a b"] = 2 } },
        { "ordered", hcl.object { { "z", 1 }, { "a", {} } } },
        hcl.block("nested", nil, {}),
      }),
      { "last", json.array {} },
    })
    assert.equal([[
# made here
resource "aws_x" "y" {
  name  = "a$${b}\"\n"
  count = 2
  on    = true
  none  = null
  arn   = z.y.arn
  url   = "http://${h}/x"
  list  = [1, 2]
  tags = {
    "a b" = 2
    b     = 1
  }
  ordered = {
    z = 1
    a = []
  }

  nested {}
}

last = []
]], text)
  end)

  it("reads back every string as it was", function()
    for _, s in ipairs { "$${", "%{x}", "$", "a\0b\r\t\\", "é${", "\127" } do
      local text = assert(hcl.render { { "a", s } })
      assert.equal(s, hcl.parse(text).items[1].expr.value)
    end
  end)

  it("keeps a heredoc's text, whatever is in it", function()
    for _, s in ipairs { "x\n  y\n", "EOT\nEOT1\n", "${a} %{b}\n", "\n" } do
      local text = assert(hcl.render { { "a", hcl.heredoc(s) }, { "b", { hcl.heredoc(s) } } })
      assert.equal(s, hcl.parse(text).items[1].expr.value)
      assert.equal(s, hcl.parse(text).items[2].expr.items[1].value)
    end
  end)

  it("keeps a dollar sign in front of an interpolation", function()
    local text = assert(hcl.render { { "a", hcl.template { "$", hcl.expr "x" } } })
    local parts = hcl.parse(text).items[1].expr.parts
    assert.same({ "$", "x" }, { parts[1].value, parts[2].name })
  end)

  it("returns an error for a raw expression that is not HCL", function()
    local text, err = hcl.render { { "a", hcl.expr "1 +" } }
    assert.is_nil(text)
    assert.equal("syntax", err.code)
  end)

  it("raises for what HCL cannot say", function()
    assert.error_matches(function() hcl.render { { "a", print } } end, "cannot write a function")
    local loop = {}
    loop.x = loop
    assert.error_matches(function() hcl.render { { "a", loop } } end, "too deeply")
  end)
end)

describe("std.hcl eval", function()
  it("takes names from the scope and gives Lua values", function()
    local scope = { var = { x = { 1, 2 }, none = hcl.null, m = { a = hcl.unknown } } }
    assert.same({ 2, 3 }, (hcl.eval("[for v in var.x : v + 1]", scope)))
    assert.equal(hcl.null, (hcl.eval("var.none", scope)))
    assert.equal(hcl.unknown, (hcl.eval("var.other", scope)))
    assert.equal(hcl.unknown, (hcl.eval("var.m.a", scope)))
    assert.equal(1.5, (hcl.eval("1.5", scope)))
  end)

  it("asks lazily, and only for what the expression names", function()
    local asked = {}
    local scope = { var = setmetatable({}, { __index = function(_, name)
      asked[#asked + 1] = name
      return name == "a" and "x" or nil
    end }) }
    assert.equal("x", (hcl.eval("true ? var.a : var.b", scope)))
    assert.same({ "a" }, asked)
  end)

  it("keeps empty lists, sets and maps apart", function()
    assert.equal("[]", json.encode((hcl.eval("[]"))))
    assert.equal("{}", json.encode((hcl.eval("{}"))))
    local set = hcl.eval('toset(["b", "a"])')
    assert.same({ "a" }, (hcl.eval("[for k, v in s : k if k == \"a\"]", { s = set })))
  end)

  it("says why there is no value", function()
    local value, why = hcl.eval("[1][2]")
    assert.is_nil(value)
    assert.equal("no element 2", why)
    local _, err = hcl.eval("1 +")
    assert.equal("syntax", err.code)
    assert.is_nil((hcl.eval("1)\nw = (2")))
  end)

  it("survives an error of the scope", function()
    local scope = setmetatable({}, { __index = function() error("no such scope", 0) end })
    assert.error_matches(function() hcl.eval("[a.b]", scope) end, "no such scope")
  end)
end)
