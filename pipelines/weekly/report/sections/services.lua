-- SPDX-License-Identifier: Apache-2.0
-- The compatibility matrix: one line per AWS service.
local h = require "std.html"
local pieces = require "pipelines.weekly.report.pieces"
local records = require "std.meta.records"
local text = require "pipelines.weekly.report.text"

local ARROWS = { improving = "↗", stable = "→", declining = "↘" }

local function points_of(trend)
  local points = {}
  for i = #trend.history, 1, -1 do points[#points + 1] = trend.history[i].pass_rate end
  return points
end

local function trend_cell(trend)
  if not trend then return h.td({ ["data-v"] = 0 }, "–") end
  local delta = trend.previous_pass_rate
    and trend.current_pass_rate - trend.previous_pass_rate or nil
  return h.td({ ["data-v"] = ("%.4f"):format(delta or 0) },
    h.span({ class = "trend t-" .. trend.trend }, ARROWS[trend.trend], " ", trend.trend), " ",
    delta and math.abs(delta) > 0.0005 and (trend.trend == "stable"
      and h.span({ class = "faint" }, text.points(delta)) or pieces.delta(delta)) or nil)
end

local function row(service)
  local cells = {}
  for i, status in ipairs(records.STATUSES) do
    local n = service.counts[status]
    cells[i] = h.td({ class = "num" .. (n == 0 and " zero" or " f-" .. status) }, n)
  end
  return h.tr(
    h.th({ scope = "row", ["data-v"] = service.name }, service.name),
    h.td({ class = "num" }, service.counts.total),
    h.td({ class = "rate-cell", ["data-v"] = ("%.4f"):format(service.rate) },
      h.span({ class = "rate-figure" }, text.percent(service.rate)),
      pieces.stack(service.counts, 120, 8)),
    cells, trend_cell(service.trend),
    h.td({ class = "wide-only" },
      service.trend and pieces.spark(points_of(service.trend)) or "–"))
end

local function head(key, words, class)
  return h.th({ scope = "col", class = class, ["data-sort"] = key }, words)
end

return {
  name = "services",
  render = function(view)
    if #view.services == 0 then return nil end
    local rows, heads = {}, {}
    for i, service in ipairs(view.services) do rows[i] = row(service) end
    for i, status in ipairs(records.STATUSES) do
      heads[i] = head("number", pieces.WORDS[status], "num")
    end
    return pieces.section("services", "Services",
      "an architecture counts for every service that it uses",
      h.div({ class = "card scroll", tabindex = 0 },
        h.table({ class = "matrix sortable" },
          h.caption({ class = "unseen" }, "Pass rate and trend of each AWS service"),
          h.thead(h.tr(head("text", "Service"), head("number", "Used by", "num"),
            head("number", "Pass rate"), heads, head("number", "Trend"),
            h.th({ scope = "col", class = "wide-only" }, "Last runs"))),
          h.tbody(rows))))
  end,
}
