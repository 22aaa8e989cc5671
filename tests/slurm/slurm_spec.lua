-- SPDX-License-Identifier: Apache-2.0
-- `lsqm engine slurm --submit` on a real Slurm of two nodes, one of which dies. Pretended tools.
-- tests/corpus/slurm.lua does the same with real architectures.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local cluster_of = dofile(here .. "/cluster.lua")
local fs = require "std.fs"
local lab_of = dofile(here .. "/../pipelines/lab.lua")
local shard = require "std.shard"
local uv = require "luv"

local COUNT <const> = 4

describe("lsqm engine slurm --submit", function()
  local cluster, reason, lab

  setup(function() cluster, reason = cluster_of.start(1) end)
  teardown(function() if cluster then cluster:close() end end)

  before_each(function()
    if not cluster then return end
    lab = lab_of.new()
    lab.env.SLURM_CONF = cluster.conf
    for letter in ("abcdef12"):gmatch "." do
      lab:put(letter, letter == "b" and { tests = "0 2 0" } or nil)
    end
    assert.equal(0, lab:run({ "run", "--to", "sync" }).code)
  end)
  after_each(function() if lab then lab:close() end end)

  local function main_of(letter, directive)
    local path = ("%s/architectures/%s/main.tf"):format(lab.repo, lab_of.hash(letter))
    assert(fs.write(path, "# fake: " .. directive .. "\n"))
  end

  local function until_(seconds, handle, what)
    for _ = 1, seconds * 10 do
      local value = what()
      if value then return value end
      assert(not handle:poll(), "ended too early")
      uv.sleep(100)
    end
    error("waited in vain", 2)
  end

  it("submits again what died with its node, and ends as a run without shards", function()
    if not cluster then return pending(reason) end
    assert.equal(0, lab:run({ "validate" }).code)
    local whole = lab:run({ "merge", "--hash", "latest" }).stdout
    local owner = shard.cut(lab:store(), { index = 1, count = COUNT }):owner(lab_of.hash "a")
    main_of("a", "hang")
    local handle <close> = lab:start { "engine", "slurm", "--shards", tostring(COUNT),
      "--prepared", "--option", "cpus=1", "--option", "scratch=" .. lab.path, "--submit" }
    local node = until_(40, handle, function()
      local task = cluster:queue()[tostring(owner)]
      local running = task and task.state == "RUNNING"
      return running and #fs.walk(lab.workspace .. "/engine/slurm", {
        include = { ("*/*/%d-of-%d/config.json"):format(owner, COUNT) } }) > 0 and task.node
    end)
    cluster:kill_node(node, true)
    main_of("a", "ok")
    local result = handle:wait()
    assert.equal(0, result.code, result.stderr .. result.stdout)
    assert.matches("NODE_FAIL", result.stderr)
    assert.matches("merge: 4 of 4 shards", result.stdout)
    assert.matches("total=8 passed=7 partial=0 failed=1", result.stdout)
    assert.equal(whole, result.stdout:match("results %x+\n"))
    assert.same({}, lab:running())
  end)
end)
