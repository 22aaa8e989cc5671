-- SPDX-License-Identifier: Apache-2.0
-- A Compose service as the Engine API's specs: container, host, networks.

local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local json = require "std.json"
local labels_of = require "pipelines.parity.engine.labels"
local origin = require "std.compose.origin"
local table_of = require "std.table"

local M = {}

local NANO <const> = 1000000000

local function nanoseconds(seconds) return seconds and math.floor(seconds * NANO) or nil end

local function health(service)
  local check = service.healthcheck
  if not check then return nil end
  if check.disable then return { Test = json.array { "NONE" } } end
  if not check.test then return nil end
  return { Test = check.test, Interval = nanoseconds(check.interval),
    Timeout = nanoseconds(check.timeout), Retries = check.retries,
    StartPeriod = nanoseconds(check.start_period),
    StartInterval = nanoseconds(check.start_interval) }
end

local function environment_list(service)
  local list = json.array()
  for key, value in table_of.sorted_pairs(service.environment or {}) do
    list[#list + 1] = key .. "=" .. value
  end
  return list
end

local function exposed(service)
  local out, bindings = {}, {}
  for _, text in ipairs(service.expose or {}) do
    out[text:find("/", 1, true) and text or text .. "/tcp"] = {}
  end
  for _, port in ipairs(service.ports or {}) do
    local key = ("%d/%s"):format(port.target, port.protocol)
    out[key] = {}
    bindings[key] = bindings[key] or json.array()
    table.insert(bindings[key], { HostIp = port.host_ip or "", HostPort = port.published or "" })
  end
  return out, bindings
end

local function mount(project, row)
  local out = { Type = row.type, Target = row.target, ReadOnly = row.read_only or nil }
  if row.type == "volume" then
    if row.source then
      out.Source = environments.resource_name(project, row.source, project.volumes[row.source])
    end
    if row.volume and row.volume.nocopy then out.VolumeOptions = { NoCopy = true } end
  elseif row.type == "bind" then
    out.Source = row.source
    local propagation = row.bind and row.bind.propagation
    if propagation then out.BindOptions = { Propagation = propagation } end
  elseif row.type == "tmpfs" and row.tmpfs then
    out.TmpfsOptions = { SizeBytes = row.tmpfs.size, Mode = row.tmpfs.mode }
  end
  return out
end

-- Secrets and configs of files are read-only mounts, as Compose does it.
local function file_mounts(project, service, list)
  for section, folder in pairs { secrets = "/run/secrets/", configs = "/" } do
    for _, item in ipairs(service[section] or {}) do
      local file = project[section][item.source].file
      if file then
        local target = item.target or item.source
        list[#list + 1] = { Type = "bind", Source = file, ReadOnly = true,
          Target = target:sub(1, 1) == "/" and target or folder .. target }
      end
    end
  end
end

local function mounts(project, service)
  local list = json.array()
  for _, row in ipairs(service.volumes or {}) do list[#list + 1] = mount(project, row) end
  file_mounts(project, service, list)
  return list
end

local function tmpfs(service)
  local out = {}
  for _, text in ipairs(service.tmpfs or {}) do
    local path, options = text:match("^([^:]+):?(.*)$")
    out[path] = options
  end
  return next(out) and out or nil
end

local function restart(service)
  local text = service.restart or "no"
  local name, count = text:match("^(on%-failure):(%d+)$")
  return { Name = name or text, MaximumRetryCount = math.tointeger(tonumber(count)) }
end

local function ulimits(service)
  local list = json.array()
  for name, row in table_of.sorted_pairs(service.ulimits or {}) do
    list[#list + 1] = { Name = name, Soft = row.soft, Hard = row.hard }
  end
  return list
end

local function extra_hosts(service)
  local list = json.array()
  for host, address in table_of.sorted_pairs(service.extra_hosts or {}) do
    list[#list + 1] = host .. ":" .. address
  end
  return list
end

-- Keys whose value goes to the engine as it is.
local HOST <const> = { CapAdd = "cap_add", CapDrop = "cap_drop", Privileged = "privileged",
  Init = "init", ReadonlyRootfs = "read_only", ShmSize = "shm_size", Dns = "dns",
  DnsSearch = "dns_search", DnsOptions = "dns_opt", GroupAdd = "group_add",
  SecurityOpt = "security_opt", Sysctls = "sysctls", PidMode = "pid", IpcMode = "ipc",
  UTSMode = "uts", UsernsMode = "userns_mode", Runtime = "runtime",
  CgroupParent = "cgroup_parent", CgroupnsMode = "cgroup", OomScoreAdj = "oom_score_adj",
  OomKillDisable = "oom_kill_disable", CpuShares = "cpu_shares", CpusetCpus = "cpuset",
  MemorySwappiness = "mem_swappiness", StorageOpt = "storage_opt",
  DeviceCgroupRules = "device_cgroup_rules" }

-- Keys that would need more than that. A service that has one is refused by name.
local REFUSED <const> = { "gpus", "blkio_config", "credential_spec", "models", "provider",
  "post_start", "pre_stop", "label_file", "use_api_socket", "isolation", "cpu_rt_period",
  "cpu_rt_runtime", "cpu_count", "cpu_percent", "cpu_quota", "cpu_period", "external_links",
  "links", "volumes_from", "devices", "memswap_limit" }

local function refuse(name, service, what)
  error(error_of.new { op = "service " .. name, code = "unsupported", message = what
    .. " is not something that lsqm parity up can do", file = (origin.at(service) or {}).file,
    line = (origin.at(service) or {}).line }, 0)
end

--- Raises where a service wants what cannot be done here.
function M.check(project)
  for name, service in table_of.sorted_pairs(project.services) do
    for _, key in ipairs(REFUSED) do
      if service[key] ~= nil then refuse(name, service, key) end
    end
    local replicas = service.scale or service.deploy and service.deploy.replicas or 1
    if replicas ~= 1 then refuse(name, service, replicas .. " containers of one service") end
    for _, section in ipairs { "secrets", "configs" } do
      for _, item in ipairs(service[section] or {}) do
        if not project[section][item.source].file then
          refuse(name, service, section .. "." .. item.source .. " without a file")
        end
      end
    end
  end
end

-- `service:NAME` is the container of that service.
local function network_mode(project, service)
  local other = (service.network_mode or ""):match("^service:(.+)$")
  if other and project.services[other] then
    return "container:" .. M.container_name(project, other)
  end
  return service.network_mode
end

local function limits(service, host)
  local resources = service.deploy and service.deploy.resources or {}
  local most, least = resources.limits or {}, resources.reservations or {}
  local cpus = most.cpus or service.cpus
  host.NanoCpus = cpus and math.floor(cpus * NANO) or nil
  host.Memory = most.memory or service.mem_limit
  host.MemoryReservation = least.memory or service.mem_reservation
  host.PidsLimit = most.pids or service.pids_limit
end

local function host_config(project, service, bindings)
  local host = { PortBindings = bindings, Mounts = mounts(project, service),
    Tmpfs = tmpfs(service), RestartPolicy = restart(service), Ulimits = ulimits(service),
    ExtraHosts = extra_hosts(service), NetworkMode = network_mode(project, service) }
  for field, key in pairs(HOST) do host[field] = service[key] end
  if service.logging then
    host.LogConfig = { Type = service.logging.driver or "json-file",
      Config = service.logging.options }
  end
  limits(service, host)
  return host
end

local function endpoint(name, row)
  local aliases = json.array { name }
  for _, alias in ipairs(row.aliases or {}) do aliases[#aliases + 1] = alias end
  return { Aliases = aliases, IPAMConfig = row.ipv4_address and
    { IPv4Address = row.ipv4_address, IPv6Address = row.ipv6_address } or nil }
end

--- Networks of a service as {name in the engine, EndpointConfig}; the first is the one the
--- container is made with.
function M.networks(project, name, service)
  local list = {}
  for network, row in table_of.sorted_pairs(service.networks or {}) do
    list[#list + 1] = { priority = row.priority or 0, endpoint = endpoint(name, row),
      name = environments.resource_name(project, network, project.networks[network]) }
  end
  table.sort(list, function(a, b)
    if a.priority ~= b.priority then return a.priority > b.priority end
    return a.name < b.name
  end)
  return list
end

local function depends(service)
  local list = json.array()
  for name, row in table_of.sorted_pairs(service.depends_on or {}) do
    list[#list + 1] = { name = name, condition = row.condition, restart = row.restart or false,
      required = row.required }
  end
  return json.encode(list)
end

--- What a service was started from, as 16 hex digits: changes with everything that matters.
function M.version(project, name)
  return environments.version_of(project.services[name])
end

function M.labels(project, environment_id, name)
  local service = project.services[name]
  return table_of.merge(service.labels, { [labels_of.PROJECT] = project.name,
    [labels_of.SERVICE] = name, [labels_of.ENVIRONMENT] = environment_id,
    [labels_of.VERSION] = M.version(project, name), [labels_of.DEPENDS] = depends(service),
    [labels_of.NUMBER] = "1" })
end

--- The name of a service's container.
function M.container_name(project, name)
  return project.services[name].container_name or ("%s-%s-1"):format(project.name, name)
end

--- Image of a service: given, or the name that a build gets.
function M.image(project, name)
  return project.services[name].image or ("%s-%s"):format(project.name, name)
end

--- The API's spec of a container, and the networks to attach after it is made.
function M.container(project, environment_id, name)
  local service = project.services[name]
  local ports, bindings = exposed(service)
  local networks = M.networks(project, name, service)
  local host = host_config(project, service, bindings)
  local first = networks[1]
  if first then host.NetworkMode = first.name end
  local spec = { Image = M.image(project, name), Cmd = service.command,
    Entrypoint = service.entrypoint, Env = environment_list(service),
    Labels = M.labels(project, environment_id, name), Hostname = service.hostname,
    Domainname = service.domainname, WorkingDir = service.working_dir, User = service.user,
    ExposedPorts = next(ports) and ports or nil, Healthcheck = health(service), Tty = service.tty,
    OpenStdin = service.stdin_open, StopSignal = service.stop_signal,
    StopTimeout = service.stop_grace_period and math.ceil(service.stop_grace_period) or nil,
    HostConfig = host, NetworkingConfig = first and
      { EndpointsConfig = { [first.name] = first.endpoint } } or nil }
  table.remove(networks, 1)
  return spec, networks
end

return M
