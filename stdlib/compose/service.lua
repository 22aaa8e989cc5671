-- SPDX-License-Identifier: Apache-2.0
-- The keys of a service: each with the reader that brings it to its long form.

local cast = require "std.compose.cast"
local devices = require "std.compose.devices"
local fs = require "std.fs"
local json = require "std.json"
local mounts = require "std.compose.mounts"
local origin = require "std.compose.origin"
local ports = require "std.compose.ports"

local M = {}

local CONDITIONS <const> = { service_started = true, service_healthy = true,
  service_completed_successfully = true }

local function depends_on(value, place, name, state)
  local read = cast.named(cast.record { condition = cast.string, restart = cast.boolean,
    required = cast.boolean }, { list = true })
  local out = read(value, place, name, state)
  for id, row in pairs(out) do
    if row ~= origin.RESET and row ~= origin.NULL then
      row.condition = row.condition or "service_started"
      if row.required == nil then row.required = true end
      if not CONDITIONS[row.condition] then
        origin.fail(origin.at(row, "condition"), "%s.%s: unknown condition '%s'%s", name, id,
          row.condition, require("std.suggest").phrase(row.condition, CONDITIONS))
      end
    end
  end
  return out
end

local function test(value, place, name)
  if type(value) ~= "table" then
    return origin.place(json.array { "CMD-SHELL", cast.string(value, place, name) }, place)
  end
  local list = cast.list(value, place, name)
  local first = list[1]
  if first ~= "NONE" and first ~= "CMD" and first ~= "CMD-SHELL" then
    origin.fail(place, "%s must begin with NONE, CMD or CMD-SHELL", name)
  end
  return list
end

local healthcheck = cast.merged { test = test, interval = cast.duration, timeout = cast.duration,
  retries = cast.integer, start_period = cast.duration, start_interval = cast.duration,
  disable = cast.boolean }

local function context(value, place, name, state)
  local path = cast.string(value, place, name)
  if path:find("^%a[%w+.-]*://") or path:find("^git@") then return path end
  return mounts.host_path(path, state)
end

local function host_path(value, place, name, state)
  return mounts.host_path(cast.string(value, place, name), state)
end

local function paths(value, place, name, state)
  local list = cast.string_or_list(value, place, name)
  for i, path in ipairs(list) do list[i] = mounts.host_path(path, state) end
  return list
end

local env_row = cast.record({ path = host_path, required = cast.boolean, format = cast.string },
  function(value, place, name, state) return { path = host_path(value, place, name, state) } end)

-- Files of an included project are read with that project's variables.
local variables = setmetatable({}, { __mode = "k" })

--- The variables that a row of `env_file` is read with.
function M.variables_of(row) return variables[row] end

local env_file = cast.list_of(function(value, place, name, state)
  local row = env_row(value, place, name, state)
  if not row.path then origin.fail(place, "%s: path is missing", name) end
  if row.format and row.format ~= "raw" then
    origin.fail(origin.at(row, "format"), "%s: format must be raw, not '%s'", name, row.format)
  end
  variables[row] = state.variables
  return row
end)

local function env_files(value, place, name, state)
  if type(value) ~= "table" then
    value = origin.place(json.array { value }, place)
  end
  return env_file(value, place, name, state)
end

-- Several addresses of a host are one text with commas.
local function add_host(out, host, text)
  local address = text:match("^%[(.+)%]$") or text
  out[host] = out[host] and out[host] .. "," .. address or address
end

-- "host:address" and "host=address", a list or a mapping.
local function hosts(value, place, name)
  if type(value) ~= "table" then cast.wrong(place, name, "a list or a mapping", value) end
  local out = origin.like({}, value)
  if cast.is_list(value) then
    for i, item in ipairs(value) do
      local host, address = cast.string(item, place, name):match("^([^:=]+)[:=](.+)$")
      if not host then origin.fail(origin.at(value, i), "%s: expected HOST=ADDRESS", name) end
      add_host(out, host, address)
      origin.copy(out, host, value, i)
    end
    return out
  end
  for host, item in pairs(value) do
    if item == origin.RESET then
      out[host] = item
    else
      for _, text in ipairs(type(item) == "table" and item or { item }) do
        add_host(out, host, cast.string(text, origin.at(value, host), name))
      end
    end
    origin.copy(out, host, value)
  end
  return out
end

-- Microseconds: a number of them or a duration.
local function microseconds(value, place, name)
  if type(value) == "string" and value:find("%a") then
    return math.floor(cast.duration(value, place, name) * 1e6)
  end
  return cast.integer(value, place, name)
