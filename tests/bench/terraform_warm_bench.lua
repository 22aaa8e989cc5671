-- SPDX-License-Identifier: Apache-2.0
-- Plain terraform against a warm provider: wall and CPU seconds of each step for a root of three
-- resources, on an emulator process; then the memory of one warm provider over 20 leases. CPU is
-- that of terraform, the provider and this program; the emulator's is left out.

local emulators = require "std.emulator"
local fs = require "std.fs"
local process = require "std.process"
local program = require "lsqm.program"
local python = require "std.python"
local terraform = require "std.terraform"
local time = require "std.time"
local warm = require "std.terraform.warm"

-- A sandbox does not hand its program's CPU time on to us.
process.sandbox = function(options) return options.argv, "measured without a sandbox" end

local LEASES <const> = 20
local STEPS <const> = { "init", "plan", "apply", "destroy" }

local ROOT <const> = [[
resource "aws_ssm_parameter" "p" {
  name  = "/p"
  type  = "String"
  value = "v"
}

resource "aws_sns_topic" "t" {
  name = "t"
}

resource "aws_s3_bucket" "b" {
  bucket = "bucket-of-the-bench"
}
]]

-- utime, stime, and with `children` cutime, cstime (ended and waited for), in seconds.
local function ticks(pid, children)
  local fields = {}
  local stat = fs.read(("/proc/%s/stat"):format(pid)) or ""
  for word in (stat:match("^.*%)%s+(.*)$") or ""):gmatch("%S+") do fields[#fields + 1] = word end
  local sum = 0
  for i = 12, children and 15 or 13 do sum = sum + (tonumber(fields[i]) or 0) end
  return sum / 100
end

local function pid_of(lease)
  local pid = lease and lease:counts().pid or 0
  return pid > 0 and pid or nil
end

local function measure(lease, seconds, step, fn)
  local pid = pid_of(lease)
  local before, began = ticks("self", true) + (pid and ticks(pid) or 0), time.monotonic()
  fn()
  local now = pid_of(lease)
  seconds[step] = { wall = time.monotonic() - began,
    cpu = ticks("self", true) + (now and ticks(now) or 0) - before }
end

local ARGS <const> = {
  plan = { "plan", "-no-color", "-input=false" },
  apply = { "apply", "-auto-approve", "-no-color", "-input=false" },
  destroy = { "destroy", "-auto-approve", "-no-color", "-refresh=false" },
}

local function cycle(tool, plan, dir, lease)
  local emulator <close> = assert(emulators.start(plan, { workdir = tool.home }))
  local services = assert(require("std.terraform.provider").services(tool, dir,
    { version = assert(warm.find(tool)).version }))
  assert(fs.mkdir(dir))
  assert(fs.write(dir .. "/main.tf", ROOT))
  if lease then assert(lease:use(emulator.endpoint)) end
  assert(require("std.terraform.provider").write(dir, lease and lease.endpoint
    or emulator.endpoint, services))
  local seconds = {}
  measure(lease, seconds, "init", function() assert(tool:init(dir, 60, lease)) end)
  for i = 2, #STEPS do
    measure(lease, seconds, STEPS[i], function()
      local result = assert(tool:run { args = ARGS[STEPS[i]], dir = dir, lease = lease })
      assert(result.code == 0, result.stdout)
    end)
  end
  return seconds
end

local function show(name, seconds)
  local parts, wall, cpu = {}, 0, 0
  for _, step in ipairs(STEPS) do
    local one = seconds[step]
    wall, cpu = wall + one.wall, cpu + one.cpu
    parts[#parts + 1] = ("%s %.2f/%.2f"):format(step, one.wall, one.cpu)
  end
  print(("%-14s %s  sum %.2f/%.2f  (wall/CPU seconds)"):format(name, table.concat(parts, "  "),
    wall, cpu))
  return wall, cpu
end

local function memory(pid)
  return tonumber(fs.read(("/proc/%d/status"):format(pid)):match("VmRSS:%s*(%d+)")) // 1024
end

local home <close> = assert(fs.tempdir("bench-"))
local tool, err = terraform.find { home = home.path .. "/tool", cache = python.cache_dir() }
local found = tool and warm.find(tool)
if not found then
  print("skipped: " .. tostring(err or "no unpacked provider in a mirror"))
  return 0
end
local spec = dofile(program.share .. "/pipelines/weekly/rules/emulators.lua").ministack
local plan = assert(emulators.plan { name = "ministack", spec = spec, driver = "process",
  python = python.find() })
local plain_wall, plain_cpu = show("plain", cycle(tool, plan, home.path .. "/plain"))
local pool <close> = assert(warm.pool { tool = tool, workdir = home.path, size = 1 })
local grown = {}
for i = 1, LEASES do
  assert(pool:lease(function(lease)
    local seconds = cycle(tool, plan, lease.dir, lease)
    grown[i] = memory(pid_of(lease))
    if i == 1 then show("warm, first", seconds) end
    if i == LEASES then
      local wall, cpu = show("warm, last", seconds)
      print(("warm: cpu_ratio=%.1f wall_ratio=%.1f"):format(plain_cpu / cpu, plain_wall / wall))
    end
    return true
  end))
end
print(("memory: %d MB after 1 lease, %d after %d, at most %d; processes started %d"):format(
  grown[1], grown[LEASES], LEASES, math.max(table.unpack(grown)), pool.made + pool.replaced))
return 0
