-- SPDX-License-Identifier: Apache-2.0
-- Two environments → a ConfigurationDiffReport. Severity, meaning and what can be fixed come from
-- rules/severity.lua and rules/fixable.lua.

local drift = require "pipelines.parity.diff.drift"
local environments = require "pipelines.parity.model.environment"
local fields_of = require "pipelines.parity.diff.fields"
local images = require "pipelines.parity.diff.images"
local json = require "std.json"
local origin = require "std.compose.origin"
local records = require "pipelines.parity.model.records"
local resolve = require "std.resolve"
local table_of = require "std.table"
local time = require "std.time"
local uuid = require "std.uuid"

local M = {}

M.ENVIRONMENT = "(environment)"

local RANK = {}
for i, name in ipairs(records.SEVERITIES) do RANK[name] = i end
M.RANK = RANK
local IMPACT <const> = { info = "low", warning = "medium", error = "high", critical = "critical" }

-- state: {source, target, report_id, options, severity, fixable, runtime}
local function judge(state, d)
  for _, row in ipairs(state.severity) do
    if d.path:find(row[1]) then
      for i = 2, #row do
        local case = row[i]
        if not case.when or case.when(d) then return case[1], case[2] end
      end
    end
  end
  return "warning", "differs"
end

local function side(state, which, name)
  return { project = environments.project_of(state[which]), service = name }
end

local function explain(state, d, name)
  -- how many containers there are is in no container's version
  local is_of_container = d.path ~= "service" and d.path ~= "compose.scale"
  if state.runtime_of and state.runtime_of[name] ~= nil and is_of_container then
    return drift.of_running(state.runtime_of[name] or nil, state.version_of(name))
  end
  return drift.explain(d.path, side(state, "source", name))
end

local function shown_place(field)
  return field and origin.show(field.place) or nil
end

local function difference(state, name, d, a, b)
  local severity, says = judge(state, d)
  local why, sentence = explain(state, d, name)
  return { service_diff_id = state.report_id .. "/" .. name, field_path = d.path,
    source_value = a and a.shown, target_value = b and b.shown, type = d.type,
    severity = severity, metadata = {
      impact_description = sentence and says .. "; " .. sentence or says,
      auto_fixable = state.fixable(d), source_at = shown_place(a), target_at = shown_place(b),
      drift = why } }
end

local function kind_of(a, b)
  if not a then return "missing_in_source" end
  if not b then return "missing_in_target" end
  return type(a.value) == type(b.value) and "value_mismatch" or "type_mismatch"
end

local function is_same(state, path, a, b)
  if not a or not b then return false end
  if fields_of.equal(a.value, b.value) then return true end
  if path ~= "container.image" or state.structural then return false end
  return images.compare(a.value, b.value, state.digest_of) == "same"
end

-- What the rules get to see.
local function facts(state, name, path, a, b)
  local d = { path = path, type = kind_of(a, b), source = a and a.value, target = b and b.value,
    secret = (a or b).secret, target_from_files = environments.project_of(state.target) ~= nil }
  if path == "container.image" and a and b then d.distance = images.distance(a.value, b.value) end
  local project = environments.project_of(state.source)
  local key = path:match("^environment_variables%[(.+)%]$")
  if key and project and project.environment_sources[name] then
    d.source_from = project.environment_sources[name][key]
  end
  return d
end

