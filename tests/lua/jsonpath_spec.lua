-- SPDX-License-Identifier: Apache-2.0
-- std.jsonpath: selections and assertions.

local json = require "std.json"
local jsonpath = require "std.jsonpath"

local DOCUMENT = assert(json.decode [[{"status": "healthy", "n": 3, "ok": true, "no": false,
  "nothing": null, "list": [{"x": 1, "name": "a"}, {"x": 2, "name": "b"}, {"x": 3}], "e": [],
  "deep": {"status": "inner", "k-y": {"0": "zero"}}, "ütf": 1}]])

describe("std.jsonpath", function()
  local selections = {
    { "$", 1 }, { "$.status", '["healthy"]' }, { "$['status']", '["healthy"]' },
    { '$["deep"].status', '["inner"]' }, { "$.list[0].x", "[1]" }, { "$.list[-1].x", "[3]" },
    { "$.list[*].x", "[1,2,3]" }, { "$.list[1:].x", "[2,3]" }, { "$.list[:-1].x", "[1,2]" },
    { "$..status", '["healthy","inner"]' }, { "$.list[?@.x == 2].name", '["b"]' },
    { "$.list[?(@.x > 1)].x", "[2,3]" }, { "$.list[?@.name].x", "[1,2]" }, { "$.missing", "[]" },
    { "$.list[9]", "[]" }, { "$.deep['k-y']['0']", '["zero"]' }, { "$.deep.k-y.*", '["zero"]' },
    { "$.ütf", "[1]" }, { "$.status.x", "[]" }, { "$.list..x", "[1,2,3]" }, { "$.e[*]", "[]" },
  }
  for _, case in ipairs(selections) do
    it("selects " .. case[1], function()
      local found = assert(jsonpath.compile(case[1])).values(DOCUMENT)
      if type(case[2]) == "number" then
        assert.equal(case[2], #found)
      else
        assert.equal(case[2], json.encode(json.array(found)))
      end
    end)
  end

  local assertions = {
    { "$.status == 'healthy'", true }, { '$.status == "sick"', false }, { "$.n > 2", true },
    { "$.n >= 3", true }, { "$.n < 3", false }, { "$.n <= 3", true }, { "$.n != 3", false },
    { "$.ok", true }, { "$.no", false }, { "$.nothing", false }, { "$.nothing == null", true },
    { "$.missing", false }, { "$.missing == null", false }, { "$.ok == true", true },
    { "$.status =~ '^heal'", true }, { "$.status =~ 'z$'", false }, { "$.n =~ '3'", false },
    { "$.list[*].x == 2", true }, { "$.n == 3.0", true }, { "$.status > 1", false },
    { "$.no == false", true },
  }
  for _, case in ipairs(assertions) do
    it(case[1] .. " is " .. tostring(case[2]), function()
      assert.equal(case[2], (assert(jsonpath.compile(case[1])).test(DOCUMENT)))
    end)
  end

  for _, text in ipairs { "", "status", "$.", "$[", "$['a", "$.a ==", "$.a = 1", "$.a == b",
    "$.a extra", "$[?@.x", "$[1" } do
    it("refuses " .. text, function()
      local path, err = jsonpath.compile(text)
      assert.is_nil(path)
      assert.equal("syntax", err.code)
      assert.is_truthy(err.col)
    end)
  end
end)
