-- SPDX-License-Identifier: Apache-2.0
-- A service as a flat map: path → {value, place}. Lists with a key of their own (ports, mounts,
-- variables, …) are spread by that key, so that their order means nothing.

local compose_service = require "std.compose.service"
local environments = require "pipelines.parity.model.environment"
local fs = require "std.fs"
local json = require "std.json"
local origin = require "std.compose.origin"
local secrets = require "pipelines.parity.model.secrets"
local table_of = require "std.table"
local units = require "std.compose.units"

local M = {}

---@class parity.Field
---@field value any         what is compared
---@field shown any         what is told; *** for a secret
---@field place lsqm.compose.Place?
---@field secret boolean?

-- What the model does not hold, from the Compose service itself.
M.COMPOSE_KEYS = { "user", "working_dir", "privileged", "read_only", "init",
  "network_mode", "stop_signal", "cap_add", "cap_drop", "extra_hosts", "dns", "ulimits", "sysctls",
  "security_opt", "secrets", "configs", "devices", "gpus", "shm_size", "containers" }

local function put(out, path, t, key, value, shown)
  if value == nil then return end
  out[path] = { value = value, shown = shown == nil and value or shown, place = origin.at(t, key) }
end

local function written_or(state, t, key, value)
  if not state.structural then return value end
  local written = origin.written(t, key)
  if written == nil then return value end
  return written
end

local readers = {
  bytes = function(text) return units.bytes(text) or text end,
  duration = function(text) return units.duration(text) or text end,
}

-- Keys of a group, each as it is written or, semantically, as what it means.
local function group(out, prefix, t, keys, state)
  for key, reader in pairs(keys) do
    local value = t[key]
    if value ~= nil then
      local meaning = state.structural and written_or(state, t, key, value)
        or readers[reader] and readers[reader](value) or value
      put(out, prefix .. key, t, key, meaning, written_or(state, t, key, value))
    end
  end
end

local function ports(out, service, state)
  local list = service.networking.ports
  local seen = {}
  for i, port in ipairs(list) do
    local id = ("%d/%s"):format(port.container_port, port.protocol)
    seen[id] = (seen[id] or 0) + 1
    local path = ("networking.ports[%s%s]"):format(id, seen[id] > 1 and "#" .. seen[id] or "")
    local ip = port.host_ip
    if ip == "0.0.0.0" or ip == "" then ip = nil end
    local text = (ip and ip .. ":" or "") .. (port.host_port > 0 and port.host_port or "any")
    put(out, path, list, i, written_or(state, list, i, text))
  end
end

-- Where a mount comes from, so that two checkouts of one project have the same.
local function mount_source(mount, environment, project)
  if mount.volume_id then
    return mount.volume_id:gsub("^" .. environment.id:gsub("%p", "%%%0") .. "/", "")
  end
  if not mount.host_path or not project then return mount.host_path end
  local inside = fs.relative(mount.host_path, project.dir)
  return inside:find("^%.%.") and mount.host_path or "./" .. inside
end

local function mounts(out, service, environment, state)
  local list = service.storage.volumes
  -- a container knows only absolute paths
  local project = state.mode ~= "runtime" and environments.project_of(environment) or nil
  for i, mount in ipairs(list) do
    local path = ("storage.volumes[%s]"):format(mount.container_path)
    local source = mount_source(mount, environment, project) or ""
    local text = ("%s %s %s"):format(mount.type, source:find("/anonymous", 1, true) and "-"
      or source, mount.mode)
    put(out, path, list, i, written_or(state, list, i, text))
    put(out, path .. ".propagation", list, i, mount.propagation)
  end
  for i, path in ipairs(service.storage.tmpfs or {}) do
    put(out, ("storage.tmpfs[%s]"):format(path), service.storage.tmpfs, i, path)
  end
end

local function variables(out, service)
  local list = service.environment_variables
  for i, variable in ipairs(list) do
    local path = ("environment_variables[%s]"):format(variable.key)
    put(out, path, list, i, secrets.reveal(variable), variable.value)
    out[path].secret = variable.secret
  end
