-- SPDX-License-Identifier: Apache-2.0
-- Every architecture of the run, each with its details below it. Without a script the link of a
-- row opens its details (:target); with one the rows also sort, filter and open side by side.
local h = require "std.html"
local detail = require "pipelines.weekly.report.detail"
local pieces = require "pipelines.weekly.report.pieces"
local records = require "std.meta.records"
local text = require "pipelines.weekly.report.text"

-- Column names are also what a phone writes beside the figures.
local COLUMNS = {
  { "Status", "number", "c-status" }, { "Architecture", "text", "c-name" },
  { "Services", "text", "c-services" }, { "Tests", "number", "num" },
  { "Resources", "number", "num" }, { "Time", "number", "num" }, { "Streak", "number", "num" },
  { "Last runs", nil, "c-runs" },
}

local function name_cell(row)
  return h.th({ scope = "row" },
    h.a({ href = "#a-" .. row.hash, class = "opener" }, row.name),
    row.is_regression and h.span({ class = "flag" }, "regression") or nil,
    row.change and row.change.note and h.span({ class = "tag" }, row.change.note) or nil,
    row.cached and h.span({ class = "tag", title = "from an earlier run" }, "cached") or nil,
    row.unsettled and h.span({ class = "tag", title = "not part of the status" }, row.unsettled)
      or nil,
    row.reason ~= "" and row.status ~= "PASSED"
      and h.span({ class = "reason" }, text.short(row.reason, detail.REASON)) or nil)
end

local tests_seen = {}

local function tests_cell(tests)
  local words = tests and ("%d/%d"):format(tests.passed, tests.total) or "–"
  local rate = tests and ("%.3f"):format(tests.passed / tests.total) or -1
  tests_seen[words] = tests_seen[words] or h.td({ ["data-v"] = rate }, words)
  return tests_seen[words]
end

local function row_of(row, run_id)
  return h.tbody({ id = "a-" .. row.hash, class = "arch", ["data-s"] = row.status,
      ["data-c"] = row.group and row.group.number or false },
    h.tr(h.td({ ["data-v"] = row.order }, pieces.badge(row.status)), name_cell(row),
      h.td(pieces.services(row.services)), tests_cell(row.tests), h.td(row.resources or "–"),
      h.td({ ["data-v"] = ("%.2f"):format(row.duration) }, text.duration(row.duration)),
      h.td({ ["data-v"] = row.streak or 0 }, row.streak and row.streak .. "×" or "–"),
      h.td(pieces.dots(row.points))),
    h.tr({ class = "detail" }, h.td({ colspan = #COLUMNS }, detail.of(row, run_id))))
end

local function chips(counts)
  local list = {}
  for _, status in ipairs(records.STATUSES) do
    local n = counts[status:lower()]
    if n > 0 then
      list[#list + 1] = h.button({ type = "button", class = "chip", ["data-status"] = status,
        ["aria-pressed"] = "false" }, pieces.badge(status), h.span({ class = "chip-count" }, n))
    end
  end
  return h.div({ class = "chips", role = "group", ["aria-label"] = "Filter by status" }, list)
end

local function services_of(services)
  local options = { h.option({ value = "" }, "All services") }
  for _, service in ipairs(services) do
    options[#options + 1] = h.option({ value = service.name }, service.name)
  end
  return h.select({ id = "service", ["aria-label"] = "Filter by service" }, options)
end

-- Without a script these would do nothing, so the script shows them.
local function filters(view)
  return h.div({ class = "filters", hidden = true, id = "filters" },
    h.label({ class = "search" }, h.span({ class = "unseen" }, "Search architectures"),
      h.input { type = "search", id = "filter", autocomplete = "off", spellcheck = "false",
        placeholder = "Search name, service, reason or hash ( / )" }),
    services_of(view.services), chips(view.counts),
    h.p({ class = "note", id = "shown", role = "status" }),
    h.button({ type = "button", class = "plain", id = "clear", hidden = true }, "Show all"))
end

local function head()
  local cells = {}
  for i, column in ipairs(COLUMNS) do
    cells[i] = h.th({ scope = "col", class = column[3], ["data-sort"] = column[2] or false },
      column[1])
  end
  return h.thead(h.tr(cells))
end

return {
  name = "architectures",
  render = function(view)
    local rows = {}
    for i, row in ipairs(view.rows) do rows[i] = row_of(row, view.run.run_id) end
    return pieces.section("architectures", "Architectures",
      h.join("open a row for its logs, history and Terraform (all of it is in ",
        h.code("architectures/<hash>/"), "); streak: runs in a row with this status"),
      filters(view),
      h.div({ class = "card list-card" },
        h.table({ class = "list sortable", id = "list" },
          h.caption({ class = "unseen" }, "Result of each architecture"), head(), rows)))
  end,
}
