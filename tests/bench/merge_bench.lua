-- SPDX-License-Identifier: Apache-2.0
-- How long `lsqm merge` takes and how much memory it needs for a large run:
--   build/lsqm exec tests/bench/merge_bench.lua [RESULTS]      (10000)
-- 24 shards with logs, one of which ran twice; wall time, CPU time (where other work runs beside
-- it) and peak memory (ru_maxrss) of the program itself. Exit 1 above the limits.

local fs = require "std.fs"
local large = dofile "tests/bench/large.lua"
local shard = require "std.shard"

local SECONDS <const>, MEGABYTES <const>, SHARDS <const> = 5, 300, 24
local COUNT <const> = tonumber((...)) or 10000

local function result(hash)
  return {
    arch_hash = hash, status = "PASSED", duration_seconds = 2.5,
    started_at = "2026-01-10T00:00:00Z", completed_at = "2026-01-10T00:00:03Z",
    terraform_apply = { success = true, resources_created = 2, logs = large.LOG },
    pytest_results = { total = 2, passed = 2, failed = 0, skipped = 0 },
    container_logs = large.LOG, emulator = { name = "ministack", version = "1" },
  }
end

local function make_shard(store, list, index, into)
  local cut = shard.cut(store, { index = index, count = SHARDS })
  local run = assert(shard.open_run(store, cut, {}, { name = "ministack" }, { into = into }))
  for _, one in ipairs(cut:own(list)) do assert(run:put_result(result(one.hash))) end
  assert(run:finish { new_architectures = 0 })
end

local function merge(dir)
  local seconds, megabytes, said = large.measure({ "merge", dir .. "/shards", dir .. "/again" },
    { PATH = os.getenv "PATH", HOME = dir, LSQM_WORKSPACE = dir .. "/w" })
  print(("%slimits: %d s, %d MB"):format(said, SECONDS, MEGABYTES))
  return seconds <= SECONDS and megabytes <= MEGABYTES
end

local dir <close> = assert(fs.tempdir("merge-bench-"))
local store, list = large.fill(dir.path .. "/w/artifacts", COUNT), {}
for i = 1, COUNT do list[i] = { hash = large.hash_of(i) } end
for i = 1, SHARDS do make_shard(store, list, i, dir.path .. "/shards") end
make_shard(store, list, 1, dir.path .. "/again")
local ok = merge(dir.path)
ok = merge(dir.path) and ok -- once more changes nothing
return ok and 0 or 1
