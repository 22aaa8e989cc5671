-- SPDX-License-Identifier: Apache-2.0
-- The three files under trends/, brought up to date after each run.
-- Updating twice with the same run gives the same files.

local compare = require "std.store.compare"
local files = require "std.store.files"
local history = require "std.store.history"
local json = require "std.json"
local tables = require "std.table"
local time = require "std.time"

local M = {}

local FILES = {
  services = { "services.json", "service_trends" },
  architectures = { "architectures.json", "architecture_trends" },
}

local function path_of(store, name) return store:path("trends", name) end

---@param store lsqm.Store
---@param kind string "services"|"architectures"
function M.get(store, kind)
  local file = FILES[kind]
  if not file then error("trends: kind must be services or architectures", 3) end
  local value = files.read(store, path_of(store, file[1]), file[2])
  return value and value[kind] or {}
end

local function save(store, kind, map)
  local file = FILES[kind]
  local value = { version = 1, last_updated = time.iso(), [kind] = map }
  return files.write(store, path_of(store, file[1]), file[2], value)
end

---@param store lsqm.Store
function M.regressions(store)
  return files.read(store, path_of(store, "regressions.json"), "regressions") or json.array {}
end

---@param store lsqm.Store
---@param list table[]
function M.save_regressions(store, list)
  return files.write(store, path_of(store, "regressions.json"), "regressions", json.array(list))
end

-- Services -----------------------------------------------------------------------------------

local function service_counts(results, architectures)
  local counts = {}
  for hash, result in pairs(results) do
    local meta = architectures[hash]
    for _, service in ipairs(meta and meta.services or {}) do
      local count = counts[service] or { total = 0, passed = 0 }
      counts[service] = count
      count.total = count.total + 1
      if result.status == "PASSED" then count.passed = count.passed + 1 end
    end
  end
  return counts
end

local function users_of_services(architectures)
  local users = {}
  for _, meta in pairs(architectures) do
    for _, service in ipairs(meta.skipped and {} or meta.services) do
      users[service] = (users[service] or 0) + 1
    end
  end
  return users
end

local function point_of(run)
  local config = run.config
  return {
    run_id = run.run_id, started_at = config.started_at,
    emulator = config.emulator and config.emulator.name or nil,
  }
end

local function service_point(run, count)
  local point = point_of(run)
  point.run_date = point.started_at:sub(1, 10)
  point.total, point.passed = count.total, count.passed
  point.pass_rate = count.passed / count.total
  return point
end

---The trend record of a service once a point is added.
---@param name string
---@param old table|nil the record so far
---@param point table
---@param users integer architectures that use the service
---@return table
local function service_trend(name, old, point, users)
  local points = history.insert(old and old.history or json.array {}, point)
  local previous = history.before(points, 1)
  return {
    service_name = name,
    current_pass_rate = points[1].pass_rate,
    previous_pass_rate = previous and previous.pass_rate or nil,
    trend = history.trend(points[1].pass_rate, previous and previous.pass_rate),
    architecture_count = users,
    history = points,
  }
end

local function update_services(store, run, architectures)
  local map = M.get(store, "services")
  local users = users_of_services(architectures)
  for name, count in pairs(service_counts(run:outcomes(), architectures)) do
    map[name] = service_trend(name, map[name], service_point(run, count), users[name] or 0)
  end
  for name, record in pairs(map) do record.architecture_count = users[name] or 0 end
  local ok, err = save(store, "services", map)
  return ok and map, err
end

-- Architectures ------------------------------------------------------------------------------

---The trend record of an architecture once a point is added.
---@param name string
---@param old table|nil
---@param point table {run_id=, status=, started_at=, emulator=}
---@return table
function M.architecture_trend(name, old, point)
  local points = history.insert(old and old.history or json.array {}, point)
  history.count_streaks(points)
  return {
    name = name, current_status = points[1].status, streak = points[1].streak, history = points,
  }
end

local function update_architectures(store, run, architectures)
  local map = M.get(store, "architectures")
  for hash, result in pairs(run:outcomes()) do
    local meta = architectures[hash]
    local point = point_of(run)
    point.status = result.status
    map[hash] = M.architecture_trend(meta and meta.name or hash, map[hash], point)
  end
  local ok, err = save(store, "architectures", map)
  return ok and map, err
end

-- Regressions --------------------------------------------------------------------------------

local function emulator_name(record)
  return record.emulator and record.emulator.name or nil
end

---The finished run to compare with: the last one before `run` with the same emulator.
---@param store lsqm.Store
---@param run lsqm.Run
---@return table|nil run record
function M.previous(store, run)
  local seen = run.dir ~= nil -- a part is younger than all that is there
  for _, record in ipairs(store:runs()) do -- the run itself may still go on
    local same = record.finished and emulator_name(record) == emulator_name(run.config)
    if seen and same then return record end
    if record.run_id == run.run_id then seen = true end
  end
