-- SPDX-License-Identifier: Apache-2.0
-- Runs of the same architectures in several emulators, side by side.

local convergence = require "std.store.convergence"
local json = require "std.json"

local M = {}

local function column_of(store, record)
  local emulator, run = record.emulator or {}, store:open_run(record.run_id)
  if not run then return nil end
  return { run_id = record.run_id, name = emulator.name or "emulator",
    version = emulator.version or record.localstack_version, image_id = emulator.image_id,
    counts = run:counts(), results = run:outcomes() }
end

-- The newest run of each emulator and version, for stores whose runs were made one by one.
local function newest_of_each(store)
  local list, seen = {}, {}
  for _, record in ipairs(store:runs { finished = true }) do
    local emulator = record.emulator or {}
    local key = (emulator.name or "") .. " " .. (emulator.version or record.localstack_version)
    if not seen[key] then
      seen[key] = true
      table.insert(list, 1, record)
    end
  end
  return list
end

local function records_of(store, id)
  if not id then return newest_of_each(store) end
  local list = {}
  for _, record in ipairs(store:runs { finished = true }) do
    if record.matrix == id then table.insert(list, 1, record) end
  end
  return list
end

local function rows_of(columns, architectures)
  local seen, rows = {}, {}
  for _, column in ipairs(columns) do
    for hash in pairs(column.results) do
      if not seen[hash] then
        seen[hash] = true
        local meta = architectures[hash] or {}
        rows[#rows + 1] = { hash = hash, name = meta.name or hash, services = meta.services or {} }
      end
    end
  end
  for _, row in ipairs(rows) do
    row.cells = {}
    for i, column in ipairs(columns) do
      local result = column.results[row.hash]
      local status = result and result.status or json.null
      row.cells[i] = { status = status,
        reason = result and (result.reason or result.error_message),
        convergence = convergence.word(result),
        drift = result and (result.convergence or {}).drift }
      row.differs = row.differs or status ~= row.cells[1].status
    end
  end
  table.sort(rows, function(a, b)
    if a.name ~= b.name then return a.name < b.name end
    return a.hash < b.hash
  end)
  return rows
end

local function services_of(rows, columns)
  local by_name, list = {}, {}
  for _, row in ipairs(rows) do
    for _, name in ipairs(row.services) do
      if not by_name[name] then
        by_name[name] = { name = name, cells = {} }
        for i = 1, #columns do by_name[name].cells[i] = { total = 0, passed = 0, error = 0 } end
        list[#list + 1] = by_name[name]
      end
      for i, cell in ipairs(row.cells) do
        local count = by_name[name].cells[i]
        if cell.status ~= json.null then count.total = count.total + 1 end
        if cell.status == "PASSED" then count.passed = count.passed + 1 end
        if cell.status == "ERROR" then count.error = count.error + 1 end
      end
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

---@param store lsqm.Store
---@param id string|nil the matrix; nil: the newest finished run of each emulator and version
---@return table {columns = {run_id, name, version, image_id, counts}, rows = {hash, name, services,
---  cells = {status, reason, convergence, drift}, differs}, services = {name, cells = {total,
---  passed, error}}}
function M.of(store, id)
  local columns, architectures = {}, {}
  for _, record in ipairs(records_of(store, id)) do
    columns[#columns + 1] = column_of(store, record)
  end
  for _, meta in ipairs(store:architectures()) do architectures[meta.hash] = meta end
  local rows = rows_of(columns, architectures)
  local services = services_of(rows, columns)
  for _, column in ipairs(columns) do column.results = nil end
  return { columns = json.array(columns), rows = json.array(rows),
    services = json.array(services) }
end

return M
