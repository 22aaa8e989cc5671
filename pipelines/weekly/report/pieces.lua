-- SPDX-License-Identifier: Apache-2.0
-- Pieces that several sections draw: status marks, rate bars, history dots.

local h = require "pipelines.weekly.report.markup"
local text = require "pipelines.weekly.report.text"

local M = {}

-- A sign beside the colour: colour alone does not reach everybody.
M.SIGNS = { PASSED = "✓", PARTIAL = "◐", FAILED = "✕", TIMEOUT = "◔", ERROR = "!" }
M.WORDS = { PASSED = "Passed", PARTIAL = "Partial", FAILED = "Failed", TIMEOUT = "Timeout",
  ERROR = "Error" }

---@param status string
function M.badge(status)
  return h.span({ class = "badge s-" .. status },
    h.span({ class = "sign", ["aria-hidden"] = "true" }, M.SIGNS[status] or "?"),
    M.WORDS[status] or status)
end

---A bar split by status; the figures are beside it as text.
---@param counts table by status, with total
---@param width integer
---@param height integer
function M.stack(counts, width, height)
  local x, parts = 0, {}
  for _, status in ipairs { "PASSED", "PARTIAL", "FAILED", "TIMEOUT", "ERROR" } do
    local n = counts[status] or 0
    if n > 0 then
      local w = width * n / counts.total
      parts[#parts + 1] = h.rect { class = "s-" .. status, x = ("%.2f"):format(x), y = 0,
        width = ("%.2f"):format(w), height = height }
      x = x + w
    end
  end
  return h.svg({ class = "stack", viewBox = ("0 0 %d %d"):format(width, height),
    preserveAspectRatio = "none", ["aria-hidden"] = "true" }, parts)
end

---Up to twelve squares, oldest first.
---@param history table[] newest first
function M.dots(history)
  local parts, words = {}, {}
  for i = math.min(#history, 12), 1, -1 do
    local status = history[i].status
    parts[#parts + 1] = h.rect { class = "s-" .. status, x = #words * 9, y = 0, width = 7,
      height = 14, rx = 2 }
    words[#words + 1] = status:lower()
  end
  if #parts == 0 then return "–" end
  return h.svg({ class = "dots", width = #words * 9, height = 14, role = "img",
    ["aria-label"] = "oldest first: " .. table.concat(words, ", ") }, parts)
end

---A line of pass rates, oldest first.
---@param points number[]
function M.spark(points)
  local width, height, pad = 96, 24, 3
  if #points < 2 then return h.span({ class = "faint" }, "first run") end
  local list, x, y = {}, 0, 0
  for i, rate in ipairs(points) do
    x = pad + (i - 1) * (width - 2 * pad) / (#points - 1)
    y = pad + (1 - rate) * (height - 2 * pad)
    list[i] = ("%.1f,%.1f"):format(x, y)
  end
  return h.svg({ class = "spark", width = width, height = height,
    viewBox = ("0 0 %d %d"):format(width, height), ["aria-hidden"] = "true" },
    h.polyline { points = table.concat(list, " ") },
    h.circle { cx = ("%.1f"):format(x), cy = ("%.1f"):format(y), r = 2.5 })
end

---@param delta number|nil
function M.delta(delta)
  if not delta then return nil end
  local kind = delta > 0.0005 and "up" or delta < -0.0005 and "down" or "even"
  return h.span({ class = "delta " .. kind }, text.points(delta))
end

---@param services string[]
function M.services(services)
  local list = {}
  for i, name in ipairs(services) do list[i] = h.span({ class = "tag" }, name) end
  return h.span({ class = "tags" }, list)
end

---A link only where it is one for a browser; anything else is plain text.
---@param url string|nil
---@param words string
function M.link(url, words)
  if type(url) ~= "string" or not url:find("^https?://") then return words end
  return h.a({ href = url, rel = "noopener noreferrer" }, words)
end

---@param id string
---@param title string
---@param note any
function M.section(id, title, note, ...)
  return h.section({ id = id, ["aria-labelledby"] = id .. "-title" },
    h.div({ class = "section-head" }, h.h2({ id = id .. "-title" }, title),
      note and h.p({ class = "note" }, note) or nil),
    ...)
end

return M
