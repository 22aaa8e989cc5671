-- SPDX-License-Identifier: Apache-2.0
-- Emulators as containers: published on a free loopback port, on a network of the run's own where
-- containers cannot reach each other, with memory and process limits, and removed always.

local docker = require "std.docker"
local error_of = require "std.error"
local json = require "std.json"
local leftovers = require "std.leftovers"
local owner = require "std.emulator.owner"
local parallel = require "std.parallel"
local time = require "std.time"

local M = {}

local LABEL <const> = "lsqm"

local client

local function connect()
  if client then return client end
  local found, err = docker.connect {}
  if not found then return nil, err end
  client = found
  return client
end

-- Seconds that an engine has to answer again: a restart takes a few.
local PATIENCE = 60
-- One that ends still answers for as long as its containers take to end, and fails at everything.
local LEAVING = 15
local PAUSE = 0.25

local function await(seconds, is_so)
  local deadline = time.monotonic() + seconds
  while time.monotonic() < deadline do
    if is_so() then return true end
    parallel.sleep(PAUSE)
  end
  return false
end

local AWAY <const> = { unavailable = true, network = true, timeout = true }

-- What says something of the engine and nothing of the question: it fails, or it is not there.
local function is_engines_own(err)
  if err.of_container then return false end
  return AWAY[err.code] or (err.status or 0) >= 500
end

-- fn's values. When the engine fails by itself, once more: after it was away and came back, or
-- after the time in which one that is ending would have gone.
local function patiently(engine, fn)
  local value, err = fn()
  if value or not is_engines_own(err) then return value, err end
  await(LEAVING, function() return not engine:ping() end)
  if not await(PATIENCE, function() return engine:ping() end) then return value, err end
  return fn()
end

--- Removes what runs that were killed left in the engine.
function M.reap(log)
  if client then leftovers.reap_engine(client, log) end
end

--- Is there an engine, and does it have the image?
function M.probe(plan)
  local engine, err = connect()
  if not engine then return nil, err end
  if not plan.image then
    return nil, error_of.new { op = "emulator " .. plan.name, code = "usage",
      message = "its row names no image" }
  end
  local image, why = engine:image(plan.image)
  if not image then
    return nil, error_of.new { op = "emulator " .. plan.name, code = "unavailable",
      message = "image not found: " .. plan.image, cause = why,
      hint = "docker pull " .. plan.image }
  end
  plan.image_id = image.Id
  return true
end

local function labels(options)
  return { [LABEL] = "1", ["lsqm.run"] = options.run_id or "none",
    ["lsqm.arch"] = options.arch or "none", ["lsqm.owner"] = owner.of() }
end

-- run id → network id. The engine checks names for duplicates without a lock, so two tasks that
-- begin together would make two networks of one name: one at a time asks, then makes.
local networks = {}
local turn = parallel.semaphore(1)

local function network_name(run_id)
  return "lsqm-" .. (run_id or "none"):sub(1, 8)
end

-- What an earlier process of this run left behind; a resumed run uses it again.
local function existing_network(engine, options)
  local found, err = engine:networks { labels = { ["lsqm.run"] = options.run_id or "none" } }
  if not found then return nil, err end
  return found[1] and found[1].Id or false
end

--- The run's network; made once, removed by M.close_run (or `lsqm clean` after a crash).
local function run_network(engine, options)
  local permit <close> = turn.acquire() -- luacheck: ignore permit
  local key = options.run_id or "none"
  if networks[key] then return networks[key] end
  local id, err = existing_network(engine, options)
  if id == false then
    id, err = engine:network_create { Name = network_name(options.run_id), Driver = "bridge",
      Labels = labels { run_id = options.run_id },
      Options = { ["com.docker.network.bridge.enable_icc"] = "false" } }
  end
  if not id then return nil, err end
  networks[key] = id
  return id
end

