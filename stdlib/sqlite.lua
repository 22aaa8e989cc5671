-- SPDX-License-Identifier: Apache-2.0
-- SQLite databases through lua-dbi: statements with bound values, rows as tables, transactions.

local error_of = require "std.error"
local fs = require "std.fs"

local M = {}

local Database = {}
Database.__index = Database

local function failed(op, err, sql)
  return nil, error_of.new { op = "sqlite " .. op, code = "io",
    message = tostring(err):gsub("^Error %a+ statement[%a ]*: ", ""):gsub("%s+$", ""),
    hint = sql and "in: " .. sql or nil }
end

local function prepared(self, op, sql, ...)
  local statement, err = self.handle:prepare(sql)
  if not statement then return failed(op, err, sql) end
  local ok, done, why = pcall(statement.execute, statement, ...)
  if not ok or not done then
    statement:close()
    return failed(op, why or done, sql)
  end
  return statement
end

--- Runs one statement with values for its `?`.
---@return boolean?
---@return lsqm.Error?
function Database:exec(sql, ...)
  local statement, err = prepared(self, "exec", sql, ...)
  if not statement then return nil, err end
  statement:close()
  return true
end

--- All rows of a query as tables by column.
---@return table[]?
---@return lsqm.Error?
function Database:rows(sql, ...)
  local statement, err = prepared(self, "query", sql, ...)
  if not statement then return nil, err end
  local list = {}
  for row in statement:rows(true) do
    local copy = {}
    for key, value in pairs(row) do copy[key] = math.tointeger(value) or value end
    list[#list + 1] = copy
  end
  statement:close()
  return list
end

--- Runs fn() in a transaction: kept when it returns something, undone when it returns nil or
--- raises.
function Database:transaction(fn)
  self.handle:autocommit(false)
  local ok, value, err = pcall(fn)
  if ok and value ~= nil then
    local kept, why = self.handle:commit()
    self.handle:autocommit(true)
    if not kept then return failed("commit", why) end
    return value
  end
  self.handle:rollback()
  self.handle:autocommit(true)
  if not ok then error(value, 0) end
  return nil, err
end

--- Closes; harmless the second time.
function Database:close()
  if self.handle then self.handle:close() end
  self.handle = nil
end

Database.__close = Database.close

local function binding()
  local ok, dbi = pcall(require, "DBI")
  if ok then return dbi end
  return nil, error_of.new { op = "sqlite", code = "unavailable",
    message = "the SQLite binding is not installed", hint = "install lua-dbi-sqlite3" }
end

--- Opens or makes the database at path; its folder is made, too.
---@param path string
function M.open(path)
  if type(path) ~= "string" then error("sqlite.open: path must be a string", 2) end
  local dbi, err = binding()
  if not dbi then return nil, err end
  -- A database that SQLite cannot open is never freed by lua-dbi: what is known is not tried.
  if fs.is_dir(path) then return failed("open " .. path, "it is a folder") end
  fs.mkdir(fs.dirname(path))
  local handle, why = dbi.Connect("SQLite3", path)
  if not handle then return failed("open " .. path, why) end
  handle:autocommit(true)
  local database = setmetatable({ handle = handle, path = path }, Database)
  -- two commands may write at once; neither should fail for that
  local ok, wrong = database:rows "PRAGMA busy_timeout = 5000"
  if not ok then
    database:close()
    return nil, wrong
  end
  return database
end

return M
