-- SPDX-License-Identifier: Apache-2.0
-- Networks and volumes of a project: those that are there stay as they are.

local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local json = require "std.json"
local labels_of = require "pipelines.parity.engine.labels"
local parallel = require "std.parallel"
local raise = require "pipelines.parity.engine.raise"
local table_of = require "std.table"

local M = {}

local must = raise.must

local function own_labels(state, name, definition)
  return table_of.merge(definition.labels, { [labels_of.PROJECT] = state.project.name,
    [labels_of.RESOURCE] = name, [labels_of.ENVIRONMENT] = state.id,
    [labels_of.VERSION] = environments.version_of(definition) })
end

-- What is there may be another's, or of an older definition: it is used, and that is told.
local function note_present(state, kind, present, definition)
  if definition.external then return end
  local labels = present.Labels or {}
  if labels[labels_of.PROJECT] ~= state.project.name then
    state.note(("the %s %s was not made by lsqm parity: it is used, and down leaves it"):format(
      kind, present.Name))
  elseif labels[labels_of.VERSION]
    and labels[labels_of.VERSION] ~= environments.version_of(definition) then
    state.note(("the %s %s is still of an older definition: down%s and up make it anew"):format(
      kind, present.Name, kind == "volume" and " --volumes" or ""))
  end
end

local function ipam(network)
  if not network.ipam then return nil end
  local config = json.array()
  for i, row in ipairs(network.ipam.config or {}) do
    config[i] = { Subnet = row.subnet, Gateway = row.gateway, IPRange = row.ip_range,
      AuxiliaryAddresses = row.aux_addresses }
  end
  return { Driver = network.ipam.driver or "default", Config = config,
    Options = network.ipam.options }
end

local function refuse_external(kind, name)
  error(error_of.new { op = "up", code = "not_found",
    hint = ("make it with `docker %s create %s`"):format(kind, name),
    message = ("the external %s %s is not there"):format(kind, name) }, 0)
end

local function ensure_network(state, name, present)
  local network = state.project.networks[name]
  local full = environments.resource_name(state.project, name, network)
  if present[full] then return note_present(state, "network", present[full], network) end
  if network.external then refuse_external("network", full) end
  must(state.engine:network_create { Name = full, Driver = network.driver, CheckDuplicate = true,
    Internal = network.internal, Attachable = network.attachable, IPAM = ipam(network),
    Options = network.driver_opts, EnableIPv4 = network.enable_ipv4,
    EnableIPv6 = network.enable_ipv6, Labels = own_labels(state, name, network) })
  state.made("network " .. full)
end

local function ensure_volume(state, name, present)
  local volume = state.project.volumes[name]
  local full = environments.resource_name(state.project, name, volume)
  if present[full] then return note_present(state, "volume", present[full], volume) end
  if volume.external then refuse_external("volume", full) end
  must(state.engine:volume_create { Name = full, Driver = volume.driver or "local",
    DriverOpts = volume.driver_opts, Labels = own_labels(state, name, volume) })
  state.made("volume " .. full)
end

local function by_name(list)
  local out = {}
  for _, row in ipairs(list) do out[row.Name] = row end
  return out
end

-- Networks that a service joins, and volumes that one mounts.
local function used(project)
  local networks, volumes = {}, {}
  for _, service in pairs(project.services) do
    for name in pairs(service.networks or {}) do networks[name] = true end
    for _, mount in ipairs(service.volumes or {}) do
      if mount.type == "volume" and mount.source then volumes[mount.source] = true end
    end
  end
  return table_of.sorted_keys(networks), table_of.sorted_keys(volumes)
end

--- Makes what is not there.
--- Networks one after the other: the engine picks their subnets, and two at once may get the same.
---@param state {engine: lsqm.Docker, project: table, id: string, made: fun(text), note: fun(text)}
function M.ensure(state)
  local networks = by_name(must(state.engine:networks()))
  local volumes = by_name(must(state.engine:volumes()))
  local joined, mounted = used(state.project)
  for _, name in ipairs(joined) do ensure_network(state, name, networks) end
  parallel.map(mounted, function(name) ensure_volume(state, name, volumes) end)
end

return M