--- Removes the run's network once its containers are gone.
---@return boolean? ok
---@return table? err
function M.close_run(run_id)
  local id = networks[run_id or "none"]
  if not id or not client then return true end
  networks[run_id or "none"] = nil
  return patiently(client, function() return client:network_remove(id) end)
end

local function env_list(...)
  local list = json.array {}
  for _, map in ipairs { ... } do
    for key, value in pairs(map) do list[#list + 1] = key .. "=" .. tostring(value) end
  end
  table.sort(list)
  return list
end

local function container_spec(plan, options, network)
  local port = plan.spec.port .. "/tcp"
  return {
    Image = plan.image_id, -- a tag may move on while a run is under way
    Env = env_list(plan.spec.env or {}, plan.env or {}),
    ExposedPorts = { [port] = {} },
    Labels = labels(options),
    HostConfig = {
      PortBindings = { [port] = { { HostIp = "127.0.0.1", HostPort = "" } } },
      NetworkMode = network,
      Memory = (plan.memory_mb or 2048) * 1024 * 1024,
      PidsLimit = 2048,
      SecurityOpt = { "no-new-privileges" },
      Init = true,
    },
  }
end

local Instance = {}
Instance.__index = Instance

function Instance:died()
  local info, err = patiently(self.engine, function() return self.engine:inspect(self.id) end)
  if not info then return tostring(err) end
  if info.State.Paused then return "container is paused" end
  if info.State.Running then return nil end
  return ("container exited with code %s%s"):format(info.State.ExitCode,
    info.State.OOMKilled and " (out of memory)" or "")
end

function Instance:logs(max)
  local logs, err = self.engine:logs(self.id, { tail = 2000 })
  if not logs then return "(no logs: " .. tostring(err) .. ")" end
  local text = type(logs) == "table" and (logs.all or (logs.stdout or "") .. (logs.stderr or ""))
    or logs
  if max and #text > max then text = text:sub(-max) end
  return text
end

--- What the row's program says inside of the container; nil when it says no version.
function Instance:installed_version(plan)
  if not plan.spec.version_command then return nil end
  local said = self.engine:exec(self.id, { cmd = plan.spec.version_command, timeout = 30 })
  return said and said.code == 0 and said.stdout:match("^%s*(%w[%w.+-]*)%s*$") or nil
end

function Instance:close()
  if self.closed then return end
  self.closed = true
  patiently(self.engine, function()
    return self.engine:remove(self.id, { force = true, volumes = true })
  end)
end

Instance.__close = Instance.close

local function of_container(message)
  local err = error_of.new { op = "docker start", code = "unavailable", message = message }
  err.of_container = true
  return nil, err
end

local function published_port(engine, id, port)
  local info, err = engine:inspect(id)
  if not info then return nil, err end
  if not info.State.Running then
    return of_container(("container exited at once with code %s"):format(info.State.ExitCode))
  end
  local bound = info.NetworkSettings.Ports[port .. "/tcp"]
  if type(bound) ~= "table" or not bound[1] then return of_container "no port was published" end
  return bound[1].HostPort
end

local function start(engine, plan, options)
  local network, err = run_network(engine, options)
  if not network then return nil, err end
  local id
  id, err = engine:create(container_spec(plan, options, network))
  if not id then return nil, err end
  local instance = setmetatable({ engine = engine, id = id, image = plan.image,
    image_id = plan.image_id }, Instance)
  local started, why = engine:start(id)
  local port
  if started then port, why = published_port(engine, id, plan.spec.port) end
  if not port then
    why.logs = instance:logs(20000)
    instance:close()
    return nil, why
  end
  instance.endpoint = "http://127.0.0.1:" .. port
  return instance
end

--- Creates and starts the container; health is the caller's. An engine that is being restarted is
--- waited for.
function M.start(plan, options)
  local engine, err = connect()
  if not engine then return nil, err end
  return patiently(engine, function() return start(engine, plan, options) end)
end

return M
