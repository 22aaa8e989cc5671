-- SPDX-License-Identifier: Apache-2.0
local json = require "std.json"

describe("json", function()
  it("prints sorted keys, compact and pretty", function()
    local value = { b = 1, a = { true, json.null, "x" }, c = {} }
    assert.equal('{"a":[true,null,"x"],"b":1,"c":{}}', json.encode(value))
    assert.equal('{\n  "a": [\n    1\n  ]\n}', json.encode({ a = { 1 } }, { pretty = true }))
  end)

  it("keeps integers, floats and long integers", function()
    local v = json.decode "[1, 2.5, -0.1, 9007199254740993, 1e300]"
    assert.equal("integer", math.type(v[1]))
    assert.equal(9007199254740993, v[4])
    assert.equal("[1,2.5,-0.1,9007199254740993,1e+300]", json.encode(v))
    assert.equal("integer", math.type(json.decode "7"))
  end)

  it("keeps empty arrays apart from empty objects", function()
    local text = '{"a":[],"o":{},"s":"[]"}'
    assert.equal(text, json.encode(json.decode(text)))
    assert.equal("[]", json.encode(json.array()))
    assert.is_true(json.is_array(json.decode "[ ]"))
  end)

  it("reads logs full of brackets and digits as fast as any text", function()
    local dkjson = require "dkjson"
    local decode, slow = dkjson.decode, 0
    dkjson.decode = function(...)
      slow = slow + 1
      return decode(...)
    end
    local value = json.decode '{"log":"[] [ ] 12345678901234567890","list":[[1]],"n":[1]}'
    assert.equal("[] [ ] 12345678901234567890", value.log)
    assert.equal(0, slow)
    assert.is_true(json.is_array(json.decode('{"log":"[x]","list":[ \n ]}').list))
    assert.equal(1, slow)
    dkjson.decode = decode
  end)

  it("escapes and repairs strings", function()
    assert.equal('"a\\"\\n\\u0001\\\\"', json.encode 'a"\n\1\\')
    assert.equal('"x\u{FFFD}y"', json.encode "x\xffy")
    assert.equal("\u{1F600}", json.decode '"\\ud83d\\ude00"')
  end)

  it("says where the text is wrong", function()
    local v, err = json.decode('{\n  "a": [1,\n}', { file = "x.json" })
    assert.is_nil(v)
    assert.equal("syntax", err.code)
    assert.same({ "x.json", 3, 1 }, { err.file, err.line, err.col })
    assert.equal("}", err.source)
    for _, bad in ipairs { "", "[1] x", "[nan]", '"\\ud800"', "{'a':1}", ("["):rep(300) } do
      v, err = json.decode(bad)
      assert.is_nil(v)
      assert.is_truthy(err.message)
    end
  end)

  it("raises for what JSON cannot say", function()
    assert.has_error(function() json.encode(print) end)
    assert.has_error(function() json.encode(0 / 0) end)
    local cycle = {}
    cycle.me = cycle
    assert.has_error(function() json.encode(cycle) end)
    assert.has_error(function() json.decode(nil) end)
  end)
end)
