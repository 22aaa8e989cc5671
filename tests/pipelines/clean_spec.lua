-- SPDX-License-Identifier: Apache-2.0
-- clean without an engine: processes and files. Containers: tests/docker/flow_spec.lua.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local fs = require "std.fs"
local json = require "std.json"
local owner = require "std.emulator.owner"
local process = require "std.process"
local uv = require "luv"

describe("clean", function()
  local lab, tmp
  before_each(function()
    lab = lab_of.new()
    tmp = lab.workspace .. "/tmp"
    assert(fs.mkdir(tmp))
  end)
  after_each(function() lab:close() end)

  -- A process that only waits; env as a validation's programs have it.
  local function sleeper(env)
    return assert(process.start { argv = { "sleep", "300" }, env = env })
  end

  local function record(pid, identity)
    assert(fs.write(("%s/process-%d.json"):format(tmp, pid),
      json.encode { pid = pid, identity = identity, owner = "1:1" }))
  end

  it("ends recorded processes and those at work in its folder, and removes that", function()
    local recorded <close> = sleeper()
    local working <close> = sleeper { TMPDIR = tmp .. "/validate-x" }
    local stranger <close> = sleeper { TMPDIR = lab.path .. "/elsewhere" }
    record(recorded.pid, owner.of(recorded.pid))
    local result = lab:run { "clean" }
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "0 containers, 0 networks, 2 processes and " .. tmp)
    assert.equal(9, recorded:wait().signal or recorded:wait().code - 128)
    assert.equal(9, working:wait().signal or working:wait().code - 128)
    assert.is_nil(stranger:poll())
    assert.is_false(fs.exists(tmp))
    assert.is_true(fs.exists(lab.workspace))
    assert.equal(0, lab:run({ "clean" }).code)
  end)

  it("ends no process that only has the pid of a dead one", function()
    local innocent <close> = sleeper()
    record(innocent.pid, innocent.pid .. ":1")
    assert(fs.write(tmp .. "/process-1.json", "not json"))
    local result = lab:run { "clean" }
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "0 processes")
    assert.is_nil(innocent:poll())
  end)

  it("spares what a running lsqm uses, unless told otherwise", function()
    local alive <close> = sleeper { TMPDIR = tmp .. "/validate-y" }
    owner.record(tmp, "run", uv.os_getpid())
    local result = lab:run { "clean" }
    assert.contains(result.stdout, "kept what a running lsqm uses")
    assert.is_nil(alive:poll())
    assert.is_true(fs.exists(tmp))
    result = lab:run { "clean", "--all" }
    assert.contains(result.stdout, "1 processes")
    alive:wait()
    assert.is_false(fs.exists(tmp))
  end)

  it("leaves artifacts, logs and everything else of the workspace", function()
    lab:put("a")
    assert.equal(0, lab:run({ "validate" }).code)
    local before = lab_of.snapshot(lab.repo)
    assert.equal(0, lab:run({ "clean" }).code)
    assert.same(before, lab_of.snapshot(lab.repo))
    assert.is_true(fs.exists(lab.workspace .. "/logs/lsqm.jsonl"))
  end)

  it("is not needed after a kill: the next run removes what the dead one left", function()
    lab:put("a")
    local left <close> = sleeper { TMPDIR = tmp .. "/validate-dead" }
    record(left.pid, owner.of(left.pid))
    assert(fs.mkdir(tmp .. "/validate-dead/app"))
    assert(fs.mkdir(tmp .. "/warm-dead/s1"))
    assert(fs.write(tmp .. "/run-1.json", json.encode { pid = 1, identity = "1:1" }))
    local sockets = lab.path .. "/lsqm-tf-1:1-abc"
    local others = lab.path .. "/lsqm-tf-" .. owner.of() .. "-abc"
    local translator, mined = lab.path .. "/lsqm-sam-1:1-abc", tmp .. "/lsqm-mine-1:1-abc"
    local foreign = lab.path .. "/lsqm-sam-abc"
    for _, dir in ipairs { sockets, others, translator, mined, foreign } do
      assert(fs.mkdir(dir))
    end
    local result = lab:run({ "validate" }, { env = { TMPDIR = lab.path } })
    assert.equal(0, result.code, result.stderr)
    assert.equal(9, left:wait().signal or left:wait().code - 128)
    assert.same({ false, true }, { fs.exists(sockets), fs.exists(others) })
    assert.same({ false, false, true }, { fs.exists(translator), fs.exists(mined),
      fs.exists(foreign) })
    for _, entry in ipairs(fs.list(tmp)) do
      assert.is_nil(entry.name:match "^validate" or entry.name:match "^warm"
        or entry.name:match "%.json$")
    end
  end)

  it("and no run touches what another one uses", function()
    lab:put("a")
    local alive <close> = sleeper { TMPDIR = tmp .. "/validate-y" }
    assert(fs.mkdir(tmp .. "/validate-y"))
    owner.record(tmp, "run", uv.os_getpid())
    assert.equal(0, lab:run({ "validate" }).code)
    assert.is_nil(alive:poll())
    assert.is_true(fs.exists(tmp .. "/validate-y"))
  end)

  it("does not follow links out of its folder", function()
    assert(fs.mkdir(lab.path .. "/precious"))
    assert(fs.write(lab.path .. "/precious/file", "x"))
    assert(uv.fs_symlink(lab.path .. "/precious", tmp .. "/link"))
    assert.equal(0, lab:run({ "clean" }).code)
    assert.equal("x", fs.read(lab.path .. "/precious/file"))
  end)

  it("says what a dry run would do and touches nothing", function()
    local recorded <close> = sleeper()
    record(recorded.pid, owner.of(recorded.pid))
    local before = lab_of.snapshot(lab.path)
    local result = lab:run { "--dry-run", "clean" }
    assert.equal(0, result.code, result.stderr)
    assert.contains(result.stdout, "would remove 0 containers, 0 networks, 1 processes and " .. tmp)
    assert.same(before, lab_of.snapshot(lab.path))
    assert.is_nil(recorded:poll())
  end)
end)