end

local function merge_regressions(list, run_id, found)
  local urls, kept = {}, json.array {}
  for _, record in ipairs(list) do
    if record.to_run_id == run_id then
      urls[record.arch_hash] = record.github_issue_url
    else
      table.insert(kept, record)
    end
  end
  for _, record in ipairs(found) do
    record.github_issue_url = record.github_issue_url or urls[record.arch_hash]
    table.insert(kept, record)
  end
  return kept
end

-- A test written anew may fail where the old one passed: that is said beside the verdict.
local function note_tests(store, changes, run)
  for _, name in ipairs { "regressions", "flaky", "unrelated" } do
    for _, change in ipairs(changes[name]) do
      local app = store:app(change.arch_hash)
      change.tests_changed = compare.tests_changed(app, changes.previous, run.config)
    end
  end
end

---What changed since the previous comparable run.
---@param store lsqm.Store
---@param run lsqm.Run
---@param architectures table|nil hash → metadata
---@return table changes as std.store.compare.runs, with `previous` = run record or nil, and apart
---  from the rest `templates` = changes of architectures whose template is another one now; what
---  got worse carries `tests_changed` where its tests are newer than the run before
function M.changes(store, run, architectures)
  architectures = architectures or store:by_hash()
  local previous = M.previous(store, run)
  local opened = previous and store:open_run(previous.run_id)
  local changes = compare.runs(opened and opened:outcomes() or {}, run:outcomes(), architectures,
    { lineage = opened ~= nil, run_id = run.run_id })
  changes.templates = compare.split_templates(changes)
  changes.previous = opened and previous or nil
  if opened then note_tests(store, changes, run) end
  return changes
end

---The finished runs of the matrix that a run belongs to, itself included, oldest first.
---@param store lsqm.Store
---@param run lsqm.Run
---@return lsqm.Run[]
function M.siblings(store, run)
  if not run.config.matrix then return { run } end
  local list = {}
  for _, record in ipairs(store:runs { finished = true }) do
    local same = record.run_id == run.run_id
    if same or record.matrix == run.config.matrix then
      table.insert(list, 1, same and run or store:open_run(record.run_id))
    end
  end
  return list
end

local function update_one(store, run)
  local architectures = store:by_hash()
  local changes = M.changes(store, run, architectures)
  local services, by_arch, ok, err
  services, err = update_services(store, run, architectures)
  if not services then return nil, err end
  by_arch, err = update_architectures(store, run, architectures)
  if not by_arch then return nil, err end
  changes.trends = { services = services, architectures = by_arch }
  local list = merge_regressions(M.regressions(store), run.run_id, changes.regressions)
  ok, err = M.save_regressions(store, list)
  if not ok then return nil, err end
  return changes
end

---@param store lsqm.Store
---@param run lsqm.Run its siblings of one matrix are brought up to date with it
function M.update(store, run)
  if type(run) ~= "table" or not run.outcomes then error("update_trends: run must be a run", 3) end
  local own, latest
  for _, one in ipairs(M.siblings(store, run)) do
    local changes, err = update_one(store, one)
    if not changes then return nil, err end
    if one.run_id == run.run_id then own = changes end
    latest = changes.trends
  end
  if own then own.trends = latest end
  return own or update_one(store, run)
end

---Makes the three files anew from all finished runs; links to issues are kept.
---@param store lsqm.Store
function M.rebuild(store)
  local urls = {}
  for _, record in ipairs(M.regressions(store)) do
    urls[record.to_run_id .. record.arch_hash] = record.github_issue_url
  end
  local ok, err = save(store, "services", {})
  if ok then ok, err = save(store, "architectures", {}) end
  if ok then ok, err = M.save_regressions(store, {}) end
  if not ok then return nil, err end
  local records = store:runs { finished = true }
  for i = #records, 1, -1 do
    local run = store:open_run(records[i].run_id)
    if run then ok, err = update_one(store, run) end
    if not ok then return nil, err end
  end
  local list = M.regressions(store)
  for _, record in ipairs(list) do
    record.github_issue_url = urls[record.to_run_id .. record.arch_hash]
  end
  return M.save_regressions(store, list)
end

---Drops the regressions that name a deleted run: both runs of a record must exist.
---@param store lsqm.Store
---@param deleted string[] run ids
function M.forget(store, deleted)
  if #deleted == 0 then return true end
  local gone, kept = tables.set(deleted), json.array {}
  for _, record in ipairs(M.regressions(store)) do
    if not gone[record.from_run_id] and not gone[record.to_run_id] then
      table.insert(kept, record)
    end
  end
  return M.save_regressions(store, kept)
end

return M
