-- SPDX-License-Identifier: Apache-2.0
-- HealthCheckResults as a time series in SQLite, with the two indexes of the data model. Every
-- row keeps the entity's schema before it is written; outputs are masked and cut.

local contracts = require("std.contracts").of "parity"
local mask = require "std.mask"
local open = require "pipelines.parity.model.open"
local resolve = require "std.resolve"
local sqlite = require "std.sqlite"

local M = {}

M.SCHEMA = {
  [[CREATE TABLE IF NOT EXISTS health_check_results (
    id TEXT PRIMARY KEY, service_id TEXT NOT NULL, timestamp TEXT NOT NULL, status TEXT NOT NULL,
    exit_code INTEGER, output TEXT, response_time_ms INTEGER, error_message TEXT,
    check_type TEXT NOT NULL, triggered_by TEXT NOT NULL)]],
  [[CREATE INDEX IF NOT EXISTS service_timestamp
    ON health_check_results (service_id, timestamp)]],
  [[CREATE INDEX IF NOT EXISTS status_timestamp ON health_check_results (status, timestamp)]],
  [[CREATE UNIQUE INDEX IF NOT EXISTS one_observation
    ON health_check_results (service_id, timestamp, check_type)]],
}

local INSERT <const> = "INSERT OR IGNORE INTO health_check_results VALUES (?,?,?,?,?,?,?,?,?,?)"

--- Opens the time series of a workspace.
function M.open(ctx)
  local database, err = sqlite.open(open.path(ctx, "health", "health.sqlite"))
  if not database then return nil, err end
  for _, statement in ipairs(M.SCHEMA) do
    local ok, why = database:exec(statement)
    if not ok then
      database:close()
      return nil, why
    end
  end
  return database
end

local function cut(text)
  if not text then return nil end
  local limit = assert(resolve.load("parity", "rules.health")).max_output
  text = mask.text(text) -- before it is cut: half a secret would not be known
  return #text > limit and text:sub(-limit) or text
end

--- Writes results, all or none. An observation that is there already is left as it is.
---@param results table[] HealthCheckResults
function M.add(database, results)
  for _, result in ipairs(results) do
    result.details.output = cut(result.details.output)
    result.details.error_message = cut(result.details.error_message)
    local ok, err = contracts.check("health_check_result", result)
    if not ok then error(err, 0) end
  end
  return database:transaction(function()
    for _, r in ipairs(results) do
      local d, m = r.details, r.metadata
      local ok, err = database:exec(INSERT, r.id, r.service_id, r.timestamp, r.status, d.exit_code,
        d.output, d.response_time_ms, d.error_message, m.check_type, m.triggered_by)
      if not ok then return nil, err end
    end
    return true
  end)
end

local function entity(row)
  return { id = row.id, service_id = row.service_id, timestamp = row.timestamp,
    status = row.status, details = { exit_code = row.exit_code, output = row.output,
      response_time_ms = row.response_time_ms, error_message = row.error_message },
    metadata = { check_type = row.check_type, triggered_by = row.triggered_by } }
end

--- Results of a service since a time, oldest first; at most `limit` of the newest.
---@return table[]?
function M.series(database, service_id, since, limit)
  local rows, err = database:rows([[SELECT * FROM (SELECT * FROM health_check_results
    WHERE service_id = ? AND timestamp >= ? ORDER BY timestamp DESC LIMIT ?) ORDER BY timestamp]],
    service_id, since, limit or 10000)
  if not rows then return nil, err end
  local list = {}
  for i, row in ipairs(rows) do list[i] = entity(row) end
  return list
end

--- Results in a state since a time, newest first.
function M.by_status(database, status, since)
  local rows, err = database:rows([[SELECT * FROM health_check_results
    WHERE status = ? AND timestamp >= ? ORDER BY timestamp DESC LIMIT 1000]], status, since)
  if not rows then return nil, err end
  local list = {}
  for i, row in ipairs(rows) do list[i] = entity(row) end
  return list
end

return M
