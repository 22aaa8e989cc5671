-- SPDX-License-Identifier: Apache-2.0
-- How long `lsqm push` takes and how much memory it needs for a large run:
--   build/lsqm exec tests/bench/push_bench.lua [RESULTS]      (10000)
-- Two runs of RESULTS architectures each with logs, 1 % of them regressed, a bare remote on disk;
-- wall time, CPU time (where other work runs beside it) and peak memory (ru_maxrss) of the program
-- itself. Exit 1 above the limits.

local fs = require "std.fs"
local git = require "std.git"
local large = dofile "tests/bench/large.lua"
local time = require "std.time"

local SECONDS <const>, MEGABYTES <const> = 5, 300
local COUNT <const> = tonumber((...)) or 10000

local function result(i, status)
  local good = status == "PASSED"
  return {
    arch_hash = large.hash_of(i), status = status, duration_seconds = 2.5,
    started_at = "2026-01-10T00:00:00Z", completed_at = "2026-01-10T00:00:03Z",
    terraform_apply = { success = good, resources_created = 2, logs = large.LOG .. (good and "" or
      ("Error: operation error SQS: Op%d, api error NotImplemented: no"):format(i % 7)) },
    pytest_results = { total = 2, passed = good and 2 or 0, failed = 0, skipped = 0 },
    container_logs = large.LOG,
  }
end

local function make_run(store, at, failing)
  local real = time.now
  time.now = function() return at end
  local run = assert(store:new_run({ parallel = 2, lsqm_version = "0" },
    { name = "ministack", version = "1" }))
  for i = 1, COUNT do
    assert(run:put_result(result(i, failing and i % 100 == 0 and "FAILED" or "PASSED")))
  end
  assert(run:finish { new_architectures = 0 })
  time.now = real
  return run
end

local dir <close> = assert(fs.tempdir("push-bench-"))
local path, bare = dir.path .. "/w/artifacts", dir.path .. "/b.git"
assert(fs.mkdir(dir.path .. "/w"))
assert(git.init(bare, { bare = true }))
assert(git.clone { url = bare, path = path })
local env = { PATH = os.getenv "PATH", HOME = dir.path, LSQM_WORKSPACE = dir.path .. "/w",
  ARTIFACT_REPO = bare }

local store = large.fill(path, COUNT)
make_run(store, 1768000000)
large.measure({ "push" }, env) -- everything
make_run(store, 1768604800, true)
large.measure({ "report" }, env)
local seconds, megabytes = large.measure({ "push" }, env, 1)
print(("%d results: push in %.2f s (limit %d), %d MB (limit %d)"):format(COUNT, seconds, SECONDS,
  megabytes, MEGABYTES))
return seconds <= SECONDS and megabytes <= MEGABYTES and 0 or 1
