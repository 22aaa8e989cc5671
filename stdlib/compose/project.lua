-- SPDX-License-Identifier: Apache-2.0
-- What a whole project must hold once its files are merged: names that exist, variables of
-- env_file, profiles, the default network.

local dotenv = require "std.compose.dotenv"
local fs = require "std.fs"
local json = require "std.json"
local origin = require "std.compose.origin"
local services = require "std.compose.service"
local suggest = require "std.suggest"
local table_of = require "std.table"

local M = {}

local function need(set, name, place, what, owner)
  if set and set[name] ~= nil then return end
  origin.fail(place, "%s refers to %s '%s', which is not defined%s", owner, what, name,
    suggest.phrase(name, set or {}))
end

local function check_dependencies(project, name, service)
  for other, row in pairs(service.depends_on or {}) do
    local place = origin.at(service.depends_on, other)
    if not project.services[other] and not (project.inactive[other] and not row.required) then
      if project.inactive[other] then
        origin.fail(place, "services.%s depends on '%s', which no active profile starts (%s)", name,
          other, table.concat(project.inactive[other].profiles, ", "))
      end
      need(project.services, other, place, "the service", "services." .. name)
    end
  end
end

local function check_replicas(owner, service)
  local deploy, n = service.deploy or {}, services.replicas(service)
  if service.scale and deploy.replicas and service.scale ~= deploy.replicas then
    origin.fail(origin.at(service, "scale"), "%s: scale is %d, but deploy.replicas is %d", owner,
      service.scale, deploy.replicas)
  end
  if n > 1 and service.container_name then
    origin.fail(origin.at(service, "container_name"), "%s: %d containers cannot all be named '%s'",
      owner, n, service.container_name)
  end
end

-- What can be said in two places: the key, the section of `deploy.resources`, the key there.
local TWICE <const> = { { "cpus", "limits", "cpus" }, { "mem_limit", "limits", "memory" },
  { "pids_limit", "limits", "pids" }, { "mem_reservation", "reservations", "memory" } }

local function check_contradictions(owner, service)
  if service.network_mode and next(service.networks or {}) then
    origin.fail(origin.at(service, "network_mode"),
      "%s: network_mode and networks exclude each other", owner)
  end
  local resources = service.deploy and service.deploy.resources or {}
  for _, row in ipairs(TWICE) do
    local key, section = row[1], row[2]
    local other = (resources[section] or {})[row[3]]
    if service[key] and other and service[key] ~= other then
      origin.fail(origin.at(service, key), "%s: %s differs from deploy.resources.%s.%s", owner, key,
        section, row[3])
    end
  end
end

-- Where the content of a secret or config comes from: exactly one of these.
local CONTENTS <const> = { "file", "environment", "content" }

local function check_contents(project, section)
  for name, item in table_of.sorted_pairs(project[section]) do
    local given = table_of.filter(CONTENTS, function(key) return item[key] ~= nil end)
    if not item.external and not item.driver and #given ~= 1 then
      origin.fail(origin.at(project[section], name), "%s.%s needs one of %s", section, name,
        table.concat(CONTENTS, ", "))
    end
  end
end

local function check_volumes(project)
  for name, volume in table_of.sorted_pairs(project.volumes) do
    for _, key in ipairs { "driver", "driver_opts", "labels" } do
      if volume.external and volume[key] ~= nil then
        origin.fail(origin.at(volume, key), "volumes.%s is external: it has no %s here", name, key)
      end
    end
  end
end

local function check_references(project, name, service)
  local owner = "services." .. name
  for network in pairs(service.networks or {}) do
    need(project.networks, network, origin.at(service.networks, network), "the network", owner)
  end
  for i, mount in ipairs(service.volumes or {}) do
    if mount.type == "volume" and mount.source then
      need(project.volumes, mount.source, origin.at(service.volumes, i), "the volume", owner)
    end
  end
  for _, section in ipairs { "secrets", "configs" } do
    for i, item in ipairs(service[section] or {}) do
      need(project[section], item.source, origin.at(service[section], i),
        section == "secrets" and "the secret" or "the config", owner)
    end
  end
  check_dependencies(project, name, service)
  check_replicas(owner, service)
  check_contradictions(owner, service)
end

-- The variables of its values: what earlier files of the service said, then those around.
local function read_env_file(row, place, state, earlier)
  if not fs.is_file(row.path) then
    if row.required == false then return {} end
    origin.fail(place, "env_file %s is not there", row.path)
  end
  local variables = services.variables_of(row) or state.variables
  local entries, err = dotenv.read(row.path, { on_use = variables.on_use, raw = row.format == "raw",
    get = function(name) return earlier[name] or variables.get(name) end })
  if not entries then error(err, 0) end
  return entries
end

