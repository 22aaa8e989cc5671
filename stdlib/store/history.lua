-- SPDX-License-Identifier: Apache-2.0
-- Histories of at most twelve points, newest first, and what is derived from them.
-- Pure. Points are compared within one emulator: a change of emulator is not a trend.

local M = {}

local LIMIT <const> = 12
-- The data model's margin; the small slack keeps 0.82 → 0.84 from counting by rounding.
local MARGIN, SLACK = 0.02, 1e-9

---@param current number pass rate
---@param previous number|nil
---@return string "improving"|"stable"|"declining"
function M.trend(current, previous)
  if not previous then return "stable" end
  local delta = current - previous
  if delta > MARGIN + SLACK then return "improving" end
  if delta < -MARGIN - SLACK then return "declining" end
  return "stable"
end

local function is_later(a, b)
  local x, y = a.started_at or a.run_date or "", b.started_at or b.run_date or ""
  return x > y
end

---Puts a point where its time belongs, in place of an older one of the same run.
---@param history table[] newest first; changed in place
---@param point table {run_id=, started_at=, …}
---@return table[] history
function M.insert(history, point)
  for i, old in ipairs(history) do
    if old.run_id == point.run_id then
      history[i] = point
      return history
    end
  end
  local at = 1
  while history[at] and is_later(history[at], point) do at = at + 1 end
  table.insert(history, at, point)
  while #history > LIMIT do table.remove(history) end
  return history
end

---The next older point of the same emulator.
---@param history table[]
---@param at integer
---@return table|nil
function M.before(history, at)
  for i = at + 1, #history do
    if history[i].emulator == history[at].emulator then return history[i] end
  end
end

---Sets each point's streak: equal verdicts in a row up to it. The oldest point of an emulator
---keeps its own, so a streak may outgrow the twelve points.
---@param history table[]
---@return table[] history
function M.count_streaks(history)
  for i = #history, 1, -1 do
    local point, older = history[i], M.before(history, i)
    if older then
      point.streak = older.status == point.status and older.streak + 1 or 1
    else
      point.streak = point.streak or 1
    end
  end
  return history
end

return M
