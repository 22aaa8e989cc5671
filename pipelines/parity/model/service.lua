-- SPDX-License-Identifier: Apache-2.0
-- One service of a Compose project as a ServiceDefinition. Places travel with the values.

local json = require "std.json"
local origin = require "std.compose.origin"
local resolve = require "std.resolve"
local secrets = require "pipelines.parity.model.secrets"
local table_of = require "std.table"
local units = require "std.compose.units"

local M = {}

-- Copies keys {model key = service key} with their places.
local function take(to, from, names)
  if from == nil then return to end
  for key, name in pairs(names) do
    local value = from[name]
    if value ~= nil then
      to[key] = value
      origin.copy(to, key, from, name)
    end
  end
  return to
end

-- Sizes and durations as they were written: "2G" stays "2G".
local function as_written(to, key, from, name, show)
  if not from or from[name] == nil then return end
  local written = origin.written(from, name)
  to[key] = type(written) == "string" and written or show(from[name])
  origin.copy(to, key, from, name)
end

--- Role and type of a service, by rules/roles.lua.
function M.kind(name, service)
  local rules = assert(resolve.load("parity", "rules.roles"))
  local image = (service.image or ""):gsub("@.*$", ""):match("([^/]*)$"):gsub(":[^:]*$", ""):lower()
  local found = rules.default
  for _, text in ipairs { image, name:lower() } do
    local row = table_of.find(rules, function(rule) return text:find(rule[1]) ~= nil end)
    if row then found = row break end
  end
  local labels = service.labels or {}
  return labels["lsqm.role"] or found.role, labels["lsqm.type"] or found.type
end

local function port_mapping(port, list, i)
  local first = tonumber((port.published or "0"):match("^%d+"))
  if port.protocol ~= "tcp" and port.protocol ~= "udp" then
    origin.fail(origin.at(list, i), "ports: protocol must be tcp or udp, not '%s'", port.protocol)
  end
  return origin.place({ host_port = math.tointeger(first), container_port = port.target,
    protocol = port.protocol, host_ip = port.host_ip }, origin.at(list, i))
end

local function ports(service)
  local out = origin.like(json.array(), service.ports or service)
  for i, port in ipairs(service.ports or {}) do
    out[i] = port_mapping(port, service.ports, i)
    origin.copy(out, i, service.ports)
  end
  return out
end

local function networks(service)
  local out = origin.like(json.array(), service.networks or service)
  for name in table_of.sorted_pairs(service.networks or {}) do
    out[#out + 1] = name
    origin.copy(out, #out, service.networks, name)
  end
  return out
end

local function mount_of(id, mount, env)
  local out = { service_id = id, container_path = mount.target, type = mount.type,
    mode = mount.read_only and "ro" or "rw", metadata = { description = "" },
    propagation = mount.bind and mount.bind.propagation }
  if mount.type == "volume" then
    out.volume_id = mount.source and env.id .. "/" .. mount.source
      or id .. "/anonymous" .. mount.target
    out.metadata.description = mount.source and "volume " .. mount.source or "anonymous volume"
  elseif mount.type == "bind" then
    out.host_path = mount.source
    out.metadata.description = "folder or file of the host"
  elseif mount.type == "tmpfs" then
    out.metadata.description = "in memory"
  end
  return out
end

local function mounts(id, service, env)
  local out = origin.like(json.array(), service.volumes or service)
  for i, mount in ipairs(service.volumes or {}) do
    out[i] = origin.place(mount_of(id, mount, env), origin.at(service.volumes, i))
    origin.copy(out, i, service.volumes)
  end
  return out
end

local function health_check(id, service)
  local given, extra = service.healthcheck, service["x-health"] or {}
  if given and (given.disable or given.test and given.test[1] == "NONE") then given = nil end
  -- `disable: false` alone leaves everything to the image
  if given and given.disable == false and not next(given, next(given)) then given = nil end
  if not given and not extra.endpoints then return nil end
  local from = given or {}
  local check = origin.like({}, from)
  take(check, from, { test = "test", retries = "retries" })
  for _, key in ipairs { "interval", "timeout", "start_period" } do
    as_written(check, key, from, key, units.show_duration)
  end
  local out = origin.place({ service_id = id, check = check, endpoints = json.array() },
    origin.at(service, given and "healthcheck" or "x-health"))
  local defaults = assert(resolve.load("parity", "rules.health")).endpoint
  for i, row in ipairs(extra.endpoints or {}) do
    out.endpoints[i] = origin.like(table_of.merge(defaults, row), row)
  end
  if extra.expected_response then
    out.expected_response = take(origin.like({}, extra.expected_response),
      extra.expected_response, { status_code = "status_code", body_pattern = "body_pattern",
        json_path = "json_path" })
  end
  return out
end

local function dependencies(id, service, env)
  local out = origin.like(json.array(), service.depends_on or service)
  for name, row in table_of.sorted_pairs(service.depends_on or {}) do
    out[#out + 1] = origin.like({ service_id = id, depends_on_service_id = env.id .. "/" .. name,
      condition = row.condition, restart = row.restart or false,
      metadata = { criticality = row.required and "required" or "optional" } }, row)
    origin.copy(out, #out, service.depends_on, name)
  end
  return out
end

-- deploy.resources wins over the old keys, as in Compose.
local function limits(service)
  local resources = service.deploy and service.deploy.resources or {}
  local out = origin.like({}, resources.limits or service)
  take(out, service, { cpu_limit = "cpus" })
  take(out, resources.limits, { cpu_limit = "cpus" })
  take(out, resources.reservations, { cpu_reservation = "cpus" })
  as_written(out, "memory_limit", service, "mem_limit", units.show_bytes)
  as_written(out, "memory_limit", resources.limits, "memory", units.show_bytes)
  as_written(out, "memory_reservation", service, "mem_reservation", units.show_bytes)
  as_written(out, "memory_reservation", resources.reservations, "memory", units.show_bytes)
  return out
end

--- EnvironmentVariables of a mapping, sorted, secrets concealed.
---@param sources table<string, string>|nil key → inline or file
function M.variables(map, sources, public)
  local out = origin.like(json.array(), map)
  for key, value in table_of.sorted_pairs(map) do
    local variable = origin.place({ key = key, value = value, source = sources and sources[key]
      or "inline", secret = secrets.is_secret(key, value) }, origin.at(map, key))
    if variable.secret then secrets.conceal(variable, public) end
    out[#out + 1] = variable
    origin.copy(out, #out, map, key)
  end
  return out
end

--- The ServiceDefinition of one service.
---@param env {id: string, public: table<string, true>}
function M.definition(name, service, sources, env)
  local id = env.id .. "/" .. name
  local role, kind = M.kind(name, service)
  local image = service.image or (env.project .. "-" .. name)
  local container = origin.like({ image = image }, service)
  take(container, service, { image = "image", platform = "platform", entrypoint = "entrypoint",
    command = "command" })
  if not service.image then origin.copy(container, "image", service, "build") end
  local networking = origin.like({ hostname = name, ports = ports(service),
    networks = networks(service) }, service)
  take(networking, service, { hostname = "hostname" })
  local storage = origin.like({ volumes = mounts(id, service, env) }, service)
  take(storage, service, { tmpfs = "tmpfs" })
  return origin.like({ id = id, name = name, role = role, type = kind, container = container,
    networking = networking, storage = storage, health_check = health_check(id, service),
    dependencies = dependencies(id, service, env), resource_limits = limits(service),
    environment_variables = M.variables(service.environment or {}, sources, env.public),
    labels = service.labels or {} }, service)
end

return M
