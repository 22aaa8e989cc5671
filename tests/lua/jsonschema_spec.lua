-- SPDX-License-Identifier: Apache-2.0
local fs = require "std.fs"
local json = require "std.json"
local jsonschema = require "std.jsonschema"

local SUITE = require("std.python").cache_dir() .. "/jsonschema-suite"

local DRAFTS <const> = { [7] = "draft7", [2020] = "draft2020-12" }

local function remotes()
  local schemas = {}
  for _, path in ipairs(fs.walk(SUITE .. "/remotes")) do
    schemas["http://localhost:1234/" .. path] = json.read(fs.join(SUITE, "remotes", path))
  end
  return schemas
end

-- Runs one file of the suite; returns how many cases ran and what failed.
local function run_file(path, options, failed)
  local count = 0
  for _, group in ipairs(assert(json.read(path))) do
    local validate, err = jsonschema.compile(group.schema, options)
    for _, case in ipairs(group.tests) do
      count = count + 1
      local ok, got = pcall(function() return (validate(case.data)) end)
      if not ok or got ~= case.valid then
        failed[#failed + 1] = ("%s: %s: %s %s"):format(fs.basename(path), group.description,
          case.description, tostring(err or (not ok and got) or ""))
      end
    end
  end
  return count
end

-- All required cases of a draft: the files beside its folder "optional".
local function run_draft(draft)
  local failed, count, schemas = {}, 0, remotes()
  local folder = fs.join(SUITE, "tests", DRAFTS[draft])
  for _, entry in ipairs(assert(fs.list(folder))) do
    if entry.type == "file" then
      -- Since 2019-09 `format` is an annotation unless asked for otherwise; we ask by default.
      count = count + run_file(fs.join(folder, entry.name), { draft = draft, schemas = schemas,
        formats = draft == 7 }, failed)
    end
  end
  return count, failed
end

local function check(schema, value, options)
  local validate, err = jsonschema.compile(assert(json.decode(schema)), options)
  return assert(validate, err)(assert(json.decode(value)))
end

describe("jsonschema", function()
  for draft in pairs(DRAFTS) do
    it("passes the required cases of draft " .. draft, function()
      if not fs.is_dir(SUITE) then
        pending "the test suite is not there (`make setup-test`)"
        return
      end
      local count, failed = run_draft(draft)
      assert.equal("", table.concat(failed, "\n"))
      assert.is_true(count > 400, count)
    end)
  end

  it("tells where and why", function()
    local schema = [[{"type": "object", "required": ["id"], "properties":
      {"id": true, "list": {"items": {"type": "integer"}}}, "additionalProperties": false}]]
    local ok, result = check(schema, '{"list": [1, "x"], "a/b": 1}')
    assert.is_false(ok)
    local text = jsonschema.describe(result)
    assert.is_truthy(text:find("/list/1: must be integer, is string", 1, true))
    assert.is_truthy(text:find("/: id is missing", 1, true))
    assert.is_truthy(text:find("/a~1b: nothing is allowed here", 1, true))
    assert.equal(3, #result.errors)
    assert.is_true(check(schema, '{"id": 1, "list": []}'))
  end)

  it("knows 2020-12: prefixItems, dependent*, unevaluated*, contains", function()
    local cases = {
      { '{"prefixItems": [{"type": "string"}], "items": false}', '["a"]', '["a", 1]' },
      { '{"dependentRequired": {"a": ["b"]}}', '{"a": 1, "b": 2}', '{"a": 1}' },
      { '{"dependentSchemas": {"a": {"required": ["c"]}}}', '{"b": 1}', '{"a": 1}' },
      { '{"contains": {"const": 1}, "minContains": 2, "maxContains": 2}', "[1, 1]", "[1, 1, 1]" },
      { '{"contains": {"const": 1}, "minContains": 0}', "[]", nil },
      { '{"allOf": [{"properties": {"a": true}}], "unevaluatedProperties": false}', '{"a": 1}',
        '{"a": 1, "b": 2}' },
      { '{"anyOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"required": ["b"]}],'
        .. '"unevaluatedProperties": false}', '{"a": 1}', '{"b": 1}' },
      { '{"if": {"required": ["a"], "properties": {"a": true}}, "unevaluatedProperties": false}',
        '{"a": 1}', '{"b": 1}' },
      { '{"prefixItems": [true], "unevaluatedItems": false}', "[1]", "[1, 2]" },
      { '{"prefixItems": [true], "contains": {"const": 2}, "unevaluatedItems": false}', "[1, 2]",
        "[1, 2, 3]" },
      { '{"$defs": {"x": {"$anchor": "here", "type": "null"}}, "$ref": "#here"}', "null", "1" },
      { '{"$ref": "#/$defs/n", "minimum": 5, "$defs": {"n": {"type": "integer"}}}', "5", "4" },
      { '{"type": ["object", "null"], "format": "date"}', "null", "[]" },
      { '{"format": "date-time"}', '"2026-01-10T00:00:00Z"', '"2026-01-10"' },
    }
    for _, case in ipairs(cases) do
      assert.is_true(check(case[1], case[2]), case[1])
      if case[3] then assert.is_false((check(case[1], case[3])), case[1]) end
    end
  end)

  it("follows $dynamicRef to the outermost anchor", function()
    local tree = json.decode [[{"$id": "http://x/tree", "$dynamicAnchor": "node", "type": "object",
      "properties": {"data": true, "children": {"type": "array",
        "items": {"$dynamicRef": "#node"}}}}]]
    local strict = [[{"$id": "http://x/strict", "$dynamicAnchor": "node", "$ref": "tree",
      "unevaluatedProperties": false}]]
    local options = { schemas = { ["http://x/tree"] = tree } }
    assert.is_true(check(strict, '{"children": [{"data": 1}]}', options))
    assert.is_false((check(strict, '{"children": [{"daat": 1}]}', options)))
  end)

  it("refuses broken schemas", function()
    for _, bad in ipairs { { ["$ref"] = "#/nowhere" }, { pattern = "a(" }, { type = "strnig" },
      { ["not"] = 1 } } do
      local validate, err = jsonschema.compile(bad)
      assert.is_nil(validate)
      assert.equal("syntax", err.code)
    end
  end)
end)
