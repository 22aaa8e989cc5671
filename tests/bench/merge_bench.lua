-- SPDX-License-Identifier: Apache-2.0
-- How long `lsqm merge` takes and how much memory it needs for a large run:
--   build/lsqm exec tests/bench/merge_bench.lua [RESULTS]      (10000)
-- 24 shards with logs, one of which ran twice; wall time, CPU time (where other work runs beside
-- it) and peak memory (ru_maxrss) of the program itself. Exit 1 above the limits.

local fs = require "std.fs"
local process = require "std.process"
local shard = require "std.shard"
local store_of = require "std.store"
local time = require "std.time"
local uv = require "luv"

local SECONDS <const>, MEGABYTES <const>, SHARDS <const> = 5, 300, 24
local COUNT <const> = tonumber((...)) or 10000
local LOG <const> = ("aws_sqs_queue.jobs: Creation complete after 1s [id=http://queue]\n"):rep(40)

-- Spread like real ones: digits alone would be read as a number too long for a float.
local function hash_of(i) return ("%016x"):format(i * 0x9E3779B97F4A7C15) end

local function result(hash)
  return {
    arch_hash = hash, status = "PASSED", duration_seconds = 2.5,
    started_at = "2026-01-10T00:00:00Z", completed_at = "2026-01-10T00:00:03Z",
    terraform_apply = { success = true, resources_created = 2, logs = LOG },
    pytest_results = { total = 2, passed = 2, failed = 0, skipped = 0 },
    container_logs = LOG, emulator = { name = "ministack", version = "1" },
  }
end

local function fill(path)
  local store, list = assert(store_of.open(path)), {}
  for i = 1, COUNT do
    list[i] = { hash = hash_of(i) }
    assert(store:put_architecture({ hash = hash_of(i), source_type = "github",
      source_url = "https://example.org/" .. i, discovered_at = "2026-01-01T00:00:00Z",
      services = { "sqs", "s" .. i % 40 }, resource_count = 2, name = "arch-" .. i },
      { ["main.tf"] = 'resource "aws_sqs_queue" "jobs" {}\n' }))
  end
  assert(store:save_index())
  return store, list
end

local function make_shard(store, list, index, into)
  local cut = shard.cut(store, { index = index, count = SHARDS })
  local run = assert(shard.open_run(store, cut, {}, { name = "ministack" }, { into = into }))
  for _, one in ipairs(cut:own(list)) do assert(run:put_result(result(one.hash))) end
  assert(run:finish { new_architectures = 0 })
end

-- Runs the program and reports its own peak memory: python3 is needed by lsqm anyway.
local WRAP <const> = "import resource,subprocess,sys;c=subprocess.call(sys.argv[1:]);"
  .. "r=resource.getrusage(resource.RUSAGE_CHILDREN);"
  .. "print('maxrss',r.ru_maxrss,r.ru_utime+r.ru_stime,file=sys.stderr);sys.exit(c)"

local function measure(label, dir)
  local before = time.monotonic()
  local ran = assert(process.run { timeout = 600,
    env = { PATH = os.getenv "PATH", HOME = dir, LSQM_WORKSPACE = dir .. "/w" },
    argv = { "python3", "-c", WRAP, uv.exepath(), "merge", dir .. "/shards", dir .. "/again" } })
  local seconds = time.monotonic() - before
  if ran.code ~= 0 then error(label .. " ended with " .. ran.code .. ": " .. ran.stderr) end
  local kilobytes, cpu = ran.stderr:match("maxrss (%d+) (%S+)")
  local megabytes = math.ceil(tonumber(kilobytes) / 1024)
  io.write(ran.stdout)
  print(("%-12s %6.2f s (limit %d)  CPU %5.2f s  %5d MB (limit %d)"):format(label, seconds,
    SECONDS, tonumber(cpu), megabytes, MEGABYTES))
  return seconds <= SECONDS and megabytes <= MEGABYTES
end

local dir <close> = assert(fs.tempdir("merge-bench-"))
local store, list = fill(dir.path .. "/w/artifacts")
for i = 1, SHARDS do make_shard(store, list, i, dir.path .. "/shards") end
make_shard(store, list, 1, dir.path .. "/again")
local ok = measure("merge", dir.path)
ok = measure("merge again", dir.path) and ok
return ok and 0 or 1