-- Labels of files lie beneath those of the service.
local function fill_labels(service)
  if not service.label_file then return end
  local labels = origin.like({}, service.labels or service)
  for i, path in ipairs(service.label_file) do
    local place = origin.at(service.label_file, i)
    if not fs.is_file(path) then origin.fail(place, "label_file %s is not there", path) end
    for _, entry in ipairs(assert(dotenv.read(path))) do
      labels[entry.key] = entry.value or ""
      origin.set(labels, entry.key, entry.place)
    end
  end
  for key, value in pairs(service.labels or {}) do
    labels[key] = value
    origin.copy(labels, key, service.labels)
  end
  service.labels, service.label_file = labels, nil
end

local function depend(service, other, place, restart)
  if not other then origin.fail(place, "the name of a service is missing") end
  service.depends_on = service.depends_on or origin.place({}, place)
  if service.depends_on[other] then return end
  service.depends_on[other] = origin.place({ condition = "service_started", required = true,
    restart = restart }, place)
  origin.set(service.depends_on, other, place)
end

-- What uses another service's network, processes, volumes or name starts after it.
local function imply_dependencies(service)
  for i, text in ipairs(service.links or {}) do
    depend(service, text:match("^[^:]+"), origin.at(service.links, i), true)
  end
  for _, key in ipairs { "network_mode", "pid", "ipc" } do
    local other = (service[key] or ""):match("^service:(.+)$")
    if other then depend(service, other, origin.at(service, key), true) end
  end
  for i, text in ipairs(service.volumes_from or {}) do
    local other = text:match("^[^:]+")
    if other ~= "container" then
      depend(service, other, origin.at(service.volumes_from, i), false)
    end
  end
end

-- Variables of env_file beneath those of `environment`; a name without a value is taken from the
-- variables around, and left out when they lack it, too.
local function fill_environment(service, state)
  local env, own = origin.like({}, service.environment or service), service.environment or {}
  local from, hidden, earlier = {}, {}, {}
  for i, row in ipairs(service.env_file or {}) do
    local entries = read_env_file(row, origin.at(service.env_file, i), state, earlier)
    for _, entry in ipairs(entries) do
      local value = entry.value
        or (services.variables_of(row) or state.variables).get(entry.key)
      earlier[entry.key] = value
      if value and own[entry.key] ~= nil and own[entry.key] ~= value then
        hidden[#hidden + 1] = { key = entry.key, place = entry.place,
          by = origin.at(own, entry.key) }
      elseif value then
        env[entry.key], from[entry.key] = value, "file"
        origin.set(env, entry.key, entry.place)
      end
    end
  end
  for key, value in pairs(own) do
    if value == json.null then
      if state.variables.on_use then state.variables.on_use(key, origin.at(own, key)) end
      value = state.variables.get(key)
    end
    env[key], from[key] = value, "inline"
    origin.copy(env, key, own)
  end
  service.environment = env
  return from, hidden
end

-- Profiles named on the command line; a service without profiles always runs.
local function is_active(service, wanted)
  if not service.profiles or #service.profiles == 0 or wanted["*"] then return true end
  for _, profile in ipairs(service.profiles) do if wanted[profile] then return true end end
  return false
end

local function split_profiles(project, all, profiles)
  local wanted = table_of.set(profiles or {})
  for name, service in pairs(all) do
    if is_active(service, wanted) then
      project.services[name] = service
    else
      project.inactive[name] = service
    end
    origin.set(project.services, name, origin.at(all, name))
  end
end

local function fill_networks(project)
  for _, service in pairs(project.services) do
    if not service.networks and not service.network_mode then
      service.networks = { default = {} }
    end
    if service.networks and service.networks.default then
      project.networks.default = project.networks.default or {}
    end
  end
end

--- The finished project of merged content.
---@param merged table see std.compose.document
---@param state table {variables=, profiles=, dir=}
function M.finish(merged, state)
  local project = origin.like({ services = {}, inactive = {}, dir = state.dir, name = state.name,
    environment_sources = {}, hidden = {} }, merged)
  origin.place(project.services, merged.place)
  for _, section in ipairs { "networks", "volumes", "secrets", "configs" } do
    project[section] = merged[section] or {}
  end
  check_volumes(project)
  check_contents(project, "secrets")
  check_contents(project, "configs")
  split_profiles(project, merged.services or {}, state.profiles)
  fill_networks(project)
  for name, service in table_of.sorted_pairs(project.services) do
    imply_dependencies(service)
    fill_labels(service)
    local from, hidden = fill_environment(service, state)
    project.environment_sources[name] = from
    for _, row in ipairs(hidden) do
      row.service = name
      project.hidden[#project.hidden + 1] = row
    end
    check_references(project, name, service)
  end
  return project
end

return M
