-- SPDX-License-Identifier: Apache-2.0
-- The HostConfig of a service's container: what the host gives and limits.

local compose_service = require "std.compose.service"
local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local files = require "std.compose.file"
local fs = require "std.fs"
local json = require "std.json"
local names = require "pipelines.parity.engine.names"
local table_of = require "std.table"

local M = {}

local NANO <const> = 1000000000

local function bind_options(bind)
  if not bind.propagation and not bind.recursive then return nil end
  return { Propagation = bind.propagation,
    NonRecursive = bind.recursive == "disabled" or nil,
    ReadOnlyNonRecursive = bind.recursive == "writable" or nil,
    ReadOnlyForceRecursive = bind.recursive == "readonly" or nil }
end

local function volume_options(volume)
  return { NoCopy = volume.nocopy, Subpath = volume.subpath, Labels = volume.labels }
end

local function mount(project, row)
  local out = { Type = row.type, Target = row.target, ReadOnly = row.read_only or nil,
    Source = row.source, Consistency = row.consistency }
  if row.type == "volume" then
    if row.source then
      out.Source = environments.resource_name(project, row.source, project.volumes[row.source])
    end
    out.VolumeOptions = row.volume and volume_options(row.volume)
  elseif row.type == "bind" then
    out.BindOptions = row.bind and bind_options(row.bind)
  elseif row.type == "image" then
    out.ImageOptions = row.image
  elseif row.type == "tmpfs" and row.tmpfs then
    out.TmpfsOptions = { SizeBytes = row.tmpfs.size, Mode = row.tmpfs.mode }
  end
  return out
end

-- Secrets and configs of files are read-only mounts, as Compose does it.
local function file_mounts(project, service, list)
  for section in pairs(names.FOLDERS) do
    for _, item in ipairs(service[section] or {}) do
      local file = project[section][item.source].file
      if file then
        list[#list + 1] = { Type = "bind", Source = file, ReadOnly = true,
          Target = names.target_of(section, item) }
      end
    end
  end
end

-- Only the short form can ask for SELinux labels.
local function is_labelled(row) return row.type == "bind" and row.bind and row.bind.selinux end

local function mounts(project, service)
  local list = json.array()
  for _, row in ipairs(service.volumes or {}) do
    if not is_labelled(row) then list[#list + 1] = mount(project, row) end
  end
  file_mounts(project, service, list)
  return list
end

local function binds(service)
  local list = json.array()
  for _, row in ipairs(service.volumes or {}) do
    if is_labelled(row) then
      list[#list + 1] = table.concat({ row.source, row.target, table.concat({
        row.read_only and "ro" or "rw", row.bind.selinux, row.bind.propagation }, ",") }, ":")
    end
  end
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
  local text = compose_service.restart_of(service) or "no"
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
  for host, addresses in table_of.sorted_pairs(service.extra_hosts or {}) do
    for address in addresses:gmatch("[^,]+") do list[#list + 1] = host .. ":" .. address end
  end
  return list
end

local function is_cdi(device)
  return device.source == device.target and device.source:find("^[%w.-]+/[%w_.-]+=.") ~= nil
end

local function devices(service)
  local list = json.array()
  for _, device in ipairs(service.devices or {}) do
    if not is_cdi(device) then
      list[#list + 1] = { PathOnHost = device.source, PathInContainer = device.target,
        CgroupPermissions = device.permissions }
    end
  end
  return list
end

-- What drivers of the engine are asked for: GPUs, reserved devices, CDI names.
local function device_requests(service)
  local list = json.array()
  local resources = service.deploy and service.deploy.resources or {}
  local reserved = resources.reservations and resources.reservations.devices
  for _, rows in ipairs { service.gpus or {}, reserved or {} } do
    for _, row in ipairs(rows) do
      list[#list + 1] = { Driver = row.driver, Count = row.count, DeviceIDs = row.device_ids,
        Capabilities = json.array { row.capabilities }, Options = row.options }
    end
  end
  for _, device in ipairs(service.devices or {}) do
    if is_cdi(device) then
      list[#list + 1] = { Driver = "cdi", DeviceIDs = json.array { device.source } }
    end
  end
  return #list > 0 and list or nil
end

-- A seccomp profile is sent as its content.
local function security_options(service)
  if not service.security_opt then return nil end
  local list = json.array()
  for i, text in ipairs(service.security_opt) do
    list[i] = text
    local path = text:match("^seccomp[=:](.+)$")
    if path and path ~= "unconfined" and path ~= "builtin" then
      local profile, err = files.read(path:sub(1, 1) == "/" and path
        or fs.join(names.folder_of(service), path))
      if not profile then error(error_of.wrap(err, "security_opt"), 0) end
      list[i] = "seccomp=" .. profile
    end
  end
  return list
end

local function volumes_from(project, service)
  if not service.volumes_from then return nil end
  local list = json.array()
  for i, text in ipairs(service.volumes_from) do
    local other, mode = text:match("^([^:]+)(:?.*)$")
    local container = text:match("^container:(.+)$")
    list[i] = container or names.container(project, other, 1) .. mode
  end
  return list
end

-- Keys whose value goes to the engine as it is.
local HOST <const> = { CapAdd = "cap_add", CapDrop = "cap_drop", Privileged = "privileged",
  Init = "init", ReadonlyRootfs = "read_only", ShmSize = "shm_size", Dns = "dns",
  DnsSearch = "dns_search", DnsOptions = "dns_opt", GroupAdd = "group_add", Sysctls = "sysctls",
  UTSMode = "uts", UsernsMode = "userns_mode", Runtime = "runtime",
  CgroupParent = "cgroup_parent", CgroupnsMode = "cgroup", OomScoreAdj = "oom_score_adj",
  OomKillDisable = "oom_kill_disable", CpuShares = "cpu_shares", CpusetCpus = "cpuset",
  CpuPeriod = "cpu_period", CpuQuota = "cpu_quota", CpuRealtimePeriod = "cpu_rt_period",
  CpuRealtimeRuntime = "cpu_rt_runtime", MemorySwap = "memswap_limit",
  MemorySwappiness = "mem_swappiness", StorageOpt = "storage_opt", Annotations = "annotations",
  DeviceCgroupRules = "device_cgroup_rules" }

local function limits(service, host)
  local resources = service.deploy and service.deploy.resources or {}
  local most, least = resources.limits or {}, resources.reservations or {}
  local cpus = most.cpus or service.cpus
  host.NanoCpus = cpus and math.floor(cpus * NANO) or nil
  host.Memory = most.memory or service.mem_limit
  host.MemoryReservation = least.memory or service.mem_reservation
  host.PidsLimit = compose_service.pids_of(service)
end

---@param bindings table PortBindings
---@return table HostConfig
function M.of(project, service, bindings)
  local host = { PortBindings = bindings, Mounts = mounts(project, service), Binds = binds(service),
    Tmpfs = tmpfs(service), RestartPolicy = restart(service), Ulimits = ulimits(service),
    ExtraHosts = extra_hosts(service), Devices = devices(service),
    DeviceRequests = device_requests(service), SecurityOpt = security_options(service),
    VolumesFrom = volumes_from(project, service),
    NetworkMode = names.shared(project, service.network_mode),
    PidMode = names.shared(project, service.pid), IpcMode = names.shared(project, service.ipc) }
  for field, key in pairs(HOST) do host[field] = service[key] end
  if service.logging then
    host.LogConfig = { Type = service.logging.driver or "json-file",
      Config = service.logging.options }
  end
  limits(service, host)
  return host
end

return M
