-- SPDX-License-Identifier: Apache-2.0
-- A matrix as text: status of each architecture, pass rate of each service, what each column is
-- pinned by, and why each cell is not green.

local json = require "std.json"
local text = require "pipelines.weekly.report.text"

local M = {}

-- Names and reasons come from templates and logs: no terminal codes, one line.
local function plain(value) return (text.clean(value):gsub("\n", " ")) end

local function head_of(column) return plain(column.name .. " " .. column.version) end

-- Rows of words in columns as wide as their widest word; the first at most 40.
local function print_table(out, rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, word in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, utf8.len(word) or #word)
    end
  end
  for _, row in ipairs(rows) do
    local words = {}
    for i, word in ipairs(row) do
      words[i] = word .. (" "):rep(widths[i] - (utf8.len(word) or #word))
    end
    out((table.concat(words, "  "):gsub("%s+$", "")))
  end
end

local function word_of(cell)
  if cell.status == json.null then return "-" end
  return cell.convergence and ("%s, %s"):format(cell.status, cell.convergence) or cell.status
end

local function statuses(matrix)
  local rows = { { "architecture" } }
  for i, column in ipairs(matrix.columns) do rows[1][i + 1] = head_of(column) end
  for _, row in ipairs(matrix.rows) do
    local words = { plain(row.name):sub(1, 40) }
    for i, cell in ipairs(row.cells) do words[i + 1] = word_of(cell) end
    words[#words + 1] = row.differs and "differs" or ""
    rows[#rows + 1] = words
  end
  local counts = { "" }
  for i, column in ipairs(matrix.columns) do
    counts[i + 1] = ("%d of %d passed"):format(column.counts.passed, column.counts.total)
  end
  rows[#rows + 1] = counts
  return rows
end

local function services(matrix)
  local rows = { { "service" } }
  for i, column in ipairs(matrix.columns) do rows[1][i + 1] = head_of(column) end
  for _, service in ipairs(matrix.services) do
    local words = { plain(service.name) }
    for i, cell in ipairs(service.cells) do
      words[i + 1] = cell.total == 0 and "-" or ("%d of %d%s"):format(cell.passed, cell.total,
        cell.error > 0 and (" (%d without verdict)"):format(cell.error) or "")
    end
    rows[#rows + 1] = words
  end
  return rows
end

local function pins(matrix)
  local rows = { { "emulator", "pinned by", "run" } }
  for _, column in ipairs(matrix.columns) do
    rows[#rows + 1] = { head_of(column), column.image_id or "no image: a local process",
      column.run_id }
  end
  return rows
end

local function reasons(matrix)
  local rows = {}
  for _, row in ipairs(matrix.rows) do
    for i, cell in ipairs(row.cells) do
      if cell.status ~= json.null and cell.status ~= "PASSED" then
        rows[#rows + 1] = { plain(row.name):sub(1, 40), head_of(matrix.columns[i]), cell.status,
          plain(cell.reason or "") }
      end
    end
  end
  return rows
end

---@param out fun(line: string)
---@param matrix table from std.store.matrix
function M.print(out, matrix)
  for i, rows in ipairs { statuses(matrix), services(matrix), pins(matrix), reasons(matrix) } do
    if i > 1 and #rows > 0 then out "" end
    print_table(out, rows)
  end
end

return M
