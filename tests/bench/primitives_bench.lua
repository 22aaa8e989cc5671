-- SPDX-License-Identifier: Apache-2.0
-- Ratios of one run, so that the machine's speed of the day drops out:
--   hash     our SHA-256 of a file against the system's sha256sum (both as whole calls)
--   threads  the same work on one worker thread against two
--   report   rendering 1,000 architectures against 100 (10 would be linear)

local fs = require "std.fs"
local parallel = require "std.parallel"
local process = require "std.process"
local sha256 = require "std.sha256"
local time = require "std.time"

local function median(fn, runs)
  local seconds = {}
  for i = 1, runs or 5 do
    local began = time.monotonic()
    fn()
    seconds[i] = time.monotonic() - began
  end
  table.sort(seconds)
  return seconds[#seconds // 2 + 1]
end

local function hash_ratio(dir)
  local path = fs.join(dir, "big")
  assert(fs.write(path, ("0123456789abcdef"):rep(4 * 1024 * 1024)))
  local ours = median(function() assert(sha256.file(path)) end)
  local theirs = median(function() assert(process.run { argv = { "sha256sum", path } }) end)
  return ours / theirs
end

local function thread_ratio()
  local items = {}
  for i = 1, 8 do
    local lines = {}
    for n = 1, 3000 do lines[n] = ("key%d_%d: { a: 1, b: [x, y] }"):format(i, n) end
    items[i] = table.concat(lines, "\n")
  end
  local function with(workers)
    return median(function()
      parallel.cpu_map("std.yaml", items, { fn = "decode", workers = workers })
    end, 3)
  end
  return with(1) / with(2)
end

local function report_ratio()
  local view = require "pipelines.weekly.report.view"
  local signature = require "pipelines.weekly.rules.signature"
  local fixture = assert(loadfile("tests/pipelines/fixture.lua"))()
  local function render(count)
    local store, dir = fixture.store("")
    local run = assert(store:new_run({}, { name = "ministack", version = "1" }))
    for i = 1, count do
      local hash = ("%016x"):format(i)
      assert(store:put_architecture(fixture.arch("a", { hash = hash, name = "arch " .. i })))
      assert(run:put_result(fixture.result("a", "PASSED", { arch_hash = hash })))
    end
    assert(run:finish())
    local options = { signature = signature }
    local seconds = median(function() assert(view.build(store, run, options)) end, 3)
    dir:close()
    return seconds
  end
  return render(1000) / render(100)
end

local dir <close> = assert(fs.tempdir("bench-"))
print(("hash: ours/sha256sum = %.2f"):format(hash_ratio(dir.path)))
print(("threads: one/two workers = %.2f"):format(thread_ratio()))
print(("report: 1000/100 architectures = %.1f"):format(report_ratio()))
return 0
