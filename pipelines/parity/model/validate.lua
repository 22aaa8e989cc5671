-- SPDX-License-Identifier: Apache-2.0
-- The validation rules of the data model, on an EnvironmentConfiguration wherever it comes from.

local graph = require "pipelines.parity.model.graph"
local origin = require "std.compose.origin"
local resolve = require "std.resolve"
local table_of = require "std.table"
local units = require "std.compose.units"

local M = {}

---@class parity.Problem
---@field rule string
---@field level "error"|"warning"
---@field message string
---@field place lsqm.compose.Place?

local function rules_of_health() return assert(resolve.load("parity", "rules.health")) end

local function add(problems, rule, place, text, ...)
  problems[#problems + 1] = { rule = rule, level = "error", place = place,
    message = text:format(...) }
end

local function unique_names(environment, problems)
  local seen = {}
  for _, service in ipairs(environment.services) do
    if seen[service.name] then
      add(problems, "unique-names", origin.at(service), "service name '%s' is used twice",
        service.name)
    end
    seen[service.name] = true
  end
end

local function no_circles(environment, problems)
  local circle = graph.circle(graph.of(environment.services))
  if not circle then return end
  local first = table_of.find(environment.services, function(s) return s.name == circle[1] end)
  add(problems, "no-cycles", origin.at(first.dependencies), "services depend on each other in a "
    .. "circle: %s", table.concat(circle, " -> "))
end

local function infrastructure_has_health(environment, problems)
  for _, service in ipairs(environment.services) do
    if service.type == "infrastructure" and not service.health_check then
      add(problems, "infrastructure-health", origin.at(service),
        "service '%s' is infrastructure (%s) and needs a health check (or the label lsqm.type: "
        .. "application)", service.name, service.role)
    end
  end
end

local function healthy_needs_check(environment, problems)
  local by_id = {}
  for _, service in ipairs(environment.services) do by_id[service.id] = service end
  for _, service in ipairs(environment.services) do
    for i, row in ipairs(service.dependencies) do
      local other = by_id[row.depends_on_service_id]
      if row.condition == "service_healthy" and other and not other.health_check then
        add(problems, "healthy-needs-check", origin.at(service.dependencies, i),
          "service '%s' waits until '%s' is healthy, but that one has no health check",
          service.name, other.name)
      end
    end
  end
end

local function seconds(check, key)
  local value = check[key]
  return value and units.duration(value) or rules_of_health().defaults[key]
end

local function check_of_health(service, problems)
  local health = service.health_check
  local check = health.check
  if not (check.test and #check.test > 0) and #health.endpoints == 0 then
    add(problems, "test-or-endpoints", origin.at(health),
      "the health check of '%s' needs a test or endpoints", service.name)
  end
  local interval, timeout = seconds(check, "interval"), seconds(check, "timeout")
  if check.test and interval < timeout then
    add(problems, "interval-timeout", origin.at(check, "interval"),
      "the health check of '%s' has interval %s below timeout %s", service.name,
      check.interval or "30s (not written)", check.timeout or "30s (not written)")
    -- what the engine assumes for a value that is not written must not make a file wrong
    if not (check.interval and check.timeout) then problems[#problems].level = "warning" end
  end
  local expected = rules_of_health().startup[service.role]
  if expected and check.test and seconds(check, "start_period") < expected then
    add(problems, "start-period", origin.at(check, "start_period"),
      "the health check of '%s' has start_period %s; a %s needs about %d s to start",
      service.name, check.start_period or "0s", service.role, expected)
    problems[#problems].level = "warning"
  end
end

local function health_checks(environment, problems)
  for _, service in ipairs(environment.services) do
    if service.health_check then check_of_health(service, problems) end
  end
end

local function check_mount(service, mount, place, problems)
  local volume, host = mount.volume_id ~= nil, mount.host_path ~= nil
  local what = ("mount %s of '%s'"):format(mount.container_path, service.name)
  if mount.container_path:sub(1, 1) ~= "/" then
    add(problems, "mount-absolute", place, "%s: the path in the container must be absolute", what)
  end
  if mount.type == "tmpfs" then
    if volume or host then
      add(problems, "mount-tmpfs", place, "%s: a tmpfs has no volume and no host path", what)
    end
  elseif volume == host then
    add(problems, "mount-source", place, volume and "%s: has a volume and a host path; one of "
      .. "them is too many" or "%s: needs a volume or a host path", what)
  end
end

local function mounts(environment, problems)
  for _, service in ipairs(environment.services) do
    for i, mount in ipairs(service.storage.volumes) do
      check_mount(service, mount, origin.at(service.storage.volumes, i), problems)
    end
  end
end

local RULES = { unique_names, no_circles, infrastructure_has_health, healthy_needs_check,
  health_checks, mounts }

--- Rules of the data model that an engine does not need: one may choose to be told only.
M.ALLOWABLE = { "infrastructure-health", "healthy-needs-check", "interval-timeout",
  "test-or-endpoints" }

--- All problems of an environment, in the order of the rules.
---@param allowed string[]? rules whose breaking is a warning
---@return parity.Problem[]
function M.problems(environment, allowed)
  local problems = {}
  for _, rule in ipairs(RULES) do rule(environment, problems) end
  for _, problem in ipairs(problems) do
    if table_of.contains(allowed or {}, problem.rule) then problem.level = "warning" end
  end
  return problems
end

--- What may be said on the command line so that the broken rules are only told, or nil.
---@param broken parity.Problem[]
---@return string?
function M.way_out(broken)
  local words, seen = {}, {}
  for _, problem in ipairs(broken) do
    if not table_of.contains(M.ALLOWABLE, problem.rule) then return nil end
    if not seen[problem.rule] then words[#words + 1] = "--allow " .. problem.rule end
    seen[problem.rule] = true
  end
  return table.concat(words, " ")
end

--- The problems as lines "file:line: message [rule]".
function M.describe(problems)
  local lines = {}
  for _, problem in ipairs(problems) do
    local at = origin.show(problem.place)
    lines[#lines + 1] = ("%s%s: %s [%s]"):format(at and at .. ": " or "", problem.level,
      problem.message, problem.rule)
  end
  return table.concat(lines, "\n")
end

return M
