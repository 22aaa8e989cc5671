-- SPDX-License-Identifier: Apache-2.0
-- The same architectures in several emulators; only in the report of a matrix.
local h = require "std.html"
local json = require "std.json"
local pieces = require "pipelines.weekly.report.pieces"
local text = require "pipelines.weekly.report.text"

local function head(first, columns)
  local cells = { h.th({ scope = "col" }, first) }
  for _, column in ipairs(columns) do
    cells[#cells + 1] = h.th({ scope = "col", title = column.image_id }, column.name, " ",
      h.span({ class = "version" }, column.version))
  end
  return h.thead(h.tr(cells))
end

local function status_row(row)
  local cells = { h.th({ scope = "row" }, row.name) }
  for _, cell in ipairs(row.cells) do
    cells[#cells + 1] = h.td({ title = cell.reason and text.clean(cell.reason) },
      cell.status == json.null and "–" or pieces.badge(cell.status))
  end
  return h.tr({ class = row.differs and "differs" or nil }, cells)
end

local function service_row(service)
  local cells = { h.th({ scope = "row" }, service.name) }
  for _, cell in ipairs(service.cells) do
    cells[#cells + 1] = h.td(cell.total == 0 and "–"
      or ("%d of %d"):format(cell.passed, cell.total))
  end
  return h.tr(cells)
end

local function rows_of(list, draw)
  local rows = {}
  for i, item in ipairs(list) do rows[i] = draw(item) end
  return h.tbody(rows)
end

local function side_by_side(caption, first, columns, body)
  return h.div({ class = "card scroll", tabindex = 0 }, h.table({ class = "matrix" },
    h.caption({ class = "unseen" }, caption), head(first, columns), body))
end

return {
  name = "matrix",
  render = function(view)
    local matrix = view.matrix
    if not matrix or #matrix.columns < 2 then return nil end
    local differing = 0
    for _, row in ipairs(matrix.rows) do if row.differs then differing = differing + 1 end end
    return pieces.section("matrix", "Emulators side by side",
      ("%s of %d end differently."):format(text.count(differing, "architecture"), #matrix.rows),
      side_by_side("Pass rate of each service", "Service", matrix.columns,
        rows_of(matrix.services, service_row)),
      side_by_side("Status of each architecture", "Architecture", matrix.columns,
        rows_of(matrix.rows, status_row)))
  end,
}
