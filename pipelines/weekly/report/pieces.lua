-- SPDX-License-Identifier: Apache-2.0
-- Pieces that several sections draw: status marks, rate bars, history dots.

local h = require "std.html"
local text = require "pipelines.weekly.report.text"

local M = {}

-- A sign beside the colour: colour alone does not reach everybody.
local SIGNS <const> = { PASSED = "✓", PARTIAL = "◐", FAILED = "✕", TIMEOUT = "◔", ERROR = "!" }
M.WORDS = { PASSED = "Passed", PARTIAL = "Partial", FAILED = "Failed", TIMEOUT = "Timeout",
  ERROR = "Error" }

M.ARROW = h.span({ class = "arrow", role = "img", ["aria-label"] = "became" }, " → ")

-- The same few marks stand in thousands of rows: each is made once.
local badges, histories = {}, {}

---@param status string
function M.badge(status)
  badges[status] = badges[status] or h.span({ class = "badge s-" .. status },
    h.span({ class = "sign", ["aria-hidden"] = "true" }, SIGNS[status] or "?"),
    M.WORDS[status] or status)
  return badges[status]
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

local function draw_dots(points)
  local parts, words, times = {}, {}, 0
  for i = #points, 1, -1 do
    local status = points[i].status
    parts[#parts + 1] = h.i({ class = "s-" .. status })
    times = times + 1
    if i == 1 or points[i - 1].status ~= status then
      words[#words + 1] = times > 1 and ("%d times %s"):format(times, status:lower())
        or status:lower()
      times = 0
    end
  end
  if #parts == 0 then return "–" end
  return h.span({ class = "dots", role = "img",
    ["aria-label"] = "oldest first: " .. table.concat(words, ", ") }, parts)
end

---Up to twelve squares, oldest first. Small elements, not a drawing: a page has thousands.
---@param points table[] newest first
function M.dots(points)
  local key = {}
  for i, point in ipairs(points) do key[i] = point.status end
  key = table.concat(key, " ")
  histories[key] = histories[key] or draw_dots(points)
  return histories[key]
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

local service_lists = {}

---@param services string[]
function M.services(services)
  local key = table.concat(services, "\n")
  if not service_lists[key] then
    local list = {}
    for i, name in ipairs(services) do list[i] = h.span({ class = "tag" }, name) end
    service_lists[key] = h.span({ class = "tags" }, list)
  end
  return service_lists[key]
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
