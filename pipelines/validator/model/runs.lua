-- SPDX-License-Identifier: Apache-2.0
-- ValidationRun: its id, statistics and timing, and docs/data/runs/{run_id}.json.

local fs = require "std.fs"
local json = require "std.json"
local results = require "pipelines.validator.model.results"
local time = require "std.time"

local M = {}

local function id_at(t)
  local iso = time.iso(t)
  return "run-" .. iso:sub(1, 10):gsub("-", "") .. "-" .. iso:sub(12, 19):gsub(":", "")
end

local function path(place, id) return place:data("runs", id .. ".json") end

--- A new run, its file on disk; two of the same second get two ids.
---@param options {trigger: string, parallelism: integer, version: string, budget: integer}
---@return table|nil
---@return lsqm.Error|nil
function M.new(place, options)
  local now = time.now()
  local id = id_at(now)
  while fs.exists(path(place, id)) do
    now = now + 1
    id = id_at(now)
  end
  local run = { id = id, started_at = time.iso(), status = "running", trigger = options.trigger,
    parallelism = options.parallelism, localstack_version = options.version,
    results = json.array {}, token_usage = 0, token_budget = options.budget }
  local ok, err = M.save(place, run)
  if not ok then return nil, err end
  return run
end

--- A run that ends before it began raises, as does one that breaks its schema.
function M.save(place, run)
  if run.completed_at and run.completed_at < run.started_at then
    error(run.id .. ": completed_at is before started_at", 2)
  end
  return place:write(path(place, run.id), "validation_run", run)
end

---@return table|nil
---@return lsqm.Error|nil
function M.load(place, id) return place:read(path(place, id), "validation_run") end

--- All runs, newest first.
---@return table[]|nil
---@return lsqm.Error|nil the first one that cannot be read
function M.all(place)
  local list, dir = {}, place:data "runs"
  for _, entry in ipairs(fs.is_dir(dir) and fs.list(dir) or {}) do
    local id = entry.name:match "^(run%-%d+%-%d+)%.json$"
    if id then
      local run, err = M.load(place, id)
      if not run then return nil, err end
      list[#list + 1] = run
    end
  end
  table.sort(list, function(a, b) return a.id > b.id end)
  return list
end

--- The newest run that has completed; false where there is none.
---@return table|false|nil
---@return lsqm.Error|nil
function M.latest(place)
  local list, err = M.all(place)
  if not list then return nil, err end
  for _, run in ipairs(list) do
    if run.status == "completed" then return run end
  end
  return false
end

--- Runs whose lsqm was killed have failed. For one that holds the place.
---@return boolean|nil
---@return lsqm.Error|nil
function M.end_dead(place)
  local list, err = M.all(place)
  if not list then return nil, err end
  for _, run in ipairs(list) do
    if run.status == "running" then
      local now = time.iso()
      run.status, run.completed_at = "failed", now > run.started_at and now or run.started_at
      local ok, why = M.save(place, run)
      if not ok then return nil, why end
    end
  end
  return true
end

--- A timeout is a failure that the document's statistics have no word of their own for; what the
--- harness failed at is skipped, and not in the rate.
---@param list table[] results
---@return table RunStatistics
function M.statistics(list)
  local n = { total_architectures = #list, passed = 0, partial = 0, failed = 0, skipped = 0,
    timeout = 0, unjudged = 0 }
  for _, result in ipairs(list) do
    n[result.status] = n[result.status] + 1
    if result.status == "timeout" then n.failed = n.failed + 1 end
    if result.harness_error then n.unjudged = n.unjudged + 1 end
  end
  local judged = n.passed + n.partial + n.failed
  n.pass_rate = judged > 0 and n.passed / judged or 0
  return n
end

--- Seconds of the stages and their sum.
function M.timing(fields)
  local timing = { total_seconds = 0 }
  for _, name in ipairs { "mining_seconds", "generation_seconds", "running_seconds",
    "reporting_seconds" } do
    timing[name] = fields[name] or 0
    timing.total_seconds = timing.total_seconds + timing[name]
  end
  return timing
end

--- The results of a run, in its order.
---@return table[]|nil
---@return lsqm.Error|nil the first one that cannot be read
function M.results(place, run)
  local list = {}
  for i, id in ipairs(run.results) do
    local result, err = results.load(place, run.id, id:sub(#run.id + 2))
    if not result then return nil, err end
    list[i] = result
  end
  return list
end

local function work_file(place) return place:path("cache", "work_done.json") end

--- What mine and generate did since the last run: `add` notes more of it, `take` gives it to a run.
function M.add_work(place, fields)
  local work, err = place:read(work_file(place), "work_done", {})
  if not work then return nil, err end
  for name, value in pairs(fields) do work[name] = (work[name] or 0) + value end
  return place:write(work_file(place), "work_done", work)
end

---@return table|nil
---@return lsqm.Error|nil
function M.take_work(place)
  local work, err = place:read(work_file(place), "work_done", {})
  if not work then return nil, err end
  local ok, why = fs.remove(work_file(place))
  if not ok then return nil, why end
  return work
end

return M