end

local function bytes_or_unlimited(value, place, name)
  if tostring(value) == "-1" then return -1 end
  return cast.bytes(value, place, name)
end

local RESTARTS <const> = { no = true, always = true, ["unless-stopped"] = true,
  ["on-failure"] = true }

local function restart(value, place, name)
  local text = cast.string(value, place, name)
  if not RESTARTS[text] and not text:find("^on%-failure:%d+$") then
    cast.wrong(place, name, "no, always, unless-stopped or on-failure[:TIMES]", value)
  end
  return text
end

local MOST <const> = 10000 -- containers of a service; all of them are thought of at once

local function count(value, place, name)
  local n = cast.integer(value, place, name)
  if n < 0 or n > MOST then cast.wrong(place, name, ("0 to %d"):format(MOST), value) end
  return n
end

-- A list of texts of one pattern.
local function texts(read, pattern, wanted)
  return function(value, place, name)
    local list = read(value, place, name)
    for i, text in ipairs(list) do
      if not text:find(pattern) then cast.wrong(origin.at(list, i) or place, name, wanted, text) end
    end
    return list
  end
end

local tmpfs = texts(cast.string_or_list, "^[^:]", "paths such as /run:size=64m")

local limits = cast.merged { cpus = cast.number, memory = cast.memory, pids = cast.integer }

local update = cast.merged { parallelism = cast.integer, delay = cast.duration,
  failure_action = cast.string, monitor = cast.duration, max_failure_ratio = cast.number,
  order = cast.one_of { "start-first", "stop-first" } }

local deploy = cast.merged {
  resources = cast.merged { limits = limits, reservations = cast.merged { cpus = cast.number,
    memory = cast.memory, devices = devices.requests,
    generic_resources = cast.list_of(cast.record { discrete_resource_spec = cast.any }) } },
  replicas = count, mode = cast.string, labels = cast.text_map, endpoint_mode = cast.string,
  restart_policy = cast.merged { condition = cast.one_of { "none", "on-failure", "any", "no",
    "always", "unless-stopped" }, delay = cast.duration,
    max_attempts = cast.integer, window = cast.duration },
  update_config = update, rollback_config = update,
  placement = cast.merged { constraints = cast.list, max_replicas_per_node = cast.integer,
    preferences = cast.list_of(cast.record { spread = cast.string }) },
}

local function mounted(value, place, name, state)
  local read = cast.list_of(cast.record({ source = cast.string, target = cast.string,
    uid = cast.string, gid = cast.string, mode = cast.rights }, function(item, at, label)
    return { source = cast.string(item, at, label) }
  end))
  return read(value, place, name, state)
end

local ulimit = cast.record({ soft = cast.integer, hard = cast.integer },
  function(value, place, name)
    local n = cast.integer(value, place, name)
    return { soft = n, hard = n }
  end)

local networks = cast.named(cast.merged { aliases = cast.list, ipv4_address = cast.string,
  ipv6_address = cast.string, link_local_ips = cast.list, mac_address = cast.string,
  priority = cast.integer, gw_priority = cast.integer, driver_opts = cast.options,
  interface_name = cast.string }, { list = true, null = true })

local hook = cast.list_of(cast.record { command = cast.command, user = cast.string,
  privileged = cast.boolean, working_dir = cast.string, environment = cast.map })

local build = cast.merged({
  context = context, dockerfile = cast.string, dockerfile_inline = cast.string,
  args = cast.map, target = cast.string, labels = cast.text_map, network = cast.string,
  cache_from = cast.list, cache_to = cast.list, no_cache = cast.boolean,
  pull = cast.boolean, shm_size = cast.bytes, extra_hosts = hosts, isolation = cast.string,
  privileged = cast.boolean, secrets = mounted, ssh = cast.any, tags = cast.list,
  platforms = cast.list, additional_contexts = cast.map, ulimits = cast.named(ulimit),
  entitlements = cast.list, provenance = cast.any, sbom = cast.any, no_cache_filter = cast.any,
}, function(value, place, name, state)
  return { context = context(value, place, name, state) }
end)

local function extends(value, place, name, state)
  return cast.record({ file = cast.string, service = cast.string }, function(text, at, label)
    return { service = cast.string(text, at, label) }
  end)(value, place, name, state)
end

