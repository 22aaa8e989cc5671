-- SPDX-License-Identifier: Apache-2.0
-- Structured log: one record per event {time, level, stage, msg, …fields}, as JSON lines into
-- files and as plain text for people. Secrets are masked before a sink sees the record; a sink
-- that fails (a full disk) is counted, never raised.

local error_of = require "std.error"
local json = require "std.json"
local mask = require "std.mask"
local time = require "std.time"

local M = {}

local LEVELS <const> = { debug = 1, info = 2, warn = 3, error = 4, off = 5 }
local MAX_TEXT <const> = 8192
local MAX_DEPTH <const> = 6

--- Never print this value again, wherever it appears in a record.
M.secret = mask.add

-- records --------------------------------------------------------------------------------------

local function error_fields(err)
  return {
    type = err.code, message = err.message, op = err.op, file = err.file, line = err.line,
    col = err.col, hint = err.hint, stack = err.traceback,
    cause = err.cause ~= nil and tostring(err.cause) or nil,
  }
end

local function cut(text)
  if #text <= MAX_TEXT then return text end
  return text:sub(1, MAX_TEXT) .. (" … (%d bytes more)"):format(#text - MAX_TEXT)
end

-- What a record may hold: masked texts, numbers, booleans, tables of those.
local function plain(value, key, depth)
  local kind = type(value)
  if type(key) == "string" and kind ~= "boolean" and value ~= json.null and mask.is_secret_key(key)
  then
    return mask.MASK
  end
  if kind == "string" then return cut(mask.text(value)) end
  if kind == "boolean" or value == json.null then return value end
  if kind == "number" then return value - value == 0 and value or tostring(value) end
  if kind ~= "table" then return tostring(value) end
  if error_of.is(value) then value = error_fields(value) end
  if depth >= MAX_DEPTH then return "…" end
  local out = setmetatable({}, getmetatable(value))
  for k, v in next, value do
    local name = type(k) == "number" and k or mask.text(tostring(k))
    out[name] = plain(v, k, depth + 1)
  end
  return out
end

local Logger = {}
Logger.__index = Logger

local function emit(self, level, msg, fields)
  if LEVELS[level] < LEVELS[self.level] then return end
  local record = { time = time.iso_ms(self.clock()), level = level }
  for k, v in pairs(self.fields) do record[k] = plain(v, k, 0) end
  for k, v in pairs(fields or {}) do record[mask.text(tostring(k))] = plain(v, k, 0) end
  record.msg = cut(mask.text(tostring(msg)))
  for _, sink in ipairs(self.sinks) do
    local ok, done = pcall(sink, record)
    if not ok or done == false then self.lost.count = self.lost.count + 1 end
  end
end

for _, level in ipairs { "debug", "info", "warn", "error" } do
  --- log:info(msg, fields): fields may hold an error value under `error`.
  Logger[level] = function(self, msg, fields) emit(self, level, msg, fields) end
end

--- A logger whose records carry these fields too.
function Logger:child(fields)
  local all = {}
  for k, v in pairs(self.fields) do all[k] = v end
  for k, v in pairs(fields or {}) do all[k] = v end
  return setmetatable({
    fields = all, level = self.level, sinks = self.sinks, clock = self.clock, lost = self.lost,
  }, Logger)
end

--- Records that a sink could not take.
function Logger:lost_records() return self.lost.count end

-- stages ---------------------------------------------------------------------------------------

local Stage = {}
Stage.__index = Stage

local function finish(self, level, msg, fields)
  if self.ended then return end
  self.ended = true
  local now = self.log.clock()
  local all = {
    event = "end", start = time.iso_ms(self.started), ["end"] = time.iso_ms(now),
    duration = math.floor((time.monotonic() - self.began) * 1000 + 0.5) / 1000,
  }
  for k, v in pairs(fields or {}) do all[k] = v end
  self.log[level](self.log, msg, all)
end

--- Ends the stage well; later calls do nothing.
function Stage:done(fields) finish(self, "info", self.name .. " done", fields) end

--- Ends the stage with an error and its context.
function Stage:fail(err, fields)
  local all = { error = error_of.from(err) }
  for k, v in pairs(fields or {}) do all[k] = v end
  finish(self, "error", self.name .. " failed", all)
end

-- Leaving the scope ends it: as a failure when an error drives it out.
function Stage:__close(err)
  if err ~= nil then self:fail(err) else self:done() end
end

--- Starts a timed stage: one record now, one at done()/fail() or at the end of its `<close>`.
--- `stage.log` writes records that carry the stage's name.
---@param name string
---@param fields table|nil
function Logger:stage(name, fields)
  local log = self:child { stage = name }
  local started = log.clock()
  local first = { event = "start", start = time.iso_ms(started) }
  for k, v in pairs(fields or {}) do first[k] = v end
  log:info(name .. " started", first)
  return setmetatable({ log = log, name = name, started = started, began = time.monotonic() },
    Stage)
end

-- sinks ----------------------------------------------------------------------------------------

--- JSON lines appended to a file; each record is one write, so several writers do not mix.
---@param path string
function M.file(path)
  local append = require("std.fs").append
  return function(record) return append(path, json.encode(record) .. "\n") == true end
end

--- JSON lines to an open stream.
function M.json(stream)
  return function(record) return stream:write(json.encode(record), "\n") ~= nil end
end

local SHOWN <const> = { time = true, level = true, msg = true, stage = true, event = true,
  start = true, ["end"] = true }

local function short(value)
  if type(value) == "table" and value.message then
    return ((value.op and value.op .. ": " or "") .. tostring(value.message))
  end
  if type(value) == "table" then return json.encode(value) end
  local text = tostring(value)
  return text:find("[%s=]") and ("%q"):format(text) or text
end

--- The record as one line for a person; control characters of hostile texts are removed.
---@return string
local function human(record)
  local names, parts = {}, {}
  for k in pairs(record) do
    if not SHOWN[k] then names[#names + 1] = k end
  end
  table.sort(names)
  for _, k in ipairs(names) do parts[#parts + 1] = k .. "=" .. short(record[k]) end
  local line = ("%s %-5s %s%s%s%s"):format(record.time:sub(12, 19), record.level:upper(),
    record.stage and "[" .. tostring(record.stage) .. "] " or "", record.msg,
    #parts > 0 and "  " or "", table.concat(parts, " "))
  return (line:gsub("%c", " "))
end

--- Text lines to a stream, from `level` on (default: everything the logger passes).
---@param stream file*|nil default: stderr
---@param level string|nil
function M.terminal(stream, level)
  stream = stream or io.stderr
  local least = LEVELS[level or "debug"]
  return function(record)
    if LEVELS[record.level] < least then return true end
    return stream:write(human(record), "\n") ~= nil
  end
end

--- Collects records in a table, for tests.
---@return function sink
---@return table records
function M.memory()
  local records = {}
  return function(record) records[#records + 1] = record end, records
end

--- A logger. Without a sink it is silent.
---@param options table|nil {level = "debug|info|warn|error|off", sink = fn | sinks = {fn…},
---  fields = base fields, clock = fn}
function M.new(options)
  options = options or {}
  local level = options.level or "info"
  if not LEVELS[level] then error("log.new: level must be debug, info, warn, error or off", 2) end
  return setmetatable({
    level = level, sinks = options.sinks or { options.sink }, fields = options.fields or {},
    clock = options.clock or time.now, lost = { count = 0 },
  }, Logger)
end

return M
