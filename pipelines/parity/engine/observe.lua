-- SPDX-License-Identifier: Apache-2.0
-- A running project as an EnvironmentConfiguration: what its containers are, not what files say.
-- What an image brings by itself (its command, variables, labels) is left out.

local carry = require "pipelines.parity.engine.carry"
local docker = require "std.docker"
local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local json = require "std.json"
local labels_of = require "pipelines.parity.engine.labels"
local names = require "pipelines.parity.engine.names"
local origin = require "std.compose.origin"
local parallel = require "std.parallel"
local raise = require "pipelines.parity.engine.raise"
local services = require "pipelines.parity.model.service"
local spec_of = require "pipelines.parity.engine.spec"
local table_of = require "std.table"
local time = require "std.time"

local M = {}

local NANO <const> = 1000000000

local function list_or_nil(list)
  if type(list) ~= "table" or #list == 0 then return nil end
  return json.array(list)
end

-- Same as the image's: the files said nothing about it.
local function unless_image(value, image_value)
  if value == nil or table_of.deep_equal(value, image_value) then return nil end
  return list_or_nil(value)
end

local function variables(info, image)
  local given, out = table_of.set(image.Env or {}), {}
  for _, text in ipairs(info.Config.Env or {}) do
    local key, value = text:match("^([^=]+)=(.*)$")
    if key and not given[text] then out[key] = value end
  end
  return out
end

local function ports(info)
  local out = json.array()
  for key, bindings in table_of.sorted_pairs(info.HostConfig.PortBindings or {}) do
    local target, protocol = key:match("^(%d+)/(%a+)$")
    for _, row in ipairs(bindings) do
      out[#out + 1] = { target = math.tointeger(tonumber(target)), protocol = protocol,
        published = row.HostPort ~= "" and row.HostPort or nil,
        host_ip = row.HostIp ~= "" and row.HostIp or nil }
    end
  end
  return out
end

