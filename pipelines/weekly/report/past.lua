-- SPDX-License-Identifier: Apache-2.0
-- The history of an architecture as a person tells it: "failed in 3 runs since 11-07, passed in 9
-- before". Points of other emulators and of later runs are left out.

local M = {}

---Notes of all finished runs by id, for `of`.
---@param records table[] run records
---@return table id → {date=, version=, emulator=, started_at=}
function M.runs(records)
  local map = {}
  for _, record in ipairs(records) do
    local emulator = record.emulator or {}
    map[record.run_id] = { date = record.started_at:sub(1, 10), started_at = record.started_at,
      version = emulator.version or record.localstack_version, emulator = emulator.name }
  end
  return map
end

local function fits(point, run, self)
  local same = point.emulator == nil or self.emulator == nil or point.emulator == self.emulator
  return same and run.started_at <= self.started_at
end

---@param trend table|nil the architecture's trend record
---@param runs table as M.runs gives them
---@param run_id string the run that the report is about
---@return table points newest first: {status, date, version}, at most twelve
---@return table spans newest first: {status, count, from = oldest point, to = newest point}
---@return integer|nil streak of the report's run
function M.of(trend, runs, run_id)
  local points, spans, self = {}, {}, runs[run_id]
  local streak
  for _, point in ipairs(self and trend and trend.history or {}) do
    local run = runs[point.run_id]
    if run and fits(point, run, self) then
      if point.run_id == run_id then streak = point.streak end
      local one = { status = point.status, date = run.date, version = run.version }
      points[#points + 1] = one
      local span = spans[#spans]
      if not span or span.status ~= one.status then
        spans[#spans + 1] = { status = one.status, count = 1, from = one, to = one }
      else
        span.count, span.from = span.count + 1, one
      end
    end
  end
  return points, spans, streak
end

return M
