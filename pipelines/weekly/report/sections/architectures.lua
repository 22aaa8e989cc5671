-- SPDX-License-Identifier: Apache-2.0
-- Every architecture of the run; sortable and filterable where scripts run, complete without.
local h = require "pipelines.weekly.report.markup"
local pieces = require "pipelines.weekly.report.pieces"
local records = require "std.meta.records"
local text = require "pipelines.weekly.report.text"

local function name_cell(row)
  local name = row.name
  if row.status ~= "PASSED" then name = h.a({ href = "#a-" .. row.hash }, name) end
  return h.th({ scope = "row", ["data-v"] = row.name }, name,
    row.is_regression and h.span({ class = "flag" }, "regression") or nil,
    row.cached and h.span({ class = "tag", title = "from an earlier run" }, "cached") or nil,
    row.unsettled and h.span({ class = "tag", title = "not part of the status" }, row.unsettled)
      or nil,
    row.reason ~= "" and row.status ~= "PASSED"
      and h.span({ class = "reason" }, row.reason:sub(1, 300)) or nil)
end

local function tests_cell(tests)
  if not tests then return h.td({ class = "num faint", ["data-v"] = -1 }, "–") end
  return h.td({ class = "num", ["data-v"] = ("%.4f"):format(tests.passed / tests.total) },
    ("%d/%d"):format(tests.passed, tests.total))
end

local function row_of(row)
  return h.tr({ ["data-status"] = row.status },
    h.td({ ["data-v"] = row.order }, pieces.badge(row.status)), name_cell(row),
    h.td({ ["data-v"] = table.concat(row.services, " ") }, pieces.services(row.services)),
    tests_cell(row.tests),
    h.td({ class = "num", ["data-v"] = row.resources or 0 }, row.resources or "–"),
    h.td({ class = "num", ["data-v"] = ("%.2f"):format(row.duration) },
      text.duration(row.duration)),
    h.td({ class = "num", ["data-v"] = row.streak or 0 }, row.streak and row.streak .. "×" or "–"),
    h.td({ class = "wide-only" }, pieces.dots(row.history)))
end

local function filters(counts)
  local chips = {}
  for _, status in ipairs(records.STATUSES) do
    local n = counts[status:lower()]
    if n > 0 then
      chips[#chips + 1] = h.button({ type = "button", class = "chip", ["data-status"] = status,
        ["aria-pressed"] = "false" }, pieces.badge(status), h.span({ class = "chip-count" }, n))
    end
  end
  -- Without a script these would do nothing, so the script shows them.
  return h.div({ class = "filters", hidden = true, id = "filters" },
    h.label({ class = "search" }, h.span({ class = "unseen" }, "Filter architectures"),
      h.input { type = "search", id = "filter", autocomplete = "off",
        placeholder = "Filter by name, service or reason ( / )" }),
    h.div({ class = "chips", role = "group", ["aria-label"] = "Filter by status" }, chips),
    h.p({ class = "note", id = "shown", role = "status" }))
end

local COLUMNS = {
  { "Status", "number" }, { "Architecture", "text" }, { "Services", "text" },
  { "Tests", "number", "num" }, { "Resources", "number", "num" }, { "Time", "number", "num" },
  { "Streak", "number", "num" }, { "Last runs", nil, "wide-only" },
}

return {
  name = "architectures",
  render = function(view)
    local rows, heads = {}, {}
    for i, row in ipairs(view.rows) do rows[i] = row_of(row) end
    for i, column in ipairs(COLUMNS) do
      heads[i] = h.th({ scope = "col", class = column[3], ["data-sort"] = column[2] or false },
        column[1])
    end
    return pieces.section("architectures", "Architectures",
      "streak: runs in a row with this status",
      filters(view.counts),
      h.div({ class = "card scroll", tabindex = 0 },
        h.table({ class = "list sortable", id = "list" },
          h.caption({ class = "unseen" }, "Result of each architecture"),
          h.thead(h.tr(heads)), h.tbody(rows))))
  end,
}
