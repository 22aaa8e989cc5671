-- SPDX-License-Identifier: Apache-2.0
-- Shards: every architecture in exactly one, balanced by what is known; what a shard leaves, and
-- how it goes on after a death. Pretended tools.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fixture = dofile(here .. "/fixture.lua")
local fs = require "std.fs"
local json = require "std.json"
local lab_of = dofile(here .. "/lab.lua")
local sha256 = require "std.sha256"
local shard = require "std.shard"
local tables = require "std.table"
local uv = require "luv"

local function hashes(count)
  local list = {}
  for i = 1, count do list[i] = { hash = sha256.string("architecture " .. i):sub(1, 16) } end
  return list
end

local function sizes(list, store, count)
  local seen, result = {}, {}
  for i = 1, count do
    local own = shard.cut(store, { index = i, count = count }):own(list)
    result[i] = #own
    for _, one in ipairs(own) do
      assert.is_nil(seen[one.hash], "in two shards")
      seen[one.hash] = i
    end
  end
  assert.equal(#list, #tables.keys(seen))
  return result, seen
end

describe("the partition", function()
  local store, dir
  before_each(function() store, dir = fixture.store("") end)
  after_each(function() dir:close() end)

  it("has each architecture in exactly one shard, for any number of them", function()
    local list = hashes(500)
    for _, count in ipairs { 1, 2, 3, 24, 256, 1000 } do sizes(list, store, count) end
    local of24 = sizes(list, store, 24)
    table.sort(of24)
    assert.is_true(of24[1] >= 8 and of24[24] <= 36, table.concat(of24, " "))
  end)

  it("depends on nothing but the hash and the last run", function()
    local list = hashes(200)
    local _, all = sizes(list, store, 7)
    local _, half = sizes(table.move(list, 1, 100, 1, {}), store, 7)
    for hash, index in pairs(half) do assert.equal(all[hash], index) end
  end)

  it("balances by the durations of the last finished run", function()
    local statuses, letters, load = {}, "abcdef", { 0, 0 }
    for letter in letters:gmatch "." do
      statuses[letter] = { status = "PASSED", duration_seconds = letter == "a" and 50.0 or 10.0 }
    end
    fixture.run(store, statuses)
    for i = 1, 2 do
      local cut = shard.cut(store, { index = i, count = 2 })
      for letter, one in pairs(statuses) do
        if cut:owner(fixture.hash(letter)) == i then load[i] = load[i] + one.duration_seconds end
      end
    end
    assert.same({ 50, 50 }, load)
  end)

  it("takes 3/24 and nothing like it", function()
    assert.same({ index = 3, count = 24 }, shard.parse("3/24"))
    for _, wrong in ipairs { "", "3", "0/4", "5/4", "1/0", "-1/4", "1/4x", "1.5/4", "1/99999" } do
      local value, err = shard.parse(wrong)
      assert.is_nil(value, wrong)
      assert.equal("usage", err.code)
    end
  end)
end)

describe("lsqm --shard", function()
  local lab
  before_each(function()
    lab = lab_of.new()
    for letter in ("abcd"):gmatch "." do lab:put(letter) end
  end)
  after_each(function() lab:close() end)

  local function ok(...)
    local result = lab:run { ... }
    assert.equal(0, result.code, result.stderr)
    return result.stdout
  end

  local function results_of(i, n)
    local found = {}
    for _, name in ipairs(fs.walk(lab.workspace .. "/shards") or {}) do
      local hash = name:match(("/%d%%-of%%-%d/results/(%%x+)%%.json$"):format(i, n))
      if hash then found[#found + 1] = hash end
    end
    return found
  end

  it("validates its share only and leaves no run in the repository", function()
    local total = 0
    for i = 1, 3 do
      assert.matches(("shard %d/3: total=%%d"):format(i), ok("validate", "--shard", i .. "/3"))
      total = total + #results_of(i, 3)
    end
    assert.equal(4, total)
    assert.same({}, lab:store():runs())
  end)

  it("repeats nothing that is done when it is run again", function()
    ok("validate", "--shard", "1/1")
    local before = lab_of.snapshot(lab.workspace .. "/shards")
    assert.matches("total=4 passed=4", ok("validate", "--shard", "1/1"))
    assert.same(before, lab_of.snapshot(lab.workspace .. "/shards"))
  end)

  it("goes on where a killed try stopped", function()
    lab:put("e", { terraform = "hang" })
    local handle <close> = lab:start { "validate", "--shard", "1/1" }
    repeat
      assert(not handle:poll(), "ended too early")
    until #results_of(1, 1) == 4 or (uv.sleep(30) and false)
    uv.kill(handle.pid, "sigkill")
    handle:wait()
    assert(fs.write(lab.repo .. "/architectures/" .. lab_of.hash "e" .. "/main.tf", "# fake: ok\n"))
    local result = lab:run { "validate", "--shard", "1/1" }
    assert.matches("total=5 passed=5", result.stdout)
    assert.matches("validate 1/1: PASSED", result.stderr)
    assert.is_nil(result.stderr:find("2/", 1, true))
  end)

  it("keeps the shards of different jobs apart", function()
    ok("validate", "--shard", "1/1", "--shard-set", "monday")
    ok("validate", "--shard", "1/1", "--shard-set", "tuesday")
    assert.equal(8, #results_of(1, 1))
  end)

  it("tries again what got worse, as a whole run does", function()
    ok("validate")
    lab:put("a", { tests = "0 2 0" })
    ok("validate", "--shard", "1/1")
    for _, name in ipairs(fs.walk(lab.workspace .. "/shards")) do
      if name:find(lab_of.hash "a", 1, true) then
        local result = assert(json.read(lab.workspace .. "/shards/" .. name))
        assert.equal("FAILED", result.status)
        assert.equal(2, #result.confirmation.rounds)
      end
    end
  end)

  it("is a shard's part of the flow, and brings along what it mined", function()
    local other <close> = lab_of.new()
    local config = ("{ sources = { { type = 'dir', path = '%s/src' } } }"):format(other.path)
    for _, name in ipairs { "x", "y", "z" } do
      assert(fs.mkdir(other.path .. "/src/" .. name))
      assert(fs.write(("%s/src/%s/main.tf"):format(other.path, name), ("# fake: ok\n"
        .. 'resource "aws_ssm_parameter" "%s" {\n  name  = "/%s"\n  type  = "String"\n'
        .. '  value = "x"\n}\n'):format(name, name)))
    end
    for i = 1, 2 do -- two runners, each with nothing but the sources
      assert(fs.remove(other.repo))
      local result = other:run({ "run", "--shard", i .. "/2" }, { config = config })
      assert.equal(0, result.code, result.stderr)
      assert.is_nil(result.stdout:find("report:", 1, true))
    end
    assert(fs.remove(other.repo))
    assert.equal(0, other:run({ "run", "--to", "sync" }).code)
    local result = other:run { "merge" }
    assert.equal(0, result.code, result.stderr)
    assert.matches("total=3 passed=3", result.stdout)
    result = other:run { "run", "--from", "report" }
    assert.equal(0, result.code, result.stderr)
    assert.matches("total=3 passed=3", result.stdout)
    assert.same({}, (other:check_contracts()))
    assert.equal(3, #other:store():architectures())
    assert.equal(3, other:latest().summary.new_architectures)
  end)

  it("refuses what makes no sense", function()
    for _, words in ipairs { { "run", "--shard", "5/4" }, { "validate", "--shard", "x" },
      { "run", "--shard", "1/2", "--to", "push" }, { "run", "--from", "push", "--to", "mine" } } do
      local result = lab:run(words)
      assert.equal(2, result.code, table.concat(words, " ") .. result.stderr)
    end
  end)
end)
