-- SPDX-License-Identifier: Apache-2.0
-- A Compose service as the Engine API's specs: container, host, networks.

local compose_service = require "std.compose.service"
local contents = require "pipelines.parity.engine.contents"
local environments = require "pipelines.parity.model.environment"
local host_of = require "pipelines.parity.engine.host"
local json = require "std.json"
local labels_of = require "pipelines.parity.engine.labels"
local names = require "pipelines.parity.engine.names"
local table_of = require "std.table"

local M = {}

local NANO <const> = 1000000000

local function nanoseconds(seconds) return seconds and math.floor(seconds * NANO) or nil end

-- Without a test it is the image's that is run, as often as is written here.
local function health(service)
  local check = service.healthcheck
  if not check then return nil end
  if check.disable then return { Test = json.array { "NONE" } } end
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
    local first, last, protocol = text:match("^(%d+)%-?(%d*)/?(%a*)$")
    for port = first, last ~= "" and last or first do
      out[("%d/%s"):format(port, protocol ~= "" and protocol or "tcp")] = {}
    end
  end
  for _, port in ipairs(service.ports or {}) do
    local key = ("%d/%s"):format(port.target, port.protocol)
    out[key] = {}
    bindings[key] = bindings[key] or json.array()
    table.insert(bindings[key], { HostIp = port.host_ip or "", HostPort = port.published or "" })
  end
  return out, bindings
end

local function addresses(row)
  if not (row.ipv4_address or row.ipv6_address or row.link_local_ips) then return nil end
  return { IPv4Address = row.ipv4_address, IPv6Address = row.ipv6_address,
    LinkLocalIPs = row.link_local_ips }
end

-- "db:database" as the engine wants it, for all containers of the service.
local function links_of(project, service)
  local list = json.array()
  for _, text in ipairs(service.links or {}) do
    local other, alias = text:match("^([^:]+):?(.*)$")
    for number = 1, compose_service.replicas(project.services[other]) do
      list[#list + 1] = names.container(project, other, number) .. ":"
        .. (alias ~= "" and alias or other)
    end
  end
  for _, text in ipairs(service.external_links or {}) do
    list[#list + 1] = text:find(":", 1, true) and text or text .. ":" .. text
  end
  return #list > 0 and list or nil
end

local INTERFACE <const> = "com.docker.network.endpoint.ifname"

local function driver_options(row)
  if not row.interface_name then return row.driver_opts end
  return table_of.merge(row.driver_opts, { [INTERFACE] = row.interface_name })
end

local function endpoint(name, row, links)
  local aliases = json.array { name }
  for _, alias in ipairs(row.aliases or {}) do aliases[#aliases + 1] = alias end
  return { Aliases = aliases, IPAMConfig = addresses(row), Links = links,
    MacAddress = row.mac_address, DriverOpts = driver_options(row), GwPriority = row.gw_priority }
end

--- Networks of a service as {name in the engine, EndpointConfig}; the first is the one the
--- container is made with.
function M.networks(project, name, service)
  local list, links = {}, links_of(project, service)
  for network, row in table_of.sorted_pairs(service.networks or {}) do
    list[#list + 1] = { priority = row.priority or 0, endpoint = endpoint(name, row, links),
      name = environments.resource_name(project, network, project.networks[network]) }
  end
  table.sort(list, function(a, b)
    if a.priority ~= b.priority then return a.priority > b.priority end
    return a.name < b.name
  end)
  if list[1] then
    list[1].endpoint.MacAddress = list[1].endpoint.MacAddress or service.mac_address
  end
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

-- Keys that change nothing in a container.
local OUTSIDE <const> = { "scale", "profiles", "pull_policy", "pull_refresh_after", "develop" }

--- What a service was started from, as 16 hex digits: changes with everything that matters to one
--- of its containers.
function M.version(project, name)
  local service = table_of.copy(project.services[name])
  for _, key in ipairs(OUTSIDE) do service[key] = nil end
  if service.deploy then
    service.deploy = table_of.copy(service.deploy)
    service.deploy.replicas = nil
    if not next(service.deploy) then service.deploy = nil end
  end
  local given = contents.of(project, name)
  return environments.version_of(given and { service, given } or service)
end

---@param number integer which of the service's containers
function M.labels(project, environment_id, name, number)
  local service = project.services[name]
  return table_of.merge(service.labels, { [labels_of.PROJECT] = project.name,
    [labels_of.SERVICE] = name, [labels_of.ENVIRONMENT] = environment_id,
    [labels_of.VERSION] = M.version(project, name), [labels_of.DEPENDS] = depends(service),
    [labels_of.GRACE] = tostring(service.stop_grace_period or 10),
    [labels_of.NUMBER] = tostring(number) })
end

--- The API's spec of a container, and the networks to attach after it is made.
---@param number integer which of the service's containers
function M.container(project, environment_id, name, number)
  local service = project.services[name]
  local ports, bindings = exposed(service)
  local networks = M.networks(project, name, service)
  local host = host_of.of(project, service, bindings)
  local first = networks[1]
  if first then host.NetworkMode = first.name end
  local spec = { Image = names.image(project, name), Cmd = service.command,
    Entrypoint = service.entrypoint, Env = environment_list(service),
    Labels = M.labels(project, environment_id, name, number), Hostname = service.hostname,
    Domainname = service.domainname, WorkingDir = service.working_dir, User = service.user,
    ExposedPorts = next(ports) and ports or nil, Healthcheck = health(service), Tty = service.tty,
    OpenStdin = service.stdin_open, StopSignal = service.stop_signal,
    StopTimeout = service.stop_grace_period and math.ceil(service.stop_grace_period) or nil,
    MacAddress = service.mac_address, -- engines before API 1.44 look here
    HostConfig = host, NetworkingConfig = first and
      { EndpointsConfig = { [first.name] = first.endpoint } } or nil }
  table.remove(networks, 1)
  return spec, networks
end

return M
