-- SPDX-License-Identifier: Apache-2.0
-- How long `lsqm parity diff` takes for two environments of N services (500), every fifth of them
-- drifted, from reading the files to the written report:
--   build/lsqm exec tests/bench/parity_diff_bench.lua [N]
-- Prints the seconds of five runs of the program, on the clock and of the processor (a busy machine
-- stretches the first); exit 1 when the median on the clock is above one second.

local fs = require "std.fs"
local process = require "std.process"
local time = require "std.time"
local uv = require "luv"

local LIMIT <const> = 1.0
local count = math.tointeger(tonumber((...) or 500))

local function service(i, drifted)
  local depends = i > 3 and ("    depends_on: {s%d: {condition: service_healthy}}\n"):format(i - 3)
    or ""
  return ([[
  s%d:
    image: corp/part%d:%s
    command: [serve, "--id", "%d"]
    ports: ["%d:8080", "127.0.0.1:%d:9090"]
    environment: {A: "1", B: two, C: "%s", DB_URL: "http://db%d", API_TOKEN: token-%d-value}
    labels: {tier: t%d, owner: team%d}
    volumes: ["v%d:/data", "./conf:/etc/conf:ro"]
    networks: [back]
    mem_limit: %s
    healthcheck: {test: [CMD, check, "%d"], interval: 10s, timeout: 5s, retries: 3}
%s]]):format(i, i, drifted and "2.0" or "1.4", i, 10000 + i, 20000 + i,
    drifted and "x" or "y", i, i, i % 4, i % 9, i % 40, drifted and "1G" or "1024M", i, depends)
end

local function write(dir, name, drift)
  local parts = { "services:\n" }
  for i = 1, count do parts[#parts + 1] = service(i, drift and i % 5 == 0) end
  parts[#parts + 1] = "networks: {back: {}}\nvolumes:\n"
  for i = 0, 39 do parts[#parts + 1] = ("  v%d: {}\n"):format(i) end
  fs.mkdir(fs.join(dir, name))
  assert(fs.write(fs.join(dir, name, "compose.yaml"), table.concat(parts)))
end

local dir <close> = assert(fs.tempdir())
write(dir.path, "local", false)
write(dir.path, "staging", true)

-- Processor seconds of all programs that this one has started and that have ended.
local function used()
  local text = assert(fs.read "/proc/self/stat"):match("%) (.*)$")
  local fields = {}
  for word in text:gmatch("%S+") do fields[#fields + 1] = tonumber(word) or word end
  return (fields[14] + fields[15]) / 100
end

local seconds, processor = {}, {}
for i = 1, 5 do
  local start, before = time.monotonic(), used()
  local result = assert(process.run { argv = { uv.exepath(), "--workspace", dir.path, "parity",
    "diff", fs.join(dir.path, "local"), fs.join(dir.path, "staging") },
    env = { DOCKER_HOST = "unix:///nowhere/docker.sock" } })
  seconds[i], processor[i] = time.monotonic() - start, used() - before
  assert(result.code == 1, result.stderr .. result.stdout)
  print(("run %d: %.3f s, %.2f s of the processor"):format(i, seconds[i], processor[i]))
end
table.sort(seconds)
table.sort(processor)
print(("%d services, median of 5: %.3f s, %.2f s of the processor (limit %.1f s)"):format(count,
  seconds[3], processor[3], LIMIT))
return seconds[3] <= LIMIT and 0 or 1
