-- SPDX-License-Identifier: Apache-2.0
local error_of = require "std.error"
local json = require "std.json"
local yaml = require "std.yaml"

describe("yaml", function()
  it("reads scalars, lists, maps and JSON", function()
    local v = yaml.decode "a: 1\nb: [x, 2.5, true, ~]\nc: {}\nd: []\n200: '012'\n"
    assert.equal('{"200":"012","a":1,"b":["x",2.5,true,null],"c":{},"d":[]}', json.encode(v))
    assert.same({ a = { 1, "x" } }, yaml.decode '{"a": [1, "x"]}')
    assert.equal(yaml.null, yaml.decode "")
  end)

  it("turns CloudFormation's tags into long forms", function()
    local v = yaml.decode([==[
A: !GetAtt Bucket.Arn
B: !Sub "${A}-x"
C: !If [Cond, !Ref B, !Ref "AWS::NoValue"]
D: !GetAtt Nested.Outputs.Url
E: !GetAZs
F: !Join ["", [a, !Select [0, !Split [",", "a,b"]]]]
G: !Base64
  Fn::Sub: hello
H: yes
]==], { tags = "cloudformation" })
    assert.same({ ["Fn::GetAtt"] = { "Bucket", "Arn" } }, v.A)
    assert.same({ ["Fn::Sub"] = "${A}-x" }, v.B)
    assert.same({ ["Fn::If"] = { "Cond", { Ref = "B" }, { Ref = "AWS::NoValue" } } }, v.C)
    assert.same({ ["Fn::GetAtt"] = { "Nested", "Outputs.Url" } }, v.D)
    assert.same({ ["Fn::GetAZs"] = "" }, v.E)
    assert.same({ ["Fn::Split"] = { ",", "a,b" } }, v.F["Fn::Join"][2][2]["Fn::Select"][2])
    assert.same({ ["Fn::Base64"] = { ["Fn::Sub"] = "hello" } }, v.G)
    assert.is_true(v.H)
  end)

  it("names an unknown tag's place and the likely one", function()
    local v, err = yaml.decode("a:\n  b: !GetAt x.y\n", { tags = "cloudformation", file = "t.yml" })
    assert.is_nil(v)
    assert.same({ "t.yml", 2, 6 }, { err.file, err.line, err.col })
    assert.is_truthy(err.message:find('unknown tag !GetAt, did you mean "!GetAtt"?', 1, true))
    assert.is_truthy(error_of.format(err):find("  b: !GetAt x.y\n    |      ^", 1, true))
    v, err = yaml.decode "a: !Ref b"
    assert.is_nil(v)
    assert.equal("syntax", err.code)
  end)

  it("marks positions and order", function()
    local v, marks = yaml.decode("b: 1\na:\n  - x\n  - k: !Ref y\n",
      { marks = true, tags = "cloudformation" })
    assert.same({ "b", "a" }, marks[v].order)
    assert.same({ 2, 1 }, marks[v].keys.a)
    assert.same({ 4, 5 }, marks[v.a].keys[2])
    assert.equal(4, marks[v.a[2].k].line)
    assert.same({ "Ref" }, marks[v.a[2].k].order)
  end)

  it("takes a tag function", function()
    local v = yaml.decode("a: !twice 4", { tags = function(_, value) return value .. value end })
    assert.equal("44", v.a)
    assert.equal("4", yaml.decode("a: !x 4", { tags = "ignore" }).a)
  end)

  it("reports broken input with a caret", function()
    local v, err = yaml.decode("a: [1,\nb: }\n", { file = "x.yaml" })
    assert.is_nil(v)
    assert.equal("x.yaml", err.file)
    assert.equal("b: }", err.source)
    assert.equal(2, err.line)
    v, err = yaml.decode("a: 1\na: 2\n")
    assert.is_nil(v)
    assert.is_truthy(tostring(err):find("duplicate key", 1, true))
  end)

  it("reads a large text on a worker and stops at the limits", function()
    local list = yaml.decode(("- item\n"):rep(60000))
    assert.equal(60000, #list)
    local v, err = yaml.decode(("a"):rep(17 * 1024 * 1024))
    assert.is_nil(v)
    assert.equal("limit", err.code)
    v, err = yaml.decode(("["):rep(300000), { file = "deep.json" })
    assert.is_nil(v)
    assert.equal("deep.json", err.file)
  end)

  it("raises on misuse", function()
    assert.has_error(function() yaml.decode(1) end)
    assert.has_error(function() yaml.decode("a", { tags = "what" }) end)
  end)
end)
