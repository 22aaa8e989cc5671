-- SPDX-License-Identifier: Apache-2.0
-- A run in 24 shards on a real Slurm of two nodes, one of which dies half-way, beside the run
-- without shards (root only, needs the packages munge and slurm-wlm):
--   build/lsqm exec tests/corpus/slurm.lua WORKSPACE [SHARDS]
-- The corpus is what `lsqm --workspace WORKSPACE run` has mined there, by default the samples; its
-- latest run without shards is the one to compare with, and is made where there is none.
-- Exit 1 when the results' hashes differ.

local fs = require "std.fs"
local merge = require "std.store.merge"
local process = require "std.process"
local program = require "lsqm.program"
local store_of = require "std.store"
local uv = require "luv"

local cluster_of = dofile(program.share .. "/tests/slurm/cluster.lua")

local workspace, count = ...
if not workspace then error("usage: slurm.lua WORKSPACE [SHARDS]", 0) end
workspace, count = fs.absolute(workspace), math.tointeger(tonumber(count or 24))

local function command(args, env)
  local all = uv.os_environ()
  for key, value in pairs(env or {}) do all[key] = value end
  return { argv = { uv.exepath(), "--workspace", workspace, table.unpack(args) }, env = all,
    timeout = 7200 }
end

local function lsqm(...)
  local result = assert(process.run(command { ... }))
  assert(result.code <= 1, result.stderr)
  return result.stdout
end

-- The newest finished run that is not itself merged.
local function reference()
  local store = store_of.open(workspace .. "/artifacts", { readonly = true })
  for _, record in ipairs(store and store:runs { finished = true } or {}) do
    if not record.merged then return record.run_id end
  end
end

local function finished(dir)
  local done = 0
  for _, part in ipairs((merge.scan { dir })) do
    if part.summary then done = done + 1 end
  end
  return done
end

-- A node dies once half of the shards are done, while it works on another.
local function blow(cluster, handle, dir)
  while finished(dir) < count // 2 do
    if handle:poll() then return nil end
    uv.sleep(500)
  end
  while not handle:poll() do
    for task, one in pairs(cluster:queue()) do
      if one.state == "RUNNING" and tonumber(task) then
        cluster:kill_node(one.node)
        return one.node, task, finished(dir)
      end
    end
    uv.sleep(200)
  end
end

if not reference() then lsqm("run", "--to", "validate") end
local whole = lsqm("merge", "--hash", reference()):match("results (%x+)")

local cluster <close>, reason = cluster_of.start(2)
if not cluster then error(reason, 0) end
local dir = ("%s/engine/slurm-%d"):format(workspace, uv.os_getpid())
local began = uv.hrtime()
local handle <close> = assert(process.start(command({ "engine", "slurm", "--output", dir,
  "--shards", tostring(count), "--prepared", "--option", "cpus=1", "--submit" },
  { SLURM_CONF = cluster.conf })))
local node, task, done = blow(cluster, handle, dir)
local result = handle:wait()
io.write(result.stderr, result.stdout)
print(("%d shards, %.0f s; node %s was killed with shard %s under way, %s shards done"):format(
  count, (uv.hrtime() - began) / 1e9, tostring(node), tostring(task), tostring(done)))
local merged = result.stdout:match("results (%x+)")
print("without shards " .. tostring(whole))
print("merged         " .. tostring(merged))
return node and merged == whole and 0 or 1
