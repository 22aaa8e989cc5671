-- SPDX-License-Identifier: Apache-2.0
-- merge: one run of the shards, the same whatever happened on the way.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fixture = dofile(here .. "/fixture.lua")
local fs = require "std.fs"
local json = require "std.json"
local lab_of = dofile(here .. "/lab.lua")
local resolve = require "std.resolve"
local shard = require "std.shard"
local store_of = require "std.store"

local COUNT = 3

describe("lsqm merge", function()
  local lab
  before_each(function()
    lab = lab_of.new()
    for letter in ("abcdef"):gmatch "." do
      lab:put(letter, letter == "b" and { tests = "0 2 0" } or nil)
    end
  end)
  after_each(function() lab:close() end)

  local function validate(i, into, ...)
    local result = lab:run { "validate", "--shard", i .. "/" .. COUNT, "--into",
      into or lab.path .. "/shards", ... }
    assert.equal(0, result.code, result.stderr)
  end

  local function merged(...)
    local result = lab:run { "merge", "--json", ... }
    return json.decode(result.stdout), result
  end

  it("equals the run without shards, ids and times aside", function()
    assert.equal(0, lab:run({ "validate" }).code)
    local whole = lab:run({ "merge", "--hash", "latest" }).stdout
    for i = 1, COUNT do validate(i) end
    local out, result = merged(lab.path .. "/shards")
    assert.equal(0, result.code, result.stderr)
    assert.equal(whole, "results " .. out.sha256 .. "\n")
    assert.equal(whole, lab:run({ "merge", "--hash", out.run_id }).stdout)
    assert.same({ 6, 5, 1 }, { out.summary.total, out.summary.passed, out.summary.failed })
    assert.same({}, (lab:check_contracts()))
    assert.equal("PASSED", lab:store():index().architectures[lab_of.hash "a"].last_status)
  end)

  it("changes nothing when shards ran twice, in another order, or died in between", function()
    for i = 1, COUNT do validate(i) end
    local first = merged(lab.path .. "/shards")
    local before = lab_of.snapshot(lab.repo)
    -- a second try elsewhere that was cut off, one that is whole, and the same folders again
    for i = 1, 2 do
      validate(i, lab.path .. "/again", "--shard-set", "same")
    end
    local again = merged(lab.path .. "/shards", lab.path .. "/shards")
    assert.is_false(again.changed)
    assert.equal(first.sha256, again.sha256)
    assert.equal(first.run_id, again.run_id)
    assert.same(before, lab_of.snapshot(lab.repo))
  end)

  it("names the missing shards and makes no run without being told", function()
    validate(2)
    local _, result = merged(lab.path .. "/shards")
    assert.equal(3, result.code)
    assert.matches("2 of 3 shards are missing: 1 3", result.stderr)
    assert.same({}, lab:store():runs())
    local out
    out, result = merged("--partial", lab.path .. "/shards")
    assert.equal(1, result.code)
    assert.same({ 1, 3 }, out.missing)
    -- the late ones still belong to it
    validate(1)
    validate(3)
    local whole
    whole, result = merged(lab.path .. "/shards")
    assert.equal(0, result.code, result.stderr)
    assert.equal(out.run_id, whole.run_id)
    assert.equal(6, whole.summary.total)
  end)

  it("says where there are none, and asks which where there are several", function()
    local _, result = merged()
    assert.equal(3, result.code)
    assert.matches("no shards in", result.stderr)
    validate(1, nil, "--shard-set", "monday")
    validate(1, nil, "--shard-set", "tuesday")
    _, result = merged(lab.path .. "/shards")
    assert.equal(2, result.code)
    local set = result.stderr:match("are here: (%x+)")
    _, result = merged("--set", set, lab.path .. "/shards")
    assert.matches("missing: 2 3", result.stderr)
  end)

  it("touches nothing in a dry run", function()
    for i = 1, COUNT do validate(i) end
    local before = lab_of.snapshot(lab.repo)
    local result = lab:run { "--dry-run", "merge", lab.path .. "/shards" }
    assert.equal(0, result.code, result.stderr)
    assert.matches("would merge 6 results of 3 shards", result.stdout)
    assert.same(before, lab_of.snapshot(lab.repo))
  end)

  it("merges each emulator of a matrix", function()
    lab:shadow("rules/emulators.lua", [[
      local function row() return { image = "none/none", port = 4566, health = "/health",
        version_field = "version", process = { module = "ministack", package = "ministack",
          env = { BIND_HOST = "{host}", GATEWAY_PORT = "{port}" } } } end
      return { first = row(), second = row() }]])
    for i = 1, COUNT do validate(i, nil, "--emulator", "first,second") end
    local result = lab:run { "merge", lab.path .. "/shards" }
    assert.equal(0, result.code, result.stderr)
    local runs = lab:store():runs { finished = true }
    assert.equal(2, #runs)
    assert.equal(runs[1].matrix, runs[2].matrix)
    assert.same({ 6, 6 }, { runs[1].summary.total, runs[2].summary.total })
  end)
end)

-- Shards made by hand, with the very results that the rule is about.
describe("the rule for two results", function()
  local store, dir, stage
  before_each(function()
    store, dir = fixture.store("ab")
    stage = assert(resolve.load("weekly", "merge"))
  end)
  after_each(function() dir:close() end)

  local function part(folder, index, results)
    local cut = shard.cut(store, { index = index, count = 2 })
    local run = assert(shard.open_run(store, cut, { terraform_version = "terraform 1" },
      { name = "ministack" }, { into = dir.path .. "/" .. folder }))
    for letter, extra in pairs(results) do
      assert(run:put_result(fixture.result(letter, extra.status, extra)))
    end
    return run
  end

  local function merge(...)
    local ctx = fixture.context(store, { workspace = dir.path })
    ctx.progress = { line = function(_, text) ctx.out(text) end }
    local code, err = stage.run(ctx, { dirs = { ... }, json = true })
    return json.decode(ctx.lines[#ctx.lines] or "null") or {}, code, err, ctx.text()
  end

  local early = { status = "PASSED", completed_at = "2026-01-10T00:00:03Z" }
  local late = { status = "FAILED", completed_at = "2026-01-10T00:00:09Z" }
  local broken = { status = "ERROR", completed_at = "2026-01-10T00:00:01Z" }

  local function twice(first, second)
    part("x", 1, { a = first }):finish()
    part("y", 1, { a = second }):finish()
    part("x", 2, { b = early }):finish()
  end

  local function status_of(out)
    return store:open_run(out.run_id):result(fixture.hash "a").status
  end

  it("keeps the earlier verdict and tells of the other, in either order", function()
    twice(late, early)
    local out, code = merge(dir.path .. "/x", dir.path .. "/y")
    assert.equal(0, code)
    assert.equal("PASSED", status_of(out))
    assert.same({ { arch_hash = fixture.hash "a", kept = "PASSED", dropped = { "FAILED" } } },
      out.conflicts)
    local again = merge(dir.path .. "/y", dir.path .. "/x")
    assert.is_false(again.changed)
    assert.same(out.conflicts, again.conflicts)
  end)

  it("prefers a verdict to an error, and calls that no conflict", function()
    twice(broken, late)
    local out = merge(dir.path .. "/x", dir.path .. "/y")
    assert.equal("FAILED", status_of(out))
    assert.same({}, out.conflicts)
  end)

  it("does not count a shard that was cut off, but a later try of it", function()
    part("x", 1, { a = early })
    part("x", 2, { b = early }):finish()
    local _, code, err = merge(dir.path .. "/x")
    assert.is_nil(code)
    assert.matches("1 of 2 shards are missing: 1", err.message)
    part("y", 1, { a = late }):finish()
    local out = merge(dir.path .. "/x", dir.path .. "/y")
    assert.equal("PASSED", status_of(out)) -- it was there before the shard died
  end)

  it("does not count a shard whose file is damaged, nor mend it", function()
    twice(early, early)
    assert(fs.remove(dir.path .. "/y"))
    local damaged
    for _, name in ipairs(fs.walk(dir.path .. "/x")) do
      if name:find(fixture.hash "a", 1, true) then damaged = dir.path .. "/x/" .. name end
    end
    assert(fs.write(damaged, "{ cut"))
    local _, code, err, text = merge(dir.path .. "/x")
    assert.is_nil(code)
    assert.matches("missing: 1", err.message)
    assert.matches("json decode", text)
    assert.equal("{ cut", fs.read(damaged))
  end)

  it("leaves out a folder that names another's run, and a result that is no file of its own",
    function()
      local whole = fixture.run(store, { a = "FAILED" })
      twice(early, early)
      local config, results
      for _, name in ipairs(fs.walk(dir.path .. "/y")) do
        local path = dir.path .. "/y/" .. name
        if name:find("config.json", 1, true) then config = path end
        if name:find("/results/", 1, true) then results = fs.dirname(path) end
      end
      local value = assert(json.read(config))
      value.run_id = whole.run_id
      assert(json.write(config, value))
      local out, code, _, text = merge(dir.path .. "/x", dir.path .. "/y")
      assert.equal(0, code)
      assert.matches("names a run that its set is not part of", text)
      assert.equal("FAILED", store:open_run(whole.run_id):result(fixture.hash "a").status)
      assert.is_false(out.run_id == whole.run_id)
      assert(fs.remove(fs.dirname(config)))
      assert(fs.copy(results:gsub("/y/", "/x/"), dir.path .. "/kept"))
      local into = results:gsub("/y/", "/x/")
      assert(fs.remove(into .. "/" .. fixture.hash "a" .. ".json"))
      assert(require("luv").fs_symlink(dir.path .. "/kept/" .. fixture.hash "a" .. ".json",
        into .. "/" .. fixture.hash "a" .. ".json"))
      assert(fs.remove(store:path("runs", out.run_id)))
      _, code, _, text = merge(dir.path .. "/x")
      assert.is_nil(code)
      assert.matches("belongs to another run or architecture", text)
    end)

  it("refuses results of two emulators", function()
    part("x", 1, { a = { status = "PASSED", emulator = { name = "m", version = "1" } } }):finish()
    part("x", 2, { b = { status = "PASSED", emulator = { name = "m", version = "2" } } }):finish()
    local _, code, err = merge(dir.path .. "/x")
    assert.is_nil(code)
    assert.matches("different emulators: m 1 in .* m 2 in", err.message)
    assert.same({}, store_of.open(store.root):runs())
  end)
end)
