-- SPDX-License-Identifier: Apache-2.0
-- Reading and writing one JSON file of the repository.

local check = require "std.meta.check"
local errors = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local time = require "std.time"

local M = {}

---The hash itself, when it may be part of a path; raises otherwise.
---@param hash string
---@return string
function M.hash(hash)
  if type(hash) ~= "string" or not hash:find("^[0-9a-f]+$") or #hash ~= 16 then
    error("hash must be 16 hex digits, not '" .. tostring(hash) .. "'", 3)
  end
  return hash
end

local function aside_name(path)
  local stamp = time.iso():gsub("[-:]", "")
  local name, n = path .. ".corrupt-" .. stamp, 1
  while fs.exists(name) do
    n = n + 1
    name = ("%s.corrupt-%s-%d"):format(path, stamp, n)
  end
  return name
end

-- The file keeps its content under another name, so that a person can mend it.
local function set_aside(store, path, cause)
  local err = errors.wrap(cause, "read " .. path)
  err.file = err.file or path
  if not store.readonly then
    local name = aside_name(path)
    if fs.rename(path, name) then
      err.set_aside = name
      err.hint = "the unreadable file was kept as " .. name
    end
  end
  table.insert(store._problems, err)
  return nil, err
end

local function wrong_record(problem, path)
  return errors.new { op = "read " .. path, code = "invalid", message = problem, file = path }
end

---Reads a record. A damaged one is set aside and reported in store:problems().
---@param store lsqm.Store
---@param path string
---@param record string|nil name of the record it must be
---@return table|nil
---@return lsqm.Error|nil code not_found when there is no such file
function M.read(store, path, record)
  local text, err = fs.read(path)
  if not text and err.code == "not_found" then
    return nil, errors.new { op = "read", code = "not_found", message = "no file " .. path }
  end
  if not text then return nil, err end
  local value
  value, err = json.decode(text, { file = path })
  if value == nil then return set_aside(store, path, err) end
  local problem = record and check.problem(record, value)
  if type(value) ~= "table" then problem = "expected an object or array" end
  if problem then return set_aside(store, path, wrong_record(problem, path)) end
  return value
end

---Checks and writes a record.
---@param store lsqm.Store
---@param path string
---@param record string name of the record
---@param value table
---@return boolean|nil
---@return lsqm.Error|nil
function M.write(store, path, record, value)
  if store.readonly then
    return nil, errors.new { op = "write " .. path, code = "denied", message = "opened read only" }
  end
  local problem = check.problem(record, value)
  if problem then
    return nil, errors.new { op = "write " .. path, code = "invalid", message = problem }
  end
  return json.write(path, value)
end

---Names of the sub-folders of a folder, sorted; none when it does not exist.
---@param dir string
---@return string[]
function M.folders(dir)
  local names = {}
  for _, entry in ipairs(fs.list(dir) or {}) do
    if entry.type == "dir" then names[#names + 1] = entry.name end
  end
  table.sort(names)
  return names
end

return M
