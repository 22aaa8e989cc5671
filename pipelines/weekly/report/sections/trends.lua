-- SPDX-License-Identifier: Apache-2.0
-- The last twelve runs: how many of each status, and the pass rate as a line over them.
local h = require "std.html"
local pieces = require "pipelines.weekly.report.pieces"
local records = require "std.meta.records"
local text = require "pipelines.weekly.report.text"

local WIDTH, HEIGHT, LEFT, TOP, FLOOR = 960, 250, 44, 16, 200

local function y_of(rate) return TOP + (1 - rate) * (FLOOR - TOP) end

local function number(n) return ("%.1f"):format(n) end

local function grid()
  local parts = {}
  for _, rate in ipairs { 0, 0.25, 0.5, 0.75, 1 } do
    parts[#parts + 1] = h.line { class = "grid", x1 = LEFT, x2 = WIDTH, y1 = number(y_of(rate)),
      y2 = number(y_of(rate)) }
    parts[#parts + 1] = h.text({ class = "axis", x = LEFT - 8, y = number(y_of(rate) + 4),
      ["text-anchor"] = "end" }, ("%d %%"):format(rate * 100))
  end
  return parts
end

local function tip(run)
  local words = { text.when(run.started_at), text.percent(run.rate) .. " passed" }
  for _, status in ipairs(records.STATUSES) do
    words[#words + 1] = ("%s %d"):format(status:lower(), run.summary[status:lower()])
  end
  return table.concat(words, ", ")
end

local function column(run, x, width)
  local base, parts = FLOOR, { h.title(tip(run)) }
  for _, status in ipairs(records.STATUSES) do
    local n = run.summary[status:lower()]
    if n > 0 then
      local height = (FLOOR - TOP) * n / run.summary.total
      base = base - height
      parts[#parts + 1] = h.rect { class = "s-" .. status, x = number(x), y = number(base),
        width = number(width), height = number(height) }
    end
  end
  local middle = number(x + width / 2)
  parts[#parts + 1] = h.text({ class = "axis", x = middle, y = FLOOR + 18,
    ["text-anchor"] = "middle" }, run.started_at:sub(6, 10))
  parts[#parts + 1] = h.text({ class = "axis faint", x = middle, y = FLOOR + 34,
    ["text-anchor"] = "middle" }, (run.emulator and run.emulator.version
      or run.localstack_version):sub(1, 10))
  return h.g(parts)
end

local function chart(runs)
  local step = (WIDTH - LEFT) / math.max(#runs, 6)
  local width, columns, line, points = math.min(step * 0.62, 56), {}, {}, {}
  for i, run in ipairs(runs) do
    local x = LEFT + (i - 0.5) * step
    columns[i] = column(run, x - width / 2, width)
    if run.rate then
      line[#line + 1] = number(x) .. "," .. number(y_of(run.rate))
      points[#points + 1] = h.circle { class = "point", cx = number(x),
        cy = number(y_of(run.rate)), r = 4 }
    end
  end
  return h.svg({ class = "chart", viewBox = ("0 0 %d %d"):format(WIDTH, HEIGHT), role = "img",
    ["aria-label"] = "Results of the last runs; the figures are in the table below" },
    grid(), columns, h.polyline { class = "rate-line", points = table.concat(line, " ") }, points)
end

local function legend()
  local items = {}
  for i, status in ipairs(records.STATUSES) do items[i] = h.li(pieces.badge(status)) end
  items[#items + 1] = h.li(h.span({ class = "line-key" }), "pass rate")
  return h.ul({ class = "legend" }, items)
end

local function figures(runs)
  local rows = {}
  for i = #runs, 1, -1 do
    local run, cells = runs[i], {}
    for j, status in ipairs(records.STATUSES) do
      cells[j] = h.td({ class = "num" }, run.summary[status:lower()])
    end
    rows[#rows + 1] = h.tr(h.th({ scope = "row" }, text.when(run.started_at)),
      h.td(run.emulator and run.emulator.name or "–", " ", run.localstack_version), cells,
      h.td({ class = "num" }, text.percent(run.rate)))
  end
  local heads = {}
  for i, status in ipairs(records.STATUSES) do
    heads[i] = h.th({ class = "num", scope = "col" }, pieces.WORDS[status])
  end
  return h.details({ class = "figures" }, h.summary("Figures"),
    h.div({ class = "scroll", tabindex = 0 }, h.table(
      h.thead(h.tr(h.th({ scope = "col" }, "Run"), h.th({ scope = "col" }, "Emulator"), heads,
        h.th({ class = "num", scope = "col" }, "Pass rate"))),
      h.tbody(rows))))
end

return {
  name = "trends",
  render = function(view)
    if #view.history == 0 then return nil end
    return pieces.section("trends", "Trend",
      ("last %s, oldest on the left"):format(text.count(#view.history, "run")),
      h.div({ class = "card" }, h.div({ class = "scroll", tabindex = 0 }, chart(view.history)),
        legend(), figures(view.history)))
  end,
}
