-- SPDX-License-Identifier: Apache-2.0
-- A Compose override that brings the fixable differences of a report to the target's values. It
-- lies over the source's files: what the source has too much of is reset.

local compose_service = require "std.compose.service"
local emit = require "std.yaml.emit"
local environments = require "pipelines.parity.model.environment"
local json = require "std.json"
local table_of = require "std.table"
local units = require "std.compose.units"

local M = {}

-- Long forms hold bytes and seconds; in a file they are texts, and a dollar is two.
local BYTES <const> = { memory = true, mem_limit = true, mem_reservation = true, shm_size = true,
  size = true, memswap_limit = true }
local DURATIONS <const> = { interval = true, timeout = true, start_period = true,
  start_interval = true, stop_grace_period = true, delay = true, window = true }

local function hosts(map)
  local list = json.array()
  for host, addresses in table_of.sorted_pairs(map) do
    for address in addresses:gmatch("[^,]+") do list[#list + 1] = host .. "=" .. address end
  end
  return list
end

local function written(value, key)
  if type(value) == "string" then return (value:gsub("%$", "$$")) end
  if type(value) == "number" then
    if BYTES[key] and value >= 0 then return units.show_bytes(value) end
    if DURATIONS[key] then return units.show_duration(value) end
    return value
  end
  if type(value) ~= "table" then return value end
  if key == "extra_hosts" then return hosts(value) end
  local out = json.is_array(value) and json.array() or {}
  for name, item in pairs(value) do out[name] = written(item, name) end
  return out
end

local function override(value, key) return emit.tagged("!override", written(value, key)) end
local function reset() return emit.tagged("!reset", json.null) end

-- The target's value of a key, or a reset where it has none.
local function whole(key)
  return function(out, _, target)
    local value = target[key]
    if value == nil then
      out[key] = reset()
    else
      out[key] = type(value) == "table" and override(value, key) or written(value, key)
    end
  end
end

local function keyed(section)
  return function(out, _, target, d)
    local key = d.field_path:match("%[(.+)%]")
    out[section] = out[section] or {}
    local value = (target[section] or {})[key]
    out[section][key] = value == nil and reset() or written(value, key)
  end
end

-- Limits stand in two places; the override leaves only one of them.
local function limits(out, source, target)
  for _, key in ipairs { "mem_limit", "mem_reservation", "cpus" } do
    if target[key] ~= nil then
      out[key] = written(target[key], key)
    elseif source[key] ~= nil then
      out[key] = reset()
    end
  end
  local wanted = target.deploy and target.deploy.resources
  if wanted or source.deploy and source.deploy.resources then
    out.deploy = out.deploy or {}
    out.deploy.resources = wanted and override(wanted, "resources") or reset()
  end
end

local function mount_at(list, path)
  return table_of.find(list or {}, function(mount) return mount.target == path end)
end

-- Mounts change one by one: those that name a folder of the host stay as they are.
local function mounts(out, source, target, d)
  local path = d.field_path:match("%[(.-)%]")
  local list = out.volumes and out.volumes.value or written(source.volumes or json.array())
  local kept = json.array(table_of.filter(list, function(m) return m.target ~= path end))
  local wanted = mount_at(target.volumes, path)
  if wanted then kept[#kept + 1] = written(wanted) end
  out.volumes = emit.tagged("!override", kept)
end

-- What may stand in two places is written as the plain key; its twin in `deploy` goes.
local function in_deploy(key, deploy_key, value_of)
  return function(out, source, target)
    local value = value_of(target)
    out[key] = value == nil and reset() or written(value, key)
    if source.deploy and source.deploy[deploy_key] then
      out.deploy = out.deploy or {}
      out.deploy[deploy_key] = reset()
    end
  end
end

local function pids(out, source, target, d)
  limits(out, source, target)
  whole "pids_limit"(out, source, target, d)
end

local WRITERS <const> = {
  { "^container%.image$", function(out, source, target)
    whole "image"(out, source, target)
    if source.build and not target.build then out.build = reset() end
  end },
  { "^container%.platform$", whole "platform" }, { "^container%.command$", whole "command" },
  { "^container%.entrypoint$", whole "entrypoint" },
  { "^networking%.hostname$", whole "hostname" }, { "^networking%.ports", whole "ports" },
  { "^networking%.networks", whole "networks" }, { "^storage%.tmpfs", whole "tmpfs" },
  { "^storage%.volumes", mounts },
  { "^health_check%.endpoints", whole "x-health" },
  { "^health_check%.expected", whole "x-health" },
  { "^health_check", whole "healthcheck" }, { "^dependencies", whole "depends_on" },
  { "^resource_limits", limits }, { "^environment_variables", keyed "environment" },
  { "^labels", keyed "labels" },
  { "^compose%.scale$", in_deploy("scale", "replicas", compose_service.replicas) },
  { "^compose%.restart$", in_deploy("restart", "restart_policy", compose_service.restart_of) },
  { "^compose%.pids_limit$", pids },
}

local function write_field(out, source, target, d)
  for _, row in ipairs(WRITERS) do
    if d.field_path:find(row[1]) then return row[2](out, source, target, d) end
  end
  local key = d.field_path:match("^compose%.(.+)$")
  if key then whole(key)(out, source, target) end
  return nil
end

-- A service that only the target has, as it is there.
local function copied(service)
  local out = written(service)
  out.profiles, out.env_file = nil, nil
  return out
end

local function service_override(diff, source, target)
  local fixable = table_of.filter(diff.differences, function(d) return d.metadata.auto_fixable end)
  if #fixable == 0 then return nil end
  if diff.status == "missing_in_source" then return copied(target.services[diff.service_name]) end
  if diff.status == "missing_in_target" then return reset() end
  local out = {}
  for _, d in ipairs(fixable) do
    write_field(out, source.services[diff.service_name], target.services[diff.service_name], d)
  end
  return next(out) and out or nil
end

-- Networks and volumes that the override mentions and the source does not have.
local function add_resources(out, source, target)
  for _, section in ipairs { "networks", "volumes" } do
    for name, value in pairs(target[section]) do
      if source[section][name] == nil then
        out[section] = out[section] or {}
        out[section][name] = written(value)
      end
    end
  end
end

-- What the source does not have and the override does not bring cannot be waited for.
local function drop_unknown_dependencies(services, source)
  for _, service in pairs(services) do
    local tagged = service.depends_on
    local wanted = type(tagged) == "table" and (tagged.value or tagged) or {}
    for name in pairs(wanted) do
      if not source.services[name] and not services[name] then wanted[name] = nil end
    end
  end
end

--- The override as a value for std.yaml.encode, and how many differences it closes.
---@return table
---@return integer
function M.of(report, source_environment, target_environment)
  local source = environments.project_of(source_environment)
  local target = environments.project_of(target_environment)
  local services, closed = {}, 0
  for _, diff in ipairs(report.service_diffs) do
    local found = service_override(diff, source, target)
    if found then
      services[diff.service_name] = found
      for _, d in ipairs(diff.differences) do
        if d.metadata.auto_fixable then closed = closed + 1 end
      end
    end
  end
  drop_unknown_dependencies(services, source)
  local out = { services = services }
  if closed > 0 then add_resources(out, source, target) end
  return out, closed
end

return M