local function strip(name, project)
  local rest = name:sub(1, #project + 1) == project .. "_" and name:sub(#project + 2)
  return rest or name
end

local function binds(info, out)
  for _, text in ipairs(info.HostConfig.Binds or {}) do
    local source, target, options = text:match("^([^:]+):([^:]+):?(.*)$")
    if source and source:sub(1, 1) == "/" then
      out[#out + 1] = { type = "bind", source = source, target = target,
        read_only = ("," .. options .. ","):find(",ro,", 1, true) and true or nil }
    elseif source then
      out[#out + 1] = { type = "volume", source = source, target = target,
        read_only = ("," .. options .. ","):find(",ro,", 1, true) and true or nil }
    end
  end
end

local function mounts(info, project)
  local out, carried = json.array(), {}
  for _, one in ipairs(carry.listed(info.Config.Labels)) do carried[one.target] = one end
  for _, row in ipairs(info.HostConfig.Mounts or {}) do
    local one = carried[row.Target]
    if not one or one.declared then -- others are of the image
      out[#out + 1] = { type = row.Type, target = row.Target, read_only = row.ReadOnly or nil,
        source = not one and row.Source or nil }
    end
  end
  binds(info, out)
  for _, row in ipairs(out) do
    if row.type == "volume" and row.source then row.source = strip(row.source, project) end
  end
  return out
end

-- The engine's own networks are a `network_mode`.
local OWN <const> = { bridge = "bridge", default = "bridge", host = "host", none = "none" }

local function networks(info, project)
  local out = {}
  for name in pairs(info.NetworkSettings.Networks or {}) do
    if not OWN[name] then out[strip(name, project)] = {} end
  end
  return out
end

local function seconds(nano)
  if not nano or nano == 0 then return nil end
  return math.tointeger(nano / NANO) or nano / NANO
end

local function health(info, image)
  local check = info.Config.Healthcheck
  if not check or not check.Test or table_of.deep_equal(check, image.Healthcheck) then
    return nil
  end
  return { test = json.array(check.Test), interval = seconds(check.Interval),
    timeout = seconds(check.Timeout), start_period = seconds(check.StartPeriod),
    retries = check.Retries ~= 0 and check.Retries or nil }
end

-- Our label, or that of docker compose: "db:service_healthy:false,…".
local function depends(given)
  local out = {}
  for _, row in ipairs(json.decode(given[labels_of.DEPENDS] or "[]") or {}) do
    out[row.name] = { condition = row.condition, restart = row.restart, required = row.required }
  end
  for row in (given[labels_of.COMPOSE_DEPENDS] or ""):gmatch("[^,]+") do
    local name, condition, restart = row:match("^([^:]+):([^:]+):?([^:]*)")
    if name then
      out[name] = { condition = condition, restart = restart == "true", required = true }
    end
  end
  return out
end

local function labels(info, image)
  local out = {}
  for key, value in pairs(info.Config.Labels or {}) do
    if not key:find("^lsqm%.parity%.") and not key:find("^com%.docker%.compose%.")
      and (image.Labels or {})[key] ~= value then
      out[key] = value
    end
  end
  return out
end

local function positive(n) return n and n > 0 and n or nil end

local function cpus(nano)
  if not positive(nano) then return nil end
  return math.tointeger(nano / NANO) or nano / NANO
end

-- What the container has and its image does not bring.
local function unlike(text, of_image)
  if text == nil or text == "" or text == of_image then return nil end
  return text
end

local function devices(host)
  local list = json.array()
  for i, row in ipairs(host.Devices or {}) do
    list[i] = { source = row.PathOnHost, target = row.PathInContainer,
      permissions = row.CgroupPermissions }
  end
  return list_or_nil(list)
end

local function tmpfs(host)
  local list = json.array()
  for path, options in table_of.sorted_pairs(host.Tmpfs or {}) do
    list[#list + 1] = options ~= "" and path .. ":" .. options or path
  end
  return list_or_nil(list)
end

-- The container as a Compose service in long forms.
local function service_of(info, image, project)
  local host, config = info.HostConfig, info.Config
  local restart = host.RestartPolicy or {}
  local name = restart.Name
  if name == "on-failure" and positive(restart.MaximumRetryCount) then
    name = name .. ":" .. restart.MaximumRetryCount
  end
  return { image = config.Image, command = unless_image(config.Cmd, image.Cmd),
    entrypoint = unless_image(config.Entrypoint, image.Entrypoint),
    hostname = info.Id:sub(1, 12) ~= config.Hostname and config.Hostname or nil,
    environment = variables(info, image), ports = ports(info), volumes = mounts(info, project),
    networks = networks(info, project), healthcheck = health(info, image),
    depends_on = depends(info.Config.Labels), labels = labels(info, image),
    tmpfs = tmpfs(host), cpus = cpus(host.NanoCpus),
    mem_limit = positive(host.Memory), mem_reservation = positive(host.MemoryReservation),
    restart = name ~= "" and name ~= "no" and name or nil, privileged = host.Privileged or nil,
    read_only = host.ReadonlyRootfs or nil, cap_add = list_or_nil(host.CapAdd),
    cap_drop = list_or_nil(host.CapDrop), pids_limit = positive(host.PidsLimit),
    user = unlike(config.User, image.User), init = host.Init or nil,
    working_dir = unlike(config.WorkingDir, image.WorkingDir),
    stop_signal = unlike(config.StopSignal, image.StopSignal), devices = devices(host),
    network_mode = OWN[host.NetworkMode],
    sysctls = next(host.Sysctls or {}) and host.Sysctls or nil }
end

local must = raise.must

local function service_label(row)
  return row.Labels[labels_of.SERVICE] or row.Labels[labels_of.COMPOSE_SERVICE]
end

local function read_containers(engine, rows)
  local images = {}
  return parallel.map(rows, function(row)
    local info = must(engine:inspect(row.Id))
    images[info.Image] = images[info.Image] or must(engine:image(info.Image))
    return { info = info, image = images[info.Image].Config or {}, name = service_label(row) }
  end, { limit = 8 })
end

local versions = setmetatable({}, { __mode = "k" })

-- Says for every value which container it was seen in.
local function placed(service, info)
  local place = { file = "container " .. info.Name:gsub("^/", "") }
  for _, part in pairs(service) do
    if type(part) == "table" and part ~= json.null then origin.place(part, place) end
  end
  return origin.place(service, place)
end

-- Which keys of a service's other containers are not as in the first: "2: mem_limit".
local function uneven(first, others)
  local out = {}
  for _, one in ipairs(others) do
    local keys = {}
    for key in pairs(table_of.merge(first, one.service)) do
      if not table_of.deep_equal(first[key], one.service[key]) then keys[#keys + 1] = key end
    end
    table.sort(keys)
    if #keys > 0 then
      out[#out + 1] = one.info.Name:gsub("^/", "") .. ": " .. table.concat(keys, ", ")
    end
  end
  return #out > 0 and table.concat(out, "; ") or nil
end

-- The containers of a service as one: the first of them, their number, and what is not alike.
local function together(list, project)
  table.sort(list, function(a, b)
    if #a.info.Name ~= #b.info.Name then return #a.info.Name < #b.info.Name end
    return a.info.Name < b.info.Name
  end)
  for _, one in ipairs(list) do one.service = service_of(one.info, one.image, project) end
  local first = list[1]
  first.service.containers = uneven(first.service, table_of.slice(list, 2))
  first.service.scale = #list
  return first, placed(first.service, first.info)
end

local function build(engine, project, rows, options)
  local env = { id = options.id or "running-" .. project, project = project, public = {} }
  local out = { id = env.id, name = project, type = "local", state = "healthy",
    created_at = time.iso(), updated_at = time.iso(), services = json.array(),
    volumes = json.array(), networks = json.array(), environment_variables = json.array(),
    metadata = { platform = "linux",
      resource_allocation = { cpu_cores = 0, memory_gb = 0, disk_gb = 0 } } }
  local seen = {}
  local by_name = {}
  for _, one in ipairs(read_containers(engine, rows)) do
    by_name[one.name] = table_of.append(by_name[one.name] or {}, { one })
  end
  for name, list in table_of.sorted_pairs(by_name) do
    local one, service = together(list, project)
    out.services[#out.services + 1] = services.definition(name, service, nil, env)
    seen[name] = { version = one.info.Config.Labels[labels_of.VERSION] or false,
      service = service }
  end
  out.version = environments.version_of(out.services)
  versions[out] = seen
  return out
end

-- Services whose end another one waits for: ended well, they are as they should be.
local function jobs_of(rows)
  local jobs = {}
  for _, row in ipairs(rows) do
    for name, dependency in pairs(depends(row.Labels)) do
      if dependency.condition == "service_completed_successfully" then jobs[name] = true end
    end
  end
  return jobs
end

local function is_seen(row, jobs)
  if row.State == "running" or row.State == "paused" then return true end
  return jobs[service_label(row)] and (row.Status or ""):find("^Exited %(0%)") ~= nil
end

-- Containers that parity started, else those that docker compose did.
local function find(engine, project)
  for _, label in ipairs { labels_of.PROJECT, labels_of.COMPOSE_PROJECT } do
    local rows, err = engine:containers { labels = { [label] = project }, all = true }
    if not rows then return nil, err end
    rows = table_of.filter(rows, function(row)
      return service_label(row) and row.Labels[labels_of.COMPOSE_ONEOFF] ~= "True"
    end)
    local jobs = jobs_of(rows)
    rows = table_of.filter(rows, function(row) return is_seen(row, jobs) end)
    if table_of.find(rows, function(row) return row.State ~= "exited" end) then return rows end
  end
  return nil, error_of.new { op = "parity", code = "not_found",
    message = "no running containers of project " .. project,
    hint = "lsqm parity up starts them" }
end

--- The environment of a running project.
---@return parity.Environment?
---@return lsqm.Error?
function M.environment(project, options)
  local engine, err = docker.connect()
  if not engine then return nil, err end
  local rows
  rows, err = find(engine, project)
  if not rows then return nil, err end
  return build(engine, project, rows, options or {})
end

-- Only these keys of Compose can be seen on a container.
local SEEN <const> = table_of.set { "compose.restart", "compose.privileged", "compose.read_only",
  "compose.cap_add", "compose.cap_drop", "compose.scale", "compose.containers", "compose.user",
  "compose.pids_limit", "compose.init", "compose.working_dir", "compose.stop_signal",
  "compose.devices", "compose.sysctls", "compose.network_mode" }

-- Secrets and configs are mounts of a container, but not of the files: {service → {path}}.
local function files_mounted(project)
  local out = {}
  for name, service in pairs(project and project.services or {}) do
    for section in pairs(names.FOLDERS) do
      for _, item in ipairs(service[section] or {}) do
        out[name] = out[name] or {}
        out[name][("storage.volumes[%s]"):format(names.target_of(section, item))] = true
      end
    end
  end
  return out
end

--- Fields that a container cannot tell are not compared; drifts of containers get their names.
function M.prepare(options, source, target)
  local running, files = source, target
  if not versions[running] then running, files = target, source end
  options.runtime_of = {}
  for name, one in pairs(versions[running]) do options.runtime_of[name] = one.version end
  local project = environments.project_of(files)
  options.version_of = function(name)
    return project and project.services[name] and spec_of.version(project, name) or nil
  end
  local given = files_mounted(project)
  options.skip = function(path, name)
    local service = project and project.services[name]
    if given[name] and given[name][path] then return true end
    if path == "networking.hostname" then return not (service and service.hostname) end
    if path == "compose.network_mode" and service and service.network_mode then
      return service.network_mode:find(":", 1, true) ~= nil -- of another container
    end
    if path == "container.platform" or path:find("propagation$") then return true end
    if path:find("^health_check%.endpoints") or path:find("^health_check%.expected") then
      return true
    end
    return path:find("^compose%.") ~= nil and not SEEN[path]
  end
end

--- The Compose service as it was seen, for fields that the model does not hold.
function M.service_of(environment, name)
  local seen = versions[environment]
  return seen and seen[name] and seen[name].service or nil
end

return M