local function differences(state, name, source, target)
  local list, paths = json.array(), {}
  for path in pairs(source) do paths[#paths + 1] = path end
  for path in pairs(target) do if not source[path] then paths[#paths + 1] = path end end
  table.sort(paths)
  for _, path in ipairs(paths) do
    local a, b = source[path], target[path]
    if not is_same(state, path, a, b) and not (state.skip and state.skip(path, name)) then
      list[#list + 1] = difference(state, name, facts(state, name, path, a, b), a, b)
    end
  end
  return list
end

local function worst(list)
  local rank = 0
  for _, d in ipairs(list) do rank = math.max(rank, RANK[d.severity]) end
  return rank
end

-- Containers are brought back by `up`, which keeps those whose files did not change.
local function recommendation_of_running(list)
  local by_hand = table_of.find(list, function(d) return d.metadata.drift == "edited-by-hand" end)
  return "lsqm parity up" .. (by_hand and " --recreate" or "") .. " brings it back to the files"
end

local function recommendation(state, list)
  if #list > 0 and state.runtime_of then return recommendation_of_running(list) end
  local fixable, by_hand = 0, nil
  for _, d in ipairs(list) do
    if d.metadata.auto_fixable then
      fixable = fixable + 1
    elseif not by_hand or RANK[d.severity] > RANK[by_hand.severity] then
      by_hand = d
    end
  end
  if fixable > 0 and not by_hand then return "lsqm parity fix closes all of it" end
  if fixable > 0 then
    return ("lsqm parity fix closes %d of %d; look at %s yourself"):format(fixable, #list,
      by_hand.field_path)
  end
  return by_hand and "look at " .. by_hand.field_path or nil
end

local function service_diff(state, name, status, list)
  local rank = worst(list)
  return { report_id = state.report_id, service_name = name, status = status, differences = list,
    impact_level = rank == 0 and "none" or IMPACT[records.SEVERITIES[rank]],
    metadata = { recommendation = recommendation(state, list) } }
end

-- Does a service need folders of the host that it comes from?
local function is_of_host(environment, name)
  local project = environments.project_of(environment)
  local service = project and project.services[name] or {}
  for _, mount in ipairs(service.volumes or {}) do
    if mount.type == "bind" then return true end
  end
  return service.build ~= nil or service.secrets ~= nil or service.configs ~= nil
end

-- A service that only one side has: one difference for all of it.
local function lonely(state, name, service, missing)
  local d = { path = "service", type = missing, infrastructure = service.type == "infrastructure",
    target_from_files = environments.project_of(state.target) ~= nil,
    of_host = missing == "missing_in_source" and is_of_host(state.target, name) }
  local field = { value = true, shown = service.container.image, place = origin.at(service) }
  local here, there = field, nil
  if missing == "missing_in_source" then here, there = nil, field end
  for _, variable in ipairs(service.environment_variables) do
    if variable.secret and there then d.secret = true end
  end
  return service_diff(state, name, missing,
    json.array { difference(state, name, d, here, there) })
end

local function by_name(environment)
  local map = {}
  for _, service in ipairs(environment.services) do map[service.name] = service end
  return map
end

local function compare_services(state)
  local source, target = by_name(state.source), by_name(state.target)
  local out = json.array()
  for _, name in ipairs(table_of.sorted_keys(table_of.merge(source, target))) do
    local a, b = source[name], target[name]
    if not a then
      out[#out + 1] = lonely(state, name, b, "missing_in_source")
    elseif not b then
      out[#out + 1] = lonely(state, name, a, "missing_in_target")
    else
      local list = differences(state, name, fields_of.of(a, state.source, state),
        fields_of.of(b, state.target, state))
      out[#out + 1] = service_diff(state, name, #list > 0 and "different" or "identical", list)
    end
  end
  return out
end

-- Drifts of both sides: what only one has is a difference.
local function drift_fields(environment)
  local out = {}
  for _, row in ipairs(drift.of(environment)) do
    out[("drift.%s[%s]"):format(row.name, row.key)] = { value = row.name, shown = row.value,
      place = row.place, drift = row }
  end
  return out
end

local function environment_diff(state)
  local source, target = fields_of.of_environment(state.source),
    fields_of.of_environment(state.target)
  local a, b = drift_fields(state.source), drift_fields(state.target)
  local list = differences(state, M.ENVIRONMENT, table_of.merge(source, a),
    table_of.merge(target, b))
  for _, d in ipairs(list) do
    local row = (a[d.field_path] or b[d.field_path] or {}).drift
    if row then
      d.metadata.drift, d.metadata.impact_description = row.name, row.says
    end
  end
  if #list == 0 then return nil end
  return service_diff(state, M.ENVIRONMENT, "different", list)
end

local function summary(diffs)
  local n = { total_services = #diffs, services_identical = 0, services_with_differences = 0,
    services_missing_in_source = 0, services_missing_in_target = 0 }
  local keys = { identical = "services_identical", different = "services_with_differences",
    missing_in_source = "services_missing_in_source",
    missing_in_target = "services_missing_in_target" }
  for _, diff in ipairs(diffs) do n[keys[diff.status]] = n[keys[diff.status]] + 1 end
  return n
end

local function overall(diffs)
  local rank = 0
  for _, diff in ipairs(diffs) do rank = math.max(rank, worst(diff.differences)) end
  if rank == 0 then return "identical" end
  if rank <= RANK.warning then return "minor_differences" end
  return rank == RANK.error and "major_differences" or "incompatible"
end

--- Compares.
---@param options table {mode = "semantic"|"structural"|"runtime", digest_of = fun(reference),
---  skip = fun(path, name): boolean, runtime_of = {service → version label|false},
---  version_of = fun(name): string}
---@return table report ConfigurationDiffReport
function M.report(source, target, options)
  local state = table_of.merge(options, { source = source, target = target,
    report_id = uuid.v4(), structural = options.mode == "structural",
    severity = assert(resolve.load("parity", "rules.severity")),
    fixable = assert(resolve.load("parity", "rules.fixable")) })
  local diffs = compare_services(state)
  local counts = summary(diffs)
  local around = options.mode ~= "runtime" and environment_diff(state) or nil
  diffs[#diffs + 1] = around
  return { id = state.report_id, timestamp = time.iso(), source_environment = source.id,
    target_environment = target.id, overall_status = overall(diffs), service_diffs = diffs,
    summary = counts, metadata = { comparison_tool = "lsqm " .. require("lsqm.program").version,
      comparison_mode = options.mode, source_version = source.version,
      target_version = target.version } }
end

--- The number of differences at or above a severity.
function M.count(report, severity)
  local n, least = 0, RANK[severity]
  for _, diff in ipairs(report.service_diffs) do
    for _, d in ipairs(diff.differences) do
      if RANK[d.severity] >= least then n = n + 1 end
    end
  end
  return n
end

return M
