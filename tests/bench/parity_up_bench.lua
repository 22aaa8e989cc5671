-- SPDX-License-Identifier: Apache-2.0
-- `lsqm parity up` and `down` of fifteen services against `docker compose up --wait` and `down` of
-- the same file, in turn, so that both meet the same machine:
--   DOCKER_HOST=unix://… build/lsqm exec tests/bench/parity_up_bench.lua [ROUNDS]
-- Prints each round and the medians; exit 1 when lsqm's median is above the other's. Skipped by
-- name without an engine; without docker compose 2 only lsqm is measured.

local docker = require "std.docker"
local fifteen = dofile("tests/pipelines/parity_fifteen.lua")
local fs = require "std.fs"
local images = dofile("tests/images/parity.lua")
local process = require "std.process"
local table_of = require "std.table"
local time = require "std.time"
local uv = require "luv"

local rounds = math.tointeger(tonumber((...) or 5))
local engine, err = docker.connect()
if not engine then
  print("skipped: " .. tostring(err))
  return 0
end
assert(images.build(engine))

local dir <close> = assert(fs.tempdir())
assert(fs.write(fs.join(dir.path, "compose.yaml"), fifteen.compose { name = "lsqm-bench" }))

local function timed(argv, words)
  local start = time.monotonic()
  local result = assert(process.run { argv = table_of.append(table_of.copy(argv), words),
    cwd = dir.path, inherit = { "HOME", "DOCKER_HOST" }, timeout = 300 })
  assert(result.code == 0, result.stdout .. result.stderr)
  return time.monotonic() - start
end

local programs = { { name = "lsqm", argv = { uv.exepath(), "--workspace", ".", "parity" },
  up = { "up" }, down = { "down", "--volumes" }, ups = {}, downs = {} } }
local argv, version = dofile("tests/tools/compose_program.lua")()
if argv then
  programs[2] = { name = "docker compose " .. version, argv = argv, up = { "up", "-d", "--wait" },
    down = { "down", "-v" }, ups = {}, downs = {} }
else
  print("no docker compose 2 (make setup-test): only lsqm is measured")
end

for round = 1, rounds do
  for _, one in ipairs(programs) do
    one.ups[round] = timed(one.argv, one.up)
    one.downs[round] = timed(one.argv, one.down)
    print(("round %d  %-24s up %6.2f s  down %6.2f s"):format(round, one.name, one.ups[round],
      one.downs[round]))
  end
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end
for _, one in ipairs(programs) do
  one.up_median, one.down_median = median(one.ups), median(one.downs)
  print(("median   %-24s up %6.2f s  down %6.2f s"):format(one.name, one.up_median,
    one.down_median))
end
local ours, other = programs[1], programs[2]
return (not other or ours.up_median <= other.up_median and ours.down_median <= other.down_median)
  and 0 or 1
