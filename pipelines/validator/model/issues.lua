-- SPDX-License-Identifier: Apache-2.0
-- Files the issues that the tracker has due. Each carries a marker with the architecture and the
-- first run of its streak, so that one whose number was lost is found again and never made twice.

local mask = require "std.mask"
local results = require "pipelines.validator.model.results"
local time = require "std.time"
local tracker_of = require "pipelines.validator.model.tracker"

local M = {}

M.LABEL = "architecture-validation"
local MAX_LOG <const> = 4000

local function marker_of(entry)
  return ("<!-- lsqm-validator %s %s -->"):format(entry.architecture_id, entry.first_failure_run)
end

-- Log text in a fence that it cannot end.
local function fenced(text)
  local fence = "```"
  while text:find(fence, 1, true) do fence = fence .. "`" end
  return fence .. "\n" .. text:gsub("%s+$", "") .. "\n" .. fence
end

--- Title and body of an entry's issue.
---@param result table ArchitectureResult of the last failure
---@param run table ValidationRun
function M.text(entry, result, run)
  local infrastructure = result.infrastructure or {}
  local log = infrastructure.success and result.logs and result.logs.test_output
    or infrastructure.errors or ""
  local lines = {
    marker_of(entry),
    ("Architecture `%s` failed in %d runs in a row (`%s` to `%s`)."):format(entry.architecture_id,
      entry.consecutive_failures, entry.first_failure_run, entry.last_failure_run), "",
    "- status: " .. result.status, "- emulator: " .. run.localstack_version, "",
    fenced(log:sub(-MAX_LOG)), "",
  }
  return { title = result.suggested_issue_title or entry.architecture_id .. ": fails",
    body = mask.text(table.concat(lines, "\n")), labels = { M.LABEL } }
end

local function find(list, marker)
  for _, issue in ipairs(list) do
    if issue.trusted and type(issue.body) == "string" and issue.body:find(marker, 1, true) then
      return issue
    end
  end
  return nil
end

local function file_one(place, tracker, client, known, entry, run)
  local result, err = results.load(place, entry.last_failure_run, entry.architecture_id)
  if not result then return nil, err end
  local marker = marker_of(entry)
  local issue = find(known, marker)
  if not issue then
    issue, err = client:create(M.text(entry, result, run), function(other)
      return type(other.body) == "string" and other.body:find(marker, 1, true) ~= nil
    end)
    if not issue then return nil, err end
  end
  tracker_of.note_issue(tracker, entry.architecture_id, issue.number, time.iso())
  local ok
  ok, err = tracker_of.save(place, tracker)
  return ok and issue, err
end

--- Files all that are due; each number is on disk before the next one is filed.
---@param client table std.github.issues
---@param limit integer at most so many; the others stay due
---@return table[]|nil filed
---@return lsqm.Error|nil
function M.file(place, tracker, client, run, limit)
  local due, filed = tracker_of.due(tracker), {}
  if #due == 0 or limit < 1 then return filed end
  local known, err = client:list()
  if not known then return nil, err end
  for i = 1, math.min(#due, limit) do
    local issue
    issue, err = file_one(place, tracker, client, known, due[i], run)
    if not issue then return nil, err end
    filed[i] = { entry = due[i], issue = issue }
  end
  return filed
end

--- Writes the numbers of the tracker's issues into a run's results.
function M.link(place, tracker, run)
  for _, id in ipairs(run.results) do
    local name = id:sub(#run.id + 2)
    local entry = tracker.entries[name]
    if entry and entry.issue_number and entry.last_failure_run == run.id then
      local result, err = results.load(place, run.id, name)
      if not result then return nil, err end
      result.issue_number = entry.issue_number
      local ok, why = results.save(place, result)
      if not ok then return nil, why end
    end
  end
  return true
end

return M
