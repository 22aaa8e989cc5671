-- SPDX-License-Identifier: Apache-2.0
-- A Compose project as an EnvironmentConfiguration. The project itself stays beside it for what
-- the model does not hold (build contexts, capabilities, …): see `of`.

local json = require "std.json"
local origin = require "std.compose.origin"
local secrets = require "pipelines.parity.model.secrets"
local services = require "pipelines.parity.model.service"
local sha256 = require "std.sha256"
local table_of = require "std.table"
local time = require "std.time"
local uv = require "luv"

local M = {}

local GB <const> = 2 ^ 30

-- Words that stand openly in the files: hiding them in texts would only garble what people read.
local function public_words(project)
  local words = { [project.name] = true }
  for name, service in pairs(project.services) do
    words[name] = true
    for word in (service.image or ""):gmatch("[%w_-]+") do words[word] = true end
    for key, value in pairs(service.environment or {}) do
      if not secrets.is_secret(key, value) then words[value] = true end
    end
  end
  return words
end

local function volume_kind(volume)
  local options = volume.driver_opts or {}
  if options.type == "tmpfs" then return "tmpfs" end
  if options.o and options.o:find("bind") then return "bind_mount" end
  return "named_volume"
end

-- volume → names of the services that mount it
local function users_of_volumes(project)
  local users = {}
  for name, service in table_of.sorted_pairs(project.services) do
    for _, mount in ipairs(service.volumes or {}) do
      if mount.type == "volume" and mount.source then
        local names = users[mount.source] or {}
        users[mount.source] = names
        if names[#names] ~= name then names[#names + 1] = name end
      end
    end
  end
  return users
end

local function volume_definition(project, env, name, volume)
  local labels = volume.labels or {}
  return origin.like({ id = env.id .. "/" .. name, labels = labels, type = volume_kind(volume),
    name = M.resource_name(project, name, volume), driver = volume.driver or "local",
    driver_opts = volume.driver_opts, metadata = {
      purpose = labels["lsqm.purpose"]
        or "data of " .. table.concat(env.users[name] or {}, ", "),
      size_estimate_gb = math.tointeger(tonumber(labels["lsqm.size_gb"])),
      backup_enabled = labels["lsqm.backup"] == "true" } }, volume)
end

local DRIVERS <const> = { bridge = true, overlay = true, host = true, none = true }

local function ipam_of(network)
  local config = json.array()
  for i, row in ipairs(network.ipam and network.ipam.config or {}) do
    if not row.subnet then
      origin.fail(origin.at(network.ipam.config, i), "networks: ipam.config needs a subnet")
    end
    config[i] = origin.like({ subnet = row.subnet, gateway = row.gateway,
      ip_range = row.ip_range }, row)
  end
  return { driver = network.ipam and network.ipam.driver or "default", config = config }
end

local function network_definition(project, env, name, network)
  local driver = network.driver or "bridge"
  if not DRIVERS[driver] then
    origin.fail(origin.at(network, "driver"), "networks.%s: driver must be bridge, overlay, host "
      .. "or none, not '%s'", name, driver)
  end
  return origin.like({ id = env.id .. "/" .. name, driver = driver,
    name = M.resource_name(project, name, network), ipam = ipam_of(network),
    driver_opts = network.driver_opts, internal = network.internal or false,
    attachable = network.attachable or false, labels = network.labels or {} }, network)
end

--- The name that a network or volume has in the engine.
function M.resource_name(project, name, resource)
  if resource.name then return resource.name end
  return resource.external and name or project.name .. "_" .. name
end

local function mapped(map, make)
  local out = origin.like(json.array(), map)
  for name, value in table_of.sorted_pairs(map) do
    out[#out + 1] = make(name, value)
    origin.copy(out, #out, map, name)
  end
  return out
end

local function global_variables(project, env)
  local map = {}
  for _, entry in ipairs(project.env_entries) do
    if entry.value then
      map[entry.key] = entry.value
      origin.set(map, entry.key, entry.place)
    end
  end
  local from = setmetatable({}, { __index = function() return "file" end })
  return services.variables(map, from, env.public)
end

local function platform()
  local info = uv.os_uname()
  if info.sysname == "Darwin" then return "macos" end
  return info.release:lower():find("microsoft") and "windows-wsl2" or "linux"
end

local function machine()
  local disk = uv.fs_statfs and uv.fs_statfs("/")
  return { cpu_cores = uv.available_parallelism and uv.available_parallelism() or 1,
    memory_gb = math.floor(uv.get_total_memory() / GB),
    disk_gb = disk and math.floor(disk.blocks * disk.bsize / GB) or 0 }
end

-- A text that is the same for the same content, much faster made than JSON.
local function spell(value, out)
  if type(value) ~= "table" then
    -- a null has an address of its own in each process
    out[#out + 1] = value == json.null and "null" or type(value):sub(1, 1) .. tostring(value)
    return
  end
  out[#out + 1] = "{"
  if #value > 0 then
    for i = 1, #value do spell(value[i], out) end
  else
    local keys = {}
    for key in next, value do keys[#keys + 1] = key end
    table.sort(keys)
    for i = 1, #keys do
      out[#out + 1] = keys[i]
      spell(value[keys[i]], out)
    end
  end
  out[#out + 1] = "}"
end

--- What is the same for the same content: the first 16 digits of its SHA-256.
---@param value any an environment's parts, a service, …
function M.version_of(value)
  local out = {}
  spell(value, out)
  return sha256.string(table.concat(out, "\0")):sub(1, 16)
end

---@class parity.Environment the entity; `M.project_of` gives what it was made of
local behind = setmetatable({}, { __mode = "k" })

function M.project_of(environment) return behind[environment] end

--- The EnvironmentConfiguration of a project. Raises a Compose error where it cannot be one.
---@param project lsqm.compose.Project
---@param options {id?: string, type?: string, created_at?: string, state?: string}
function M.of(project, options)
  local kind = options.type or "local"
  local now = time.iso()
  local env = { id = options.id or kind .. "-" .. project.name, project = project.name,
    public = public_words(project), users = users_of_volumes(project) }
  secrets.hide_mentioned(project, env.public)
  local out = origin.like({ id = env.id, name = project.name, type = kind,
    state = options.state or "uninitialized",
    created_at = options.created_at or now, updated_at = now,
    services = mapped(project.services, function(name, service)
      return services.definition(name, service, project.environment_sources[name], env)
    end),
    volumes = mapped(project.volumes, function(name, volume)
      return volume_definition(project, env, name, volume)
    end),
    networks = mapped(project.networks, function(name, network)
      return network_definition(project, env, name, network)
    end),
    environment_variables = global_variables(project, env),
    metadata = { platform = platform(), docker_engine = options.docker_engine,
      compose_version = options.compose_version, resource_allocation = machine() } }, project)
  out.version = M.version_of { project.services, out.volumes, out.networks,
    out.environment_variables }
  behind[out] = project
  return out
end

return M
