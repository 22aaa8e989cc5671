-- SPDX-License-Identifier: Apache-2.0
-- Starts a project: images, networks, volumes, then every service as soon as what it depends on
-- is in the state that it asks for. All of it at once where nothing has to wait.

local archive = require "std.archive"
local checks = require "pipelines.parity.health.checks"
local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local labels_of = require "pipelines.parity.engine.labels"
local parallel = require "std.parallel"
local spec_of = require "pipelines.parity.engine.spec"
local table_of = require "std.table"
local time = require "std.time"
local watch_of = require "pipelines.parity.engine.watch"

local M = {}

-- Errors travel by raise inside of the tasks: the first one cancels the others.
local function must(value, err)
  if value == nil or value == false then error(err, 0) end
  return value
end

local function build_image(state, name)
  local build = state.project.services[name].build
  if build.context:find("^%a[%w+.-]*://") then
    error(error_of.new { op = "build " .. name, code = "unsupported",
      message = "the context is not a folder: " .. build.context }, 0)
  end
  state.say("building " .. name)
  local args = {}
  for key, value in pairs(build.args or {}) do
    if value ~= json.null then args[key] = value end
  end
  must(state.engine:build { context = must(archive.tar(nil, build.context)), target = build.target,
    dockerfile = build.dockerfile, tag = spec_of.image(state.project, name), buildargs = args,
    labels = build.labels, timeout = 0 })
end

local function ensure_image(state, name)
  local image = spec_of.image(state.project, name)
  local found, err = state.engine:image(image)
  if found then return end
  if err.code ~= "not_found" then error(err, 0) end
  if state.project.services[name].build then return build_image(state, name) end
  state.say("pulling " .. image)
  must(state.engine:pull(image, { timeout = 0 }))
end

local function images(state)
  local first_of = {}
  for name in table_of.sorted_pairs(state.project.services) do
    local image = spec_of.image(state.project, name)
    first_of[image] = first_of[image] or name
  end
  parallel.map(table_of.values(first_of), function(name) ensure_image(state, name) end,
    { limit = 4 })
end

local function own_labels(state, name, given)
  return table_of.merge(given, { [labels_of.PROJECT] = state.project.name,
    [labels_of.RESOURCE] = name, [labels_of.ENVIRONMENT] = state.id })
end

local function ipam(network)
  if not network.ipam then return nil end
  local config = json.array()
  for i, row in ipairs(network.ipam.config or {}) do
    config[i] = { Subnet = row.subnet, Gateway = row.gateway, IPRange = row.ip_range }
  end
  return { Driver = network.ipam.driver or "default", Config = config,
    Options = network.ipam.options }
end

local function refuse_external(kind, name)
  error(error_of.new { op = "up", code = "not_found",
    message = ("the external %s %s is not there"):format(kind, name) }, 0)
end

local function ensure_network(state, name, present)
  local network = state.project.networks[name]
  local full = environments.resource_name(state.project, name, network)
  if present[full] then return end
  if network.external then refuse_external("network", full) end
  must(state.engine:network_create { Name = full, Driver = network.driver, CheckDuplicate = true,
    Internal = network.internal, Attachable = network.attachable, IPAM = ipam(network),
    Options = network.driver_opts, EnableIPv6 = network.enable_ipv6,
    Labels = own_labels(state, name, network.labels) })
  state.made("network " .. full)
end

local function ensure_volume(state, name, present)
  local volume = state.project.volumes[name]
  local full = environments.resource_name(state.project, name, volume)
  if present[full] then return end
  if volume.external then refuse_external("volume", full) end
  must(state.engine:volume_create { Name = full, Driver = volume.driver or "local",
    DriverOpts = volume.driver_opts, Labels = own_labels(state, name, volume.labels) })
  state.made("volume " .. full)
end

local function names_of(list)
  local out = {}
  for _, row in ipairs(list) do out[row.Name] = true end
  return out
end

local function used_networks(project)
  local used = {}
  for _, service in pairs(project.services) do
    for name in pairs(service.networks or {}) do used[name] = true end
  end
  return table_of.sorted_keys(used)
end

-- Networks one after the other: the engine picks their subnets, and two at once may get the same.
local function resources(state)
  local networks = names_of(must(state.engine:networks()))
  local volumes = names_of(must(state.engine:volumes()))
  for _, name in ipairs(used_networks(state.project)) do ensure_network(state, name, networks) end
  parallel.map(table_of.sorted_keys(state.project.volumes), function(name)
    ensure_volume(state, name, volumes)
  end)
end

local function make_bind_folders(service)
  for _, mount in ipairs(service.volumes or {}) do
    if mount.type == "bind" and mount.bind and mount.bind.create_host_path
      and not fs.exists(mount.source) then
      must(fs.mkdir(mount.source))
    end
  end
end

local function create(state, name)
  local service = state.project.services[name]
  make_bind_folders(service)
  local spec, others = spec_of.container(state.project, state.id, name)
  local id = must(state.engine:create(spec, { name = spec_of.container_name(state.project, name),
    platform = service.platform }))
  for _, network in ipairs(others) do
    must(state.engine:network_connect(network.name, id, network.endpoint))
  end
  return id
end

-- Was something made anew that the service wants to be restarted with?
local function must_restart(state, name)
  for other, row in pairs(state.project.services[name].depends_on or {}) do
    if row.restart and state.renewed[other] then return true end
  end
  return false
end

-- A container of the same version is kept; another one makes room.
local function start(state, name)
  local present = state.present[name]
  local version = spec_of.version(state.project, name)
  if present and present.Labels[labels_of.VERSION] == version then
    if present.State == "running" then
      if not must_restart(state, name) then return state.say(name .. " runs") end
      must(state.engine:stop(present.Id))
      state.renewed[name] = true
    end
    if present.State == "paused" then return must(state.engine:unpause(present.Id)) end
    must(state.engine:start(present.Id))
    return state.say(name .. " started again")
  end
  if present then
    must(state.engine:remove(present.Id, { force = true, volumes = true }))
    state.renewed[name] = true
    state.say(name .. " is made anew: its definition changed")
  end
  must(state.engine:start(create(state, name)))
  state.made("service " .. name)
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
  start(state, name)
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

local function new_state(engine, environment, options)
  local project = environments.project_of(environment)
  local made, doubts = {}, {}
  local state = { engine = engine, project = project, id = environment.id, started = {},
    renewed = {},
    watch = watch_of.new(engine, project.name, tests_of(project)), wait = options.wait ~= false,
    deadline = time.monotonic() + (options.timeout or 300), say = options.say or function() end,
    made = function(text) made[#made + 1] = text end,
    doubt = function(text) doubts[#doubts + 1] = text end, list = made, doubts = doubts }
  for name in pairs(project.services) do state.started[name] = parallel.event() end
  return state
end

--- Brings an environment up.
---@param options table {wait = boolean, timeout = seconds, say = fun(line)}
---@return {made: string[], doubts: string[]}?
---@return lsqm.Error?
function M.run(engine, environment, options)
  local state = new_state(engine, environment, options)
  local ok, err = pcall(function()
    spec_of.check(state.project)
    images(state)
    resources(state)
    state.present = must(watch_of.containers(engine, state.project.name))
    local names = table_of.sorted_keys(state.project.services)
    parallel.map(names, function(name) run_service(state, name) end)
  end)
  if ok then return { made = state.list, doubts = state.doubts } end
  if error_of.is(err) and err.code ~= "cancelled" then return nil, err end
  error(err, 0)
end

return M
