-- SPDX-License-Identifier: Apache-2.0
-- What state the containers of a project are in: one list call tells it for all of them, however
-- many services wait.

local error_of = require "std.error"
local labels_of = require "pipelines.parity.engine.labels"
local parallel = require "std.parallel"
local time = require "std.time"

local M = {}

M.PERIOD = 0.1

--- Health as the engine's list words it: healthy, unhealthy, starting, or none.
function M.health_of(row)
  local status = row.Status or ""
  if status:find("(healthy)", 1, true) then return "healthy" end
  if status:find("(unhealthy)", 1, true) then return "unhealthy" end
  if status:find("(health: starting)", 1, true) then return "starting" end
  return "none"
end

--- Which of its service's containers one is, from 1.
function M.number_of(row) return math.tointeger(tonumber(row.Labels[labels_of.NUMBER])) or 1 end

--- Containers of a project by service, in the order of their numbers.
---@return table<string, table[]>?
---@return lsqm.Error?
function M.containers(engine, project)
  local list, err = engine:containers { labels = { [labels_of.PROJECT] = project }, all = true }
  if not list then return nil, err end
  local by_service = {}
  for _, row in ipairs(list) do
    local name = row.Labels[labels_of.SERVICE]
    if name then
      by_service[name] = by_service[name] or {}
      table.insert(by_service[name], row)
    end
  end
  for _, rows in pairs(by_service) do
    table.sort(rows, function(a, b) return M.number_of(a) < M.number_of(b) end)
  end
  return by_service
end

local Watch = {}
Watch.__index = Watch

--- Looks at most once in PERIOD, whoever asks.
function Watch:look()
  local now = time.monotonic()
  if self.rows and now - self.seen < M.PERIOD then return self.rows end
  local rows, err = M.containers(self.engine, self.project)
  if not rows then return nil, err end
  self.rows, self.seen = rows, time.monotonic()
  return rows
end

-- The container stays with the error, so that its log can be shown.
local function failed(name, row, text, ...)
  return nil, error_of.new { op = "service " .. name, code = "unhealthy", container = row.Id,
    message = text:format(...) }
end

local function exit_code(row)
  return (row.Status or ""):match("^Exited %((%-?%d+)%)") or "?"
end

-- true: reached; false: not yet; nil, err: never.
local conditions = {
  service_started = function(name, row)
    if row.State == "running" or row.State == "paused" then return true end
    if row.State == "exited" then
      return exit_code(row) == "0" or failed(name, row, "ended with code %s", exit_code(row))
    end
    return false
  end,
  service_completed_successfully = function(name, row)
    if row.State ~= "exited" then return false end
    if exit_code(row) == "0" then return true end
    return failed(name, row, "ended with code %s", exit_code(row))
  end,
}

function conditions.service_healthy(name, row)
  if row.State == "exited" or row.State == "dead" then
    return failed(name, row, "ended with code %s before it was healthy", exit_code(row))
  end
  local health = M.health_of(row)
  if health == "unhealthy" then return failed(name, row, "is unhealthy") end
  if health == "none" and row.State == "running" then
    return failed(name, row, "has no health check, neither in the files nor in its image")
  end
  return health == "healthy"
end

-- Runs the service's check ourselves, so that nobody waits for the engine's next turn: the same
-- command, once at a time for each container, less and less often.
function Watch:probe(name, row)
  local test = self.tests[name]
  if not test or M.health_of(row) ~= "starting" then return false end
  local state = self.probes[row.Id] or { pause = 0.15, next = 0 }
  self.probes[row.Id] = state
  if state.ok or state.busy or time.monotonic() < state.next then return state.ok end
  state.busy = true
  local done = self.engine:exec(row.Id, { cmd = test.cmd, timeout = test.timeout })
  state.busy, state.ok = false, done ~= nil and done.code == 0
  state.pause = math.min(1, state.pause * 1.6)
  state.next = time.monotonic() + state.pause
  return state.ok
end

-- Are all containers of a service in a condition? Else which one is not, as far as there is one.
function Watch:reached(name, condition, rows, probe)
  for _, row in ipairs(rows) do
    local ok, why = conditions[condition](name, row)
    if why then return nil, why end
    if not ok and not (probe and self:probe(name, row)) then return false, nil, row end
  end
  return #rows >= (self.counts[name] or 1)
end

local function too_late(name, condition, row)
  return nil, error_of.new { op = "service " .. name, code = "timeout", container = row and row.Id,
    message = ("not %s in time"):format(condition:gsub("service_", ""):gsub("_", " ")) }
end

--- Waits until all containers of a service are in a condition.
---@param probe boolean? its check may be run here, too
---@return boolean?
---@return lsqm.Error? code "unhealthy" or "timeout"; `container` is the id of the one in question
function Watch:wait(name, condition, deadline, probe)
  while true do
    local rows, err = self:look()
    if not rows then return nil, err end
    local ok, why, late = self:reached(name, condition, rows[name] or {}, probe)
    if ok or why then return ok, why end
    if time.monotonic() > deadline then return too_late(name, condition, late) end
    parallel.sleep(M.PERIOD)
    self.rows = nil
  end
end

---@param options table|nil {tests = {service → {cmd: string[], timeout: number}} checks, for
---  probes; counts = {service → containers that it has, 1 where it is not named}}
function M.new(engine, project, options)
  options = options or {}
  return setmetatable({ engine = engine, project = project, tests = options.tests or {},
    counts = options.counts or {}, probes = {} }, Watch)
end

return M
