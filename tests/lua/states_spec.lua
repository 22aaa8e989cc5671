-- SPDX-License-Identifier: Apache-2.0
-- What tests/corpus/states.lua takes for the same Terraform state, and what it does not.
local program = require "lsqm.program"
local states = dofile(program.share .. "/tests/corpus/states.lua")

local A, B = "0aec5f1b-60a2-4f9e-9a4c-1f51c4f1f001", "7d1e5f1b-60a2-4f9e-9a4c-1f51c4f1f002"
local C = "11115f1b-60a2-4f9e-9a4c-1f51c4f1f003"

local function state_of(attributes, more)
  local state = { version = 4, serial = 3, lineage = A, resources = { { type = "aws_x",
    name = "x", instances = { { attributes = attributes, sensitive_attributes = {} } } } } }
  for key, value in pairs(more or {}) do state[key] = value end
  return state
end

local function compare(a, b, more_a, more_b)
  return states.compare({ endpoint = "http://127.0.0.1:4000", dir = "/tmp/one",
    state = state_of(a, more_a) }, { endpoint = "http://127.0.0.1:4566", dir = "/tmp/two",
    state = state_of(b, more_b) })
end

describe("states of one root", function()
  local same = {
    ["equal values"] = { { n = 1, list = { "a", "b" } }, { n = 1, list = { "a", "b" } } },
    ["another id, everywhere"] = { { id = A, arn = "arn:aws:kms:key/" .. A },
      { id = B, arn = "arn:aws:kms:key/" .. B } },
    ["times close by"] = { { at = "2026-01-01T10:00:00Z", stream = "s/2026-01-01T10:00:01.123" },
      { at = "2026-01-01T10:05:00Z", stream = "s/2026-01-01T10:05:01.9" } },
    ["Lambda's time zone"] = { { at = "2026-01-01T10:00:00.1+0000" },
      { at = "2026-01-01T10:05:00.2+0000" } },
    ["unique names"] = { { name = "terraform-20261121144126029400000001" },
      { name = "terraform-2026112114413904710000001f" } },
    ["the emulator's address"] = { { url = "http://127.0.0.1:4000/q" },
      { url = "http://127.0.0.1:4566/q" } },
    ["the root's folder"] = { { file = "/tmp/one/a.zip" }, { file = "/tmp/two/a.zip" } },
    ["secrets, roles, pools, APIs"] = {
      { a = "arn:aws:secretsmanager:us-east-1:0:secret:p/db-969ec5", b = "AROAC40EE0937FE343859",
        c = "us-east-1_7oGzhyd4B", d = "agi-3e035f40-GET" },
      { a = "arn:aws:secretsmanager:us-east-1:0:secret:p/db-887981", b = "AROAAE9B1F553EEC44D9B",
        c = "us-east-1_65w32DVoq", d = "agi-9e81db3f-GET" } },
  }
  for name, pair in pairs(same) do
    it("are equal with " .. name, function()
      local equal, why = compare(pair[1], pair[2])
      assert.is_true(equal, why)
    end)
  end

  local different = {
    ["another number"] = { { n = 128 }, { n = 256 } },
    ["another text"] = { { mode = "PROVISIONED" }, { mode = "PAY_PER_REQUEST" } },
    ["a value for none"] = { { n = 1 }, {} },
    ["none for a value"] = { {}, { n = 1 } },
    ["another order"] = { { list = { "a", "b" } }, { list = { "b", "a" } } },
    ["fewer items"] = { { list = { "a", "b" } }, { list = { "a" } } },
    ["another type"] = { { n = "1" }, { n = 1 } },
    ["a reference to something else"] = { { id = A, key = A }, { id = B, key = C } },
    ["two ids become one"] = { { id = A, key = C }, { id = B, key = B } },
    ["a time far away"] = { { at = "2026-01-01T10:00:00Z" }, { at = "2030-01-01T10:00:00Z" } },
    ["another text around an id"] = { { arn = "key/" .. A }, { arn = "alias/" .. B } },
    ["another checksum"] = { { etag = "d41d8cd98f00b204e9800998ecf8427e" },
      { etag = "0cc175b9c0f1b6a831c399e269772661" } },
    ["another port"] = { { url = "http://127.0.0.1:9999/q" }, { url = "http://127.0.0.1:4566/q" } },
  }
  for name, pair in pairs(different) do
    it("differ with " .. name, function()
      local equal, why = compare(pair[1], pair[2])
      assert.is_false(equal)
      assert.is_string(why)
    end)
  end

  it("may have another lineage and another count of writes, but not none", function()
    assert.is_true((compare({}, {}, {}, { lineage = B, serial = 4 })))
    assert.is_false((compare({}, {}, {}, { lineage = 1 })))
    assert.is_false((compare({}, {}, {}, { version = 5 })))
  end)

  it("differ when a resource is missing", function()
    assert.is_false((compare({}, {}, {}, { resources = {} })))
  end)
end)
