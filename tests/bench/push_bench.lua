-- SPDX-License-Identifier: Apache-2.0
-- How long `lsqm push` takes and how much memory it needs for a large run:
--   build/lsqm exec tests/bench/push_bench.lua [RESULTS]      (10000)
-- Two runs of RESULTS architectures each with logs, 1 % of them regressed, a bare remote on disk;
-- wall time, CPU time (where other work runs beside it) and peak memory (ru_maxrss) of the program
-- itself. Exit 1 above the limits.

local fs = require "std.fs"
local git = require "std.git"
local process = require "std.process"
local store_of = require "std.store"
local time = require "std.time"
local uv = require "luv"

local SECONDS <const>, MEGABYTES <const> = 5, 300
local COUNT <const> = tonumber((...)) or 10000
local LOG <const> = ("aws_sqs_queue.jobs: Creation complete after 1s [id=http://queue]\n"):rep(40)

-- Spread like real ones: digits alone would be read as a number too long for a float.
local function hash_of(i) return ("%016x"):format(i * 0x9E3779B97F4A7C15) end

local function result(i, status)
  local good = status == "PASSED"
  return {
    arch_hash = hash_of(i), status = status, duration_seconds = 2.5,
    started_at = "2026-01-10T00:00:00Z", completed_at = "2026-01-10T00:00:03Z",
    terraform_apply = { success = good, resources_created = 2, logs = good and LOG or LOG
      .. ("Error: operation error SQS: Op%d, api error NotImplemented: no"):format(i % 7) },
    pytest_results = { total = 2, passed = good and 2 or 0, failed = 0, skipped = 0 },
    container_logs = LOG,
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

local function fill(path)
  local store = assert(store_of.open(path))
  for i = 1, COUNT do
    assert(store:put_architecture({ hash = hash_of(i), source_type = "github",
      source_url = "https://example.org/" .. i, discovered_at = "2026-01-01T00:00:00Z",
      services = { "sqs", "s" .. i % 40 }, resource_count = 2, name = "arch-" .. i },
      { ["main.tf"] = 'resource "aws_sqs_queue" "jobs" {}\n' }))
  end
  assert(store:save_index())
  return store
end

local function measure(label, argv, env, allowed)
  local before = time.monotonic()
  local ran = assert(process.run { argv = argv, env = env, timeout = 600 })
  local seconds = time.monotonic() - before
  if not allowed[ran.code] then error(label .. " ended with " .. ran.code .. ": " .. ran.stderr) end
  local kilobytes, cpu = ran.stderr:match("maxrss (%d+) (%S+)")
  local megabytes = tonumber(kilobytes) / 1024
  print(("%-24s %6.2f s  CPU %5.2f s  %5d MB"):format(label, seconds, tonumber(cpu),
    math.ceil(megabytes)))
  return seconds, megabytes
end

-- Runs the program and reports its own peak memory: python3 is needed by lsqm anyway.
local WRAP <const> = "import resource,subprocess,sys;c=subprocess.call(sys.argv[1:]);"
  .. "r=resource.getrusage(resource.RUSAGE_CHILDREN);"
  .. "print('maxrss',r.ru_maxrss,r.ru_utime+r.ru_stime,file=sys.stderr);sys.exit(c)"

local dir <close> = assert(fs.tempdir("push-bench-"))
local path, bare = dir.path .. "/w/artifacts", dir.path .. "/b.git"
assert(fs.mkdir(dir.path .. "/w"))
assert(git.init(bare, { bare = true }))
assert(git.clone { url = bare, path = path })
local env = { PATH = os.getenv "PATH", HOME = dir.path, LSQM_WORKSPACE = dir.path .. "/w",
  ARTIFACT_REPO = bare }
local function lsqm(...) return { "python3", "-c", WRAP, uv.exepath(), ... } end

local store = fill(path)
make_run(store, 1768000000)
measure("first push (everything)", lsqm "push", env, { [0] = true })
make_run(store, 1768604800, true)
measure("report", lsqm "report", env, { [0] = true })
local seconds, megabytes = measure("push", lsqm "push", env, { [1] = true })
print(("%d results: push in %.2f s (limit %d), %d MB (limit %d)"):format(COUNT, seconds, SECONDS,
  math.ceil(megabytes), MEGABYTES))
return seconds <= SECONDS and megabytes <= MEGABYTES and 0 or 1
