-- SPDX-License-Identifier: Apache-2.0
-- The failure tracker: how often each architecture failed in a row, and the issue of that streak.
-- Pure but for load and save; rules/tracker.lua says what counts as a failure.
--
--   no entry --failure--> 1 --failure--> 2: an issue is due, then issue_number is set
--   any entry --success--> no entry; further failures count on and never make a second issue

local resolve = require "std.resolve"
local tables = require "std.table"

local M = {}

local function rules() return assert(resolve.load("validator", "rules.tracker")) end

---@return table tracker without entries
function M.new() return { entries = {} } end

local function count_failure(tracker, id, run_id)
  local entry = tracker.entries[id]
  if not entry then
    tracker.entries[id] = { architecture_id = id, consecutive_failures = 1,
      first_failure_run = run_id, last_failure_run = run_id }
    return
  end
  entry.consecutive_failures = entry.consecutive_failures + 1
  entry.last_failure_run = run_id
end

--- Counts a run's results. A run that is counted already, or is older than one, changes nothing.
---@param tracker table FailureTracker, changed in place
---@param run_id string
---@param results {architecture_id: string, status: string}[]
---@return boolean counted
function M.count(tracker, run_id, results)
  if tracker.last_run and run_id <= tracker.last_run then return false end
  local statuses = rules().statuses
  for _, result in ipairs(results) do
    local kind = statuses[result.status]
    if kind == nil then error("tracker: no such status: " .. tostring(result.status), 2) end
    if kind == "failure" then count_failure(tracker, result.architecture_id, run_id) end
    if kind == "success" then tracker.entries[result.architecture_id] = nil end
  end
  tracker.last_run = run_id
  return true
end

--- Entries that need an issue now, by their ids.
---@return table[]
function M.due(tracker)
  local list = {}
  for _, id in ipairs(tables.sorted_keys(tracker.entries)) do
    local entry = tracker.entries[id]
    if entry.consecutive_failures >= rules().issue_at and not entry.issue_number then
      list[#list + 1] = entry
    end
  end
  return list
end

--- Notes the issue of a streak. A second one raises.
function M.note_issue(tracker, id, number, time)
  local entry = tracker.entries[id]
  if not entry then error("tracker: no entry for " .. id, 2) end
  if entry.issue_number then error("tracker: " .. id .. " has its issue already", 2) end
  entry.issue_number, entry.issue_created_at = number, time
end

function M.load(place)
  return place:read(place:data "failure_tracker.json", "failure_tracker", M.new())
end

function M.save(place, tracker)
  return place:write(place:data "failure_tracker.json", "failure_tracker", tracker)
end

return M
