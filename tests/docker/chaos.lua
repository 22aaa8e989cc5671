-- SPDX-License-Identifier: Apache-2.0
-- What a validation in containers survives. Terraform and pytest are pretended; containers, engine
-- and lsqm are real. Every round breaks one thing in mid-run, goes on with `validate --resume`,
-- and counts what is left, lost, doubled or judged wrongly.
--   build/lsqm exec tests/docker/chaos.lua rounds=20 [engine=1]
-- engine=1 also restarts the engine that tests/docker/engine.sh started: nobody else may use it.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/../pipelines/lab.lua")
local docker = require "std.docker"
local fs = require "std.fs"
local process = require "std.process"
local uv = require "luv"

local M = {}

local IMAGE = "lsqm-test/ministack:1.5.33"
local CONFIG = ("{ parallel = 2, timeout = 8, emulator = { driver = 'docker', image = '%s' } }")
  :format(IMAGE)
local DEADLINE = 60

local function wait_for(what, fn)
  local began = uv.hrtime()
  while (uv.hrtime() - began) / 1e9 < DEADLINE do
    local found = fn()
    if found then return found end
    uv.sleep(30)
  end
  error("chaos: no " .. what, 0)
end

local function containers_of(engine, run_id)
  return engine:containers { labels = { ["lsqm.run"] = run_id }, all = true } or {}
end

local function running(engine, lab)
  return wait_for("running container", function()
    local record = lab:latest()
    for _, one in ipairs(record and containers_of(engine, record.run_id) or {}) do
      if one.State == "running" then return one end
    end
  end)
end

-- A blow that does not land would make the round pass for nothing.
local function strike(engine, argv)
  local result = assert(process.run { argv = argv, timeout = 60,
    env = { DOCKER_HOST = "unix://" .. engine.socket, PATH = os.getenv "PATH",
      HOME = os.getenv "HOME", LSQM_CACHE = os.getenv "LSQM_CACHE" } })
  if result.code ~= 0 then
    error(("chaos: %s: %s"):format(table.concat(argv, " "), result.stderr), 0)
  end
end

-- kind → what is done to the run in its middle
M.KINDS = {
  { name = "lsqm killed", act = function(_, handle) uv.kill(handle.pid, "sigkill") end },
  { name = "emulator paused", act = function(engine, _, container)
    strike(engine, { "docker", "pause", container.Id })
  end },
  { name = "emulator killed", act = function(engine, _, container)
    strike(engine, { "docker", "kill", container.Id })
  end },
  { name = "engine restarted", engine = true, act = function(engine)
    strike(engine, { "bash", here .. "/engine.sh", "restart" })
  end },
}

local function left_behind(engine, lab, run_id)
  local networks = engine:networks { labels = { ["lsqm.run"] = run_id } } or {}
  local files = 0
  for _, entry in ipairs(fs.list(lab.workspace .. "/tmp") or {}) do
    if entry.name ~= "terraform" then files = files + 1 end
  end
  return #containers_of(engine, run_id) + #networks + #lab:running() + files
end

--- One round: {name, left, lost, wrong, seconds}.
function M.round(engine, kind)
  local lab <close> = lab_of.new()
  lab.env.DOCKER_HOST = "unix://" .. engine.socket
  lab:put "a"
  lab:put("b", { terraform = "hang" })
  local began = uv.hrtime()
  local handle <close> = lab:start({ "validate" }, { config = CONFIG })
  local container = running(engine, lab)
  kind.act(engine, handle, container)
  handle:wait()
  lab:put "b"
  local record = lab:latest()
  local result = lab:run({ "validate", "--resume" }, { config = CONFIG })
  local store, count, wrong = lab:store(), 0, 0
  for _ in pairs(store:run(record.run_id):results()) do count = count + 1 end
  for _, one in pairs(store:run(lab:latest().run_id):results()) do
    if one.status == "FAILED" or one.status == "PARTIAL" then wrong = wrong + 1 end
  end
  return { name = kind.name, left = left_behind(engine, lab, record.run_id), lost = 2 - count,
    wrong = wrong + (result.code == 0 and 0 or 1) + #store:problems(),
    seconds = (uv.hrtime() - began) / 1e9 }
end

--- @param options {rounds: integer, engine: boolean|nil}
---@return table[]|nil rows
---@return string|nil why no engine or image
function M.run(options)
  local engine, err = docker.connect {}
  local image = engine and engine:image(IMAGE)
  if not image then return nil, tostring(err or "no image " .. IMAGE) end
  local kinds, rows = {}, {}
  for _, kind in ipairs(M.KINDS) do
    if not kind.engine or options.engine then kinds[#kinds + 1] = kind end
  end
  for i = 1, options.rounds do
    rows[i] = M.round(engine, kinds[(i - 1) % #kinds + 1])
    if options.print then
      local r = rows[i]
      print(("%2d %-16s left %d lost %d wrong %d %5.1f s"):format(i, r.name, r.left, r.lost,
        r.wrong, r.seconds))
    end
  end
  return rows
end

-- As a script it has words; the spec loads it without.
if ... then
  local options = { rounds = 20, print = true }
  for _, word in ipairs { ... } do
    options.rounds = math.tointeger(tonumber(word:match "^rounds=(%d+)$")) or options.rounds
    options.engine = options.engine or word == "engine=1"
  end
  local rows, why = M.run(options)
  if not rows then
    print(why)
    os.exit(3)
  end
  local bad = 0
  for _, row in ipairs(rows) do bad = bad + row.left + row.lost + row.wrong end
  print(("%d rounds, %d left, lost or wrong"):format(#rows, bad))
  os.exit(bad == 0 and 0 or 1)
end

return M
