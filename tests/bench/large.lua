-- SPDX-License-Identifier: Apache-2.0
-- What the measurements of large runs share: a store of many small architectures, and the program
-- measured from outside.
local process = require "std.process"
local store_of = require "std.store"
local time = require "std.time"
local uv = require "luv"

local M = {}

M.LOG = ("aws_sqs_queue.jobs: Creation complete after 1s [id=http://queue]\n"):rep(40)

---Spread like real ones: digits alone would be read as a number too long for a float.
function M.hash_of(i) return ("%016x"):format(i * 0x9E3779B97F4A7C15) end

---@param path string of the store, which is made
---@param count integer architectures, with the hashes of 1 to count
---@return lsqm.Store
function M.fill(path, count)
  local store = assert(store_of.open(path))
  for i = 1, count do
    assert(store:put_architecture({ hash = M.hash_of(i), source_type = "github",
      source_url = "https://example.org/" .. i, discovered_at = "2026-01-01T00:00:00Z",
      services = { "sqs", "s" .. i % 40 }, resource_count = 2, name = "arch-" .. i },
      { ["main.tf"] = 'resource "aws_sqs_queue" "jobs" {}\n' }))
  end
  assert(store:save_index())
  return store
end

-- Runs the program and reports its own peak memory: python3 is needed by lsqm anyway.
local WRAP <const> = "import resource,subprocess,sys;c=subprocess.call(sys.argv[1:]);"
  .. "r=resource.getrusage(resource.RUSAGE_CHILDREN);"
  .. "print('maxrss',r.ru_maxrss,r.ru_utime+r.ru_stime,file=sys.stderr);sys.exit(c)"

---Runs lsqm and prints what it took; raises where it ends with another code.
---@param arguments string[]
---@param env table
---@param code integer|nil that it has to end with (0)
---@return number seconds wall time
---@return integer megabytes peak memory (ru_maxrss)
---@return string stdout
function M.measure(arguments, env, code)
  local before = time.monotonic()
  local ran = assert(process.run { env = env, timeout = 600,
    argv = { "python3", "-c", WRAP, uv.exepath(), table.unpack(arguments) } })
  local seconds = time.monotonic() - before
  if ran.code ~= (code or 0) then
    error(("%s ended with %d: %s"):format(arguments[1], ran.code, ran.stderr))
  end
  local kilobytes, cpu = ran.stderr:match("maxrss (%d+) (%S+)")
  local megabytes = math.ceil(tonumber(kilobytes) / 1024)
  print(("%-12s %6.2f s  CPU %5.2f s  %5d MB"):format(arguments[1], seconds, tonumber(cpu),
    megabytes))
  return seconds, megabytes, ran.stdout
end

return M
