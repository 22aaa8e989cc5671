-- SPDX-License-Identifier: Apache-2.0
-- Two runs between which templates changed or broke at their source.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local compare = require "std.store.compare"
local fs = require "std.fs"
local json = require "std.json"

local function results(statuses)
  local map = {}
  for hash, status in pairs(statuses) do
    map[hash] = { status = status, run_id = "r", completed_at = "t" }
  end
  return map
end

describe("lineage", function()
  local function run(a, b, metas)
    for hash, meta in pairs(metas) do meta.hash, meta.name = hash, hash end
    return compare.runs(results(a), results(b), metas, { lineage = true, run_id = "B" })
  end

  it("compares an architecture with the one that replaced it", function()
    local out = run({ a = "PASSED", b = "FAILED", c = "PARTIAL", d = "PASSED" },
      { x = "FAILED", y = "PASSED", z = "PASSED", w = "PASSED" },
      { a = { superseded_by = "x" }, x = { supersedes = "a" }, b = { superseded_by = "y" },
        y = { supersedes = "b" }, c = { superseded_by = "z" }, z = { supersedes = "c" },
        d = { superseded_by = "w" }, w = { supersedes = "d" } })
    assert.same({ 1, 1, 1, 1 }, { #out.regressions, #out.fixes, #out.changes, out.same })
    local one = out.regressions[1]
    assert.same({ "x", "a", "template changed", "PASSED", "FAILED" }, { one.arch_hash,
      one.from_arch_hash, one.note, one.from_status, one.to_status })
    assert.same({}, out.only_a)
    assert.same({}, out.only_b)
  end)

  it("follows several changes, also ones that were taken back", function()
    local out = run({ a = "PASSED" }, { c = "TIMEOUT" }, { a = { superseded_by = "b" },
      b = { supersedes = "a", superseded_by = "c" }, c = { supersedes = "b" } })
    assert.equal("a", out.regressions[1].from_arch_hash)
    out = run({ a = "PASSED" }, { a = "FAILED" }, { a = { supersedes = "b" },
      b = { supersedes = "a", superseded_by = "a" } })
    assert.equal(1, #out.regressions)
    assert.is_nil(out.regressions[1].note)
    out = run({ a = "PASSED" }, {}, { a = { supersedes = "b", superseded_by = "b" },
      b = { supersedes = "a", superseded_by = "a" } })
    assert.same({ 0, 1 }, { #out.regressions, #out.only_a })
  end)

  it("counts a source that no longer converts only where it worked before", function()
    local metas = { a = { source_error = "x.yaml:1:1: broken" }, b = { source_error = "bad" },
      c = { superseded_by = "d" }, d = { source_error = "worse" }, e = {} }
    local out = run({ a = "PASSED", b = "FAILED", c = "PARTIAL", e = "PASSED" }, {}, metas)
    assert.equal(2, #out.regressions)
    assert.same({ "a", "ERROR", "source no longer converts", "x.yaml:1:1: broken" },
      { out.regressions[1].arch_hash, out.regressions[1].to_status, out.regressions[1].note,
        out.regressions[1].reason })
    assert.same({ "c", "worse" }, { out.regressions[2].arch_hash, out.regressions[2].reason })
    assert.same({ "b", "e" }, out.only_a)
  end)

  it("says nothing when the hashes are the same or nobody asks", function()
    local metas = { a = { superseded_by = "x" }, x = { supersedes = "a" } }
    assert.equal(0, #compare.runs(results { a = "PASSED" }, results { x = "FAILED" },
      metas).regressions)
  end)
end)

describe("compare after a template broke at its source", function()
  local lab, config
  before_each(function()
    lab = lab_of.new()
    config = ("{ sources = { { type = 'dir', path = '%s/src' } } }"):format(lab.path)
  end)
  after_each(function() lab:close() end)

  local function template(name, text)
    assert(fs.mkdir(lab.path .. "/src/" .. name))
    assert(fs.write(("%s/src/%s/main.tf"):format(lab.path, name), text))
  end

  local function root(name, directive)
    template(name, ('# fake: %s\nresource "aws_ssm_parameter" "p" {\n  name  = "/%s"\n'
      .. '  type  = "String"\n  value = "x"\n}\n'):format(directive, name))
  end

  -- mine, apps for what has none, validate
  local function flow()
    local mined = lab:run({ "mine" }, { config = config })
    local store = lab:store()
    for _, meta in ipairs(store:architectures()) do
      if not store:app(meta.hash) then lab:put_app(meta.hash, {}, store) end
    end
    local result = lab:run({ "validate" }, { config = config })
    assert.equal(0, result.code, result.stderr)
    return mined
  end

  it("exits 0 for equal runs, 1 and the names after a change and a break", function()
    for _, name in ipairs { "steady", "broken", "changed" } do root(name, "ok") end
    assert.equal(0, flow().code)
    assert.equal(0, flow().code)
    local result = lab:run { "compare", "previous", "latest" }
    assert.equal(0, result.code, result.stdout)
    assert.contains(result.stdout, "0 regressions, 0 fixes, 0 other changes, 3 unchanged")
    template("broken", 'resource "aws_ssm_parameter" "p" {\n  name = \n}\n')
    root("changed", "fail creating SSM Parameter: not today")
    assert.equal(1, flow().code)
    result = lab:run { "compare" }
    assert.equal(1, result.code, result.stdout)
    assert.contains(result.stdout, "regressions: 2")
    assert.matches("%x+ broken  PASSED %-> ERROR[^\n]*\n%s+source no longer converts\n"
      .. "%s+[^\n]*/src/broken/main.tf:2:10", result.stdout)
    assert.matches("%x+ changed  PASSED %-> FAILED[^\n]*\n%s+template changed, was %x+\n"
      .. "%s+[^\n]*not today", result.stdout)
    local out = assert(json.decode(lab:run({ "compare", "--json" }).stdout))
    assert.same({ 2, 1 }, { #out.regressions, out.same })
    -- mended: nothing is left to complain of, and a third run without them is silent
    root("broken", "ok")
    root("changed", "ok")
    flow()
    result = lab:run { "compare" }
    assert.equal(0, result.code, result.stdout)
    assert.contains(result.stdout, "1 fixes")
    assert.same({}, (lab:check_contracts()))
  end)
end)