local FIELDS = {
  build = build, command = cast.command, entrypoint = cast.command, env_file = env_files,
  environment = cast.map, depends_on = depends_on, healthcheck = healthcheck, deploy = deploy,
  ports = cast.list_of(ports.read), volumes = cast.list_of(mounts.read), networks = networks,
  extra_hosts = hosts, configs = mounted, secrets = mounted, extends = extends,
  labels = cast.text_map, annotations = cast.text_map, sysctls = cast.text_map,
  ulimits = cast.named(ulimit), logging = cast.merged { driver = cast.string,
    options = cast.options }, mem_limit = cast.bytes, mem_reservation = cast.bytes,
  memswap_limit = bytes_or_unlimited, mem_swappiness = cast.integer, shm_size = cast.bytes,
  cpus = cast.number, cpu_count = cast.integer, cpu_percent = cast.number,
  cpu_shares = cast.integer, cpu_quota = microseconds, cpu_period = microseconds,
  cpuset = cast.string, cpu_rt_period = microseconds, cpu_rt_runtime = microseconds,
  blkio_config = cast.merged { weight = cast.any, weight_device = cast.any,
    device_read_bps = cast.any, device_read_iops = cast.any, device_write_bps = cast.any,
    device_write_iops = cast.any }, stop_grace_period = cast.duration, pids_limit = cast.integer,
  oom_score_adj = cast.integer,
  scale = count, profiles = cast.list, expose = ports.exposed, group_add = cast.scalars,
  attach = cast.boolean, privileged = cast.boolean, read_only = cast.boolean,
  init = cast.boolean, tty = cast.boolean,
  stdin_open = cast.boolean, oom_kill_disable = cast.boolean, use_api_socket = cast.boolean,
  devices = cast.list_of(devices.read), device_cgroup_rules = cast.list,
  develop = cast.merged { watch = cast.any },
  credential_spec = cast.merged { config = cast.any, file = cast.any, registry = cast.any },
  gpus = devices.gpus, models = cast.any, provider = cast.any,
  post_start = hook, pre_stop = hook, storage_opt = cast.options, label_file = paths,
  restart = restart, tmpfs = tmpfs, dns = cast.string_or_list,
  dns_search = cast.string_or_list, cgroup = cast.one_of { "host", "private" },
  pull_policy = cast.one_of({ "always", "never", "missing", "if_not_present", "build", "refresh",
    "daily", "weekly", "every_1h" }, "^every_%w+$"),
}
for _, name in ipairs { "image", "container_name", "hostname", "domainname", "platform", "user",
  "working_dir", "network_mode", "pid", "ipc", "uts", "userns_mode",
  "cgroup_parent", "isolation", "mac_address", "pull_refresh_after", "runtime",
  "stop_signal" } do
  FIELDS[name] = cast.string
end
for _, name in ipairs { "cap_add", "cap_drop", "dns_opt", "external_links", "links",
  "security_opt", "volumes_from" } do
  FIELDS[name] = cast.list
end
M.FIELDS = FIELDS

-- Without a value these take the image's command again, or are as if they were not there.
local read_service = cast.merged(FIELDS, nil, { command = origin.RESET,
  entrypoint = origin.RESET, deploy = false, develop = false, pid = false })

--- The long form of a service as one file has it.
---@param state {dir: string} folder from which its relative paths count
function M.read(name, value, place, state)
  if not name:find("^[%w._-]+$") then
    origin.fail(place, "service name '%s' may have letters, digits, '.', '_' and '-' only", name)
  end
  return read_service(value, place, "services." .. name, state)
end

--- How many containers a service has.
---@return integer
function M.replicas(service)
  return service.scale or service.deploy and service.deploy.replicas or 1
end

local POLICIES <const> = { none = "no", any = "always" }

--- The restart policy of a service's containers, as `restart` words it; nil for none.
--- `deploy.restart_policy` wins, as in Compose.
---@return string?
function M.restart_of(service)
  local policy = service.deploy and service.deploy.restart_policy
  local text = service.restart
  if policy then
    text = POLICIES[policy.condition or "any"] or policy.condition
    if text == "on-failure" and policy.max_attempts then
      text = text .. ":" .. policy.max_attempts
    end
  end
  return text ~= "no" and text or nil
end

--- How many processes a service's container may have, or nil.
---@return integer?
function M.pids_of(service)
  local resources = service.deploy and service.deploy.resources or {}
  return resources.limits and resources.limits.pids or service.pids_limit
end

--- `extends.file`, from the folder of the file that has it.
function M.extends_path(path, state)
  return fs.absolute(path:sub(1, 1) == "/" and path or fs.join(state.dir, path))
end

return M