end

local CHECK <const> = { test = "any", interval = "duration", timeout = "duration",
  retries = "any", start_period = "duration" }

local function health(out, service, state)
  local check = service.health_check
  if not check then return end
  out["health_check"] = { value = true, shown = true, place = origin.at(check) }
  group(out, "health_check.check.", check.check, CHECK, state)
  for i, endpoint in ipairs(check.endpoints) do
    put(out, ("health_check.endpoints[%d]"):format(i - 1), check.endpoints, i, endpoint)
  end
  group(out, "health_check.expected_response.", check.expected_response or {},
    { status_code = "any", body_pattern = "any", json_path = "any" }, state)
end

local function dependencies(out, service, environment)
  local list = service.dependencies
  for i, row in ipairs(list) do
    local name = row.depends_on_service_id:sub(#environment.id + 2)
    put(out, ("dependencies[%s].condition"):format(name), list, i, row.condition)
    put(out, ("dependencies[%s].restart"):format(name), list, i, row.restart)
  end
end

-- Keys that Compose lets one write in two places.
local DERIVED <const> = { restart = compose_service.restart_of,
  pids_limit = compose_service.pids_of, scale = compose_service.replicas }

local function derived(out, given)
  for key, of in pairs(DERIVED) do
    local place = given[key] ~= nil and origin.at(given, key)
      or given.deploy and origin.at(given, "deploy") or origin.at(given)
    local value = of(given)
    if value ~= nil then
      out["compose." .. key] = { value = value, shown = value, place = place }
    end
  end
end

local function compose_keys(out, service, environment, state)
  local project = environments.project_of(environment)
  local given = project and project.services[service.name]
    or require("pipelines.parity.engine.observe").service_of(environment, service.name)
  if not given then return end
  for _, key in ipairs(M.COMPOSE_KEYS) do
    if given[key] ~= nil then
      put(out, "compose." .. key, given, key, written_or(state, given, key, given[key]))
    end
  end
  derived(out, given)
end

--- The fields of a service.
---@param state {structural: boolean?, mode: string}
---@return table<string, parity.Field>
function M.of(service, environment, state)
  local out = {}
  group(out, "container.", service.container, { image = "any", platform = "any",
    entrypoint = "any", command = "any" }, state)
  put(out, "networking.hostname", service.networking, "hostname", service.networking.hostname)
  for i, name in ipairs(service.networking.networks) do
    put(out, ("networking.networks[%s]"):format(name), service.networking.networks, i, true)
  end
  ports(out, service, state)
  mounts(out, service, environment, state)
  health(out, service, state)
  dependencies(out, service, environment)
  group(out, "resource_limits.", service.resource_limits, { cpu_limit = "any",
    cpu_reservation = "any", memory_limit = "bytes", memory_reservation = "bytes" }, state)
  variables(out, service)
  for key, value in pairs(service.labels) do
    put(out, ("labels[%s]"):format(key), service.labels, key, value)
  end
  compose_keys(out, service, environment, state)
  return out
end

--- Fields of volumes and networks of the environment.
function M.of_environment(environment)
  local out = {}
  for i, volume in ipairs(environment.volumes) do
    local name = volume.id:sub(#environment.id + 2)
    put(out, ("volumes[%s].type"):format(name), environment.volumes, i, volume.type)
    put(out, ("volumes[%s].driver"):format(name), environment.volumes, i, volume.driver)
  end
  for i, network in ipairs(environment.networks) do
    local name = network.id:sub(#environment.id + 2)
    for _, key in ipairs { "driver", "internal", "attachable" } do
      put(out, ("networks[%s].%s"):format(name, key), environment.networks, i, network[key])
    end
    if #network.ipam.config > 0 then
      put(out, ("networks[%s].ipam"):format(name), environment.networks, i,
        json.encode(network.ipam))
    end
  end
  return out
end

--- Same meaning?
function M.equal(a, b)
  return a == b or table_of.deep_equal(a, b)
end

return M
