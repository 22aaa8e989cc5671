-- SPDX-License-Identifier: Apache-2.0
-- The JSON Schemas say what std.meta.records says, and every file the store writes obeys them.

local fixture = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
  .. "/../pipelines/fixture.lua")
local check = require "std.meta.check"
local fs = require "std.fs"
local json = require "std.json"
local records = require "std.meta.records"
local resolve = require "std.resolve"
local schema = require "std.meta.schema"

local function schema_path(name)
  return resolve.find("weekly", "contracts/" .. name:gsub("_", "-") .. ".schema.json")
end

local function full_store()
  local store, dir = fixture.store("abc", { c = { skipped = true, skip_reason = "braket" } })
  assert(store:put_app({ arch_hash = fixture.hash("a"), generated_at = "2026-01-10T00:00:00Z",
    generator_version = "0.1.0", model_used = "rules", input_tokens = 0, output_tokens = 0 },
    { ["conftest.py"] = "", ["app.py"] = "", ["test_app.py"] = "", ["requirements.txt"] = "" }))
  for _, statuses in ipairs { { a = "PASSED", b = "PARTIAL" }, { a = "FAILED", b = "ERROR" },
    { a = "TIMEOUT", b = "PASSED" } } do
    assert(store:update_trends(fixture.run(store, statuses)))
  end
  assert(store:save_index())
  return store, dir
end

-- Which record a stored file is, by its place.
local PLACES = {
  { "^architectures/index%.json$", "index" },
  { "^architectures/%x+/metadata%.json$", "architecture" },
  { "^apps/%x+/generated_at%.json$", "test_app" },
  { "^runs/[%x-]+/config%.json$", "config" },
  { "^runs/[%x-]+/summary%.json$", "summary" },
  { "^runs/[%x-]+/results/%x+%.json$", "result" },
  { "^trends/services%.json$", "service_trends" },
  { "^trends/architectures%.json$", "architecture_trends" },
  { "^trends/regressions%.json$", "regressions" },
}

local function record_of(path)
  for _, place in ipairs(PLACES) do
    if path:find(place[1]) then return place[2] end
  end
end

describe("records", function()
  for _, name in ipairs(records.FILES) do
    it(name .. ": the schema file is up to date", function()
      local want = json.encode(schema.of(name), { pretty = true }) .. "\n"
      assert.equal(want, fs.read(schema_path(name)),
        "regenerate: lsqm exec pipelines/weekly/contracts/generate.lua")
    end)
  end

  it("cover every file that a full repository holds", function()
    local store, dir = full_store()
    local jsonschema = require "std.jsonschema"
    local validators, seen = {}, {}
    for _, name in ipairs(records.FILES) do
      validators[name] = jsonschema.compile(assert(json.read(schema_path(name))))
    end
    for _, path in ipairs(fs.walk(store.root)) do
      if path:find("%.json$") then
        local name = assert(record_of(path), "no record for " .. path)
        seen[name] = true
        local ok, problem = validators[name](assert(json.read(fs.join(store.root, path))))
        assert.is_true(ok, path .. ": " .. json.encode(problem or {}))
      end
    end
    for _, name in ipairs(records.FILES) do
      assert.is_true(seen[name], name .. " was not written")
    end
    dir:close()
  end)

  it("are refused by schema and store alike when they break a rule", function()
    local jsonschema = require "std.jsonschema"
    local function result(extra)
      local out = fixture.result("a", "PASSED", { run_id = "550e8400-e29b-41d4-a716-446655440000" })
      for key, value in pairs(extra) do out[key] = value end
      return out
    end
    local cases = {
      { "result", result { status = "GOOD" } },
      { "result", result { duration_seconds = 0 } },
      { "result", result { run_id = "550e8400-e29b-11d4-a716-446655440000" } },
      { "result", result { status = "ERROR" } },
      { "result", result { started_at = "yesterday" } },
      { "architecture", fixture.arch("a", { hash = "A1" }) },
      { "architecture", fixture.arch("a", { services = json.array {} }) },
      { "architecture", fixture.arch("a", { resource_count = 1.5 }) },
    }
    for i, case in ipairs(cases) do
      local validate = jsonschema.compile(schema.of(case[1]))
      assert.is_false((validate(case[2])), "case " .. i)
      assert.is_string(check.problem(case[1], case[2]), "case " .. i)
    end
    assert.is_true((jsonschema.compile(schema.of "result")(result {})))
  end)
end)
