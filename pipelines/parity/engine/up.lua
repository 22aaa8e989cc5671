-- SPDX-License-Identifier: Apache-2.0
-- Starts a project: images, networks, volumes, then every service as soon as what it depends on
-- is in the state that it asks for. All of it at once where nothing has to wait.

local carry = require "pipelines.parity.engine.carry"
local checks = require "pipelines.parity.health.checks"
local compose_service = require "std.compose.service"
local contents = require "pipelines.parity.engine.contents"
local diagnose = require "pipelines.parity.engine.diagnose"
local down = require "pipelines.parity.engine.down"
local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local fs = require "std.fs"
local images = require "pipelines.parity.engine.images"
local labels_of = require "pipelines.parity.engine.labels"
local names = require "pipelines.parity.engine.names"
local parallel = require "std.parallel"
local raise = require "pipelines.parity.engine.raise"
local refuse = require "pipelines.parity.engine.refuse"
local resources = require "pipelines.parity.engine.resources"
local spec_of = require "pipelines.parity.engine.spec"
local table_of = require "std.table"
local time = require "std.time"
local watch_of = require "pipelines.parity.engine.watch"

local M = {}

local must = raise.must

local function make_bind_folders(service)
  for _, mount in ipairs(service.volumes or {}) do
    if mount.type == "bind" and mount.bind and mount.bind.create_host_path
      and not fs.exists(mount.source) then
      must(fs.mkdir(mount.source))
    end
  end
end

local function create(state, name, number, carried)
  local service = state.project.services[name]
  make_bind_folders(service)
  local spec, others = spec_of.container(state.project, state.id, name, number)
  carry.into(spec, carried)
  local id = must(state.engine:create(spec, { platform = names.platform(state.project, name),
    name = names.container(state.project, name, number) }))
  for _, network in ipairs(others) do
    must(state.engine:network_connect(network.name, id, network.endpoint))
  end
  must(contents.put(state.engine, id, state.project, name))
  return id
end

-- Was something made anew that the service wants to be restarted with?
local function must_restart(state, name)
  for other, row in pairs(state.project.services[name].depends_on or {}) do
    if row.restart and state.renewed[other] then return true end
  end
  return false
end

local KEPT <const> = { running = true, paused = true, exited = true }

-- A container of which it uses a part was made anew: it still holds to the old one.
local function shares_renewed(state, name)
  local service = state.project.services[name]
  for _, key in ipairs { "network_mode", "pid", "ipc" } do
    local other = (service[key] or ""):match("^service:(.+)$")
    if other and state.renewed[other] then return true end
  end
  for _, text in ipairs(service.volumes_from or {}) do
    if state.renewed[text:match("^[^:]+")] then return true end
  end
  return false
end

-- Not every engine writes "sha256:" before an id in its lists.
local function same_image(a, b)
  return a ~= nil and b ~= nil and a:gsub("^sha256:", "") == b:gsub("^sha256:", "")
end

-- One that was only created may lack networks or files, one of another name was to be replaced:
-- its `up` may have been killed.
local function may_stay(state, name, number, row)
  return not state.recreate and KEPT[row.State]
    and table_of.contains(row.Names, "/" .. names.container(state.project, name, number))
    and row.Labels[labels_of.VERSION] == spec_of.version(state.project, name)
    and same_image(row.ImageID, state.images[names.image(state.project, name)])
    and not shares_renewed(state, name)
end

local function keep(state, name, row)
  if row.State == "running" then
    if not must_restart(state, name) then return state.say(name .. " runs") end
    must(state.engine:stop(row.Id))
    state.renewed[name] = true
  end
  if row.State == "paused" then return must(state.engine:unpause(row.Id)) end
  must(state.engine:start(row.Id))
  return state.say(name .. " started again")
end

-- With `volumes_from`, what it has may be another's.
local function carried_over(state, name, row)
  if state.project.services[name].volumes_from then return {} end
  return carry.of(must(state.engine:inspect(row.Id)))
end

-- The new one is made before the old one goes: what the engine refuses costs nobody's data.
local function replace(state, name, number, old)
  local carried, engine = carried_over(state, name, old), state.engine
  local own_name = names.container(state.project, name, number)
  must(engine:rename(old.Id, old.Id:sub(1, 12) .. "_" .. own_name))
  local ok, id = pcall(create, state, name, number, carried)
  if not ok then
    engine:rename(old.Id, own_name)
    error(id, 0)
  end
  down.remove(engine, { old }, true)
  state.renewed[name] = true
  state.say(name .. " is made anew")
  return id
end

-- A container of the same version is kept; another one makes room.
local function start_one(state, name, number, present)
  if present and may_stay(state, name, number, present) then return keep(state, name, present) end
  local id = present and replace(state, name, number, present) or create(state, name, number, {})
  must(state.engine:start(id))
  state.made("container " .. names.container(state.project, name, number))
