-- SPDX-License-Identifier: Apache-2.0
-- The combinations of a job's matrix: axes, `include`, `exclude`, and GitHub's limit of 256.

local error_of = require "std.error"
local expression = require "pipelines.parity.ci.expression"
local table_of = require "std.table"

local M = {}

local MOST <const> = 256

local function fail(message, ...)
  error(error_of.new { op = "matrix", code = "usage", message = message:format(...) }, 0)
end

local function check_axis(name, list)
  if type(list) ~= "table" or not table_of.is_list(list) then
    fail("the matrix's %s must be a list", name)
  end
  return list
end

-- All combinations of the axes, in the order in which they are written.
local function combinations(axes)
  local count = 1
  for _, axis in ipairs(axes) do
    if #axis.values == 0 then fail("the matrix's %s has no values", axis.name) end
    count = count * #axis.values
    if count > MOST then fail("the matrix makes more than %d jobs", MOST) end
  end
  local list = { {} }
  for _, axis in ipairs(axes) do
    local longer = {}
    for _, base in ipairs(list) do
      for _, value in ipairs(axis.values) do
        longer[#longer + 1] = table_of.merge(base, { [axis.name] = value })
      end
    end
    list = longer
  end
  return list
end

local function matches(combination, wanted)
  for key, value in pairs(wanted) do
    if not table_of.deep_equal(combination[key], value) then return false end
  end
  return true
end

-- `include` adds keys to the combinations whose axes it does not contradict; where it fits none, it
-- is a combination of its own.
local function add_includes(list, rows, axes)
  local is_axis = {}
  for _, axis in ipairs(axes) do is_axis[axis.name] = true end
  local original = #list
  for _, row in ipairs(rows) do
    local fits = false
    for i = 1, original do
      local same = {}
      for key, value in pairs(row) do if is_axis[key] then same[key] = value end end
      if #axes > 0 and matches(list[i], same) then
        fits = true
        for key, value in pairs(row) do if not is_axis[key] then list[i][key] = value end end
      end
    end
    if not fits then list[#list + 1] = table_of.copy(row) end
  end
  if #list > MOST then fail("the matrix makes more than %d jobs", MOST) end
end

local function rows_of(matrix, key)
  local rows = check_axis(key, matrix[key] == nil and {} or matrix[key])
  for _, row in ipairs(rows) do
    if type(row) ~= "table" then fail("each %s of the matrix must be a mapping", key) end
  end
  return rows
end

--- The combinations of a matrix; one empty one where there is none. Raises a "usage" error.
---@param matrix table? without expressions
---@param order string[]? its keys as written
function M.combinations(matrix, order)
  if matrix == nil then return { {} } end
  if type(matrix) ~= "table" then fail("the matrix must be a mapping") end
  local axes = {}
  for _, name in ipairs(order or table_of.sorted_keys(matrix)) do
    if name ~= "include" and name ~= "exclude" then
      axes[#axes + 1] = { name = name, values = check_axis(name, matrix[name]) }
    end
  end
  local exclude = rows_of(matrix, "exclude")
  local list = table_of.filter(#axes > 0 and combinations(axes) or {}, function(one)
    for _, row in ipairs(exclude) do if matches(one, row) then return false end end
    return true
  end)
  add_includes(list, rows_of(matrix, "include"), axes)
  if #list == 0 then fail("the matrix leaves no job") end
  return list
end

--- What a job with this combination is called: its id, and the values in the order written.
function M.label(id, combination, order)
  local parts, seen = {}, {}
  local function add(key)
    if seen[key] or combination[key] == nil then return end
    seen[key] = true
    parts[#parts + 1] = expression.text(combination[key]):gsub("%c", " ")
  end
  for _, key in ipairs(order or {}) do add(key) end
  for _, key in ipairs(table_of.sorted_keys(combination)) do add(key) end
  return #parts > 0 and ("%s (%s)"):format(id, table.concat(parts, ", ")) or id
end

return M