end

-- All containers of a service; those of a larger scale go.
local function start(state, name)
  local present, surplus, numbers = {}, {}, {}
  for number = 1, state.counts[name] do numbers[number] = number end
  for _, row in ipairs(state.present[name] or {}) do
    local number = watch_of.number_of(row)
    if numbers[number] and not present[number] then
      present[number] = row
    else
      surplus[#surplus + 1] = row
    end
  end
  down.remove(state.engine, surplus)
  parallel.map(numbers, function(number) start_one(state, name, number, present[number]) end)
end

local function started(state, name)
  local ok, err = raise.guarded(function()
    start(state, name)
    return true
  end)
  if not ok then error(diagnose.wrap(err, name), 0) end
end

local function wait_for_dependencies(state, name)
  for other, row in table_of.sorted_pairs(state.project.services[name].depends_on or {}) do
    if state.project.services[other] then
      state.started[other]:wait()
      local ok, err = state.watch:wait(other, row.condition, state.deadline,
        row.condition == "service_healthy")
      if not ok then
        if row.required then error(error_of.wrap(err, name .. " waits for " .. other), 0) end
        state.doubt(("%s starts without %s: %s"):format(name, other, tostring(err)))
      end
    end
  end
end

-- What a service of its own must reach before the environment counts as up.
local function gate_of(state, name)
  local service = state.project.services[name]
  local check = service.healthcheck
  if check and check.test and not check.disable and check.test[1] ~= "NONE" then
    return "service_healthy"
  end
  return "service_started"
end

local function run_service(state, name)
  wait_for_dependencies(state, name)
  local begun = time.monotonic()
  started(state, name)
  state.started[name]:set()
  if not state.wait then return end
  must(state.watch:wait(name, gate_of(state, name), state.deadline))
  state.say(("%s %s after %.1f s"):format(name, gate_of(state, name) == "service_healthy"
    and "healthy" or "started", time.monotonic() - begun))
end

-- The commands of the services' checks, as `exec` takes them.
local function tests_of(project)
  local tests = {}
  for name, service in pairs(project.services) do
    local check = service.healthcheck
    if gate_of({ project = project }, name) == "service_healthy" then
      tests[name] = { cmd = checks.argv_of(check.test), timeout = check.timeout or 30 }
    end
  end
  return tests
end

local function counts_of(project)
  local counts = {}
  for name, service in pairs(project.services) do
    counts[name] = compose_service.replicas(service)
  end
  return counts
end

local function new_state(engine, environment, options)
  local project = environments.project_of(environment)
  local result = { made = {}, doubts = {}, notes = refuse.left_aside(project) }
  local function adder(list) return function(text) list[#list + 1] = text end end
  local counts = counts_of(project)
  local state = { engine = engine, project = project, id = environment.id, started = {},
    renewed = {}, counts = counts, result = result, build = options.build,
    recreate = options.recreate, wait = options.wait ~= false,
    watch = watch_of.new(engine, project.name, { tests = tests_of(project), counts = counts }),
    say = options.say or function() end, tell = options.tell or function() end,
    made = adder(result.made), doubt = adder(result.doubts), note = adder(result.notes) }
  for name in pairs(project.services) do state.started[name] = parallel.event() end
  return state
end

-- Containers of services that the files no longer have.
local function orphans(state, remove)
  for name, rows in table_of.sorted_pairs(state.present) do
    if not state.project.services[name] and not state.project.inactive[name] then
      if remove then
        down.remove(state.engine, rows)
      else
        state.note(("%s is not in the files any more, but has %d containers: --remove-orphans "
          .. "removes them"):format(name, #rows))
      end
    end
  end
end

local function bring_up(state, options)
  refuse.check(state.project)
  state.images = images.ensure(state)
  resources.ensure(state)
  state.present = must(watch_of.containers(state.engine, state.project.name))
  orphans(state, options.remove_orphans)
  state.deadline = time.monotonic() + (options.timeout or 300) -- images took what they took
  parallel.map(table_of.sorted_keys(state.project.services), function(name)
    run_service(state, name)
  end)
  return state.result
end

--- Brings an environment up.
---@param options table {wait = boolean, timeout = seconds, build = boolean, recreate = boolean,
---  remove_orphans = boolean, say = fun(line) hears of each step, tell = fun(line) of long ones}
---@return {made: string[], doubts: string[], notes: string[]}?
---@return lsqm.Error?
function M.run(engine, environment, options)
  local state = new_state(engine, environment, options)
  local result, err = raise.guarded(function() return bring_up(state, options) end)
  if not result then return nil, diagnose.explain(engine, err) end
  return result
end

return M
