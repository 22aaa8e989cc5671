-- SPDX-License-Identifier: Apache-2.0
-- Where each value of a Compose project was written: file, line and column stay with the tables
-- that reading, interpolation and merging make. Tables hold their marks weakly.

local error_of = require "std.error"

local M = {}

---@class lsqm.compose.Place
---@field file string
---@field line integer
---@field col integer

local marks = setmetatable({}, { __mode = "k" })
local overrides = setmetatable({}, { __mode = "k" })

--- Stands where `!reset` was written.
M.RESET = setmetatable({}, { __name = "lsqm.compose.reset" })

--- Stands where a key has no value: what lies beneath it in another file or in an extended service
--- stays, and where nothing does it is an error.
M.NULL = setmetatable({}, { __name = "lsqm.compose.null",
  __tostring = function() return "null" end })

--- Takes over what std.yaml noted of one file.
---@param noted table marks of yaml.decode
---@param file string
function M.adopt(noted, file)
  for t, mark in pairs(noted) do
    mark.file = file
    marks[t] = mark
  end
end

--- Where `key` of `t` was written, else where `t` was, else nil.
---@return lsqm.compose.Place?
function M.at(t, key)
  local mark = marks[t]
  if not mark then return nil end
  local place = key ~= nil and mark.keys and mark.keys[key]
  if place then
    return { file = place[3] or mark.file, line = place[1], col = place[2] }
  end
  return { file = mark.file, line = mark.line, col = mark.col }
end

--- Says that `t` comes from one place. Returns t.
---@param place lsqm.compose.Place?
function M.place(t, place)
  if place then
    marks[t] = { file = place.file, line = place.line, col = place.col, keys = {} }
  end
  return t
end

--- `new` stands where `old` was written; its keys are to be copied one by one. Returns new.
function M.like(new, old)
  local mark = marks[old]
  if mark then marks[new] = { file = mark.file, line = mark.line, col = mark.col, keys = {} } end
  return new
end

--- Key `key` of `t` was written at `place`.
function M.set(t, key, place)
  if not place then return end
  local mark = marks[t]
  if not mark then
    mark = { file = place.file, line = place.line, col = place.col, keys = {} }
    marks[t] = mark
  end
  mark.keys[key] = { place.line, place.col, place.file }
end

--- Key `key` of `t` was written where `from_key` of `from` was.
function M.copy(t, key, from, from_key)
  local source, mark = marks[from], marks[t]
  local place = source and source.keys and source.keys[from_key == nil and key or from_key]
  if not place then return M.set(t, key, M.at(from, from_key)) end
  if not mark then return M.set(t, key, M.at(from, from_key == nil and key or from_key)) end
  mark.keys[key] = { place[1], place[2], place[3] or source.file, place[4] }
end

--- Keeps how the value of `key` was written, where its long form differs.
function M.note(t, key, written)
  local mark = marks[t]
  local place = mark and mark.keys and mark.keys[key]
  if place then place[4] = written end
end

--- What `note` kept, else nil.
function M.written(t, key)
  local mark = marks[t]
  local place = mark and mark.keys and mark.keys[key]
  return place and place[4]
end

--- Marks a table that `!override` stood before. Returns it.
function M.mark_override(t)
  overrides[t] = true
  return t
end

function M.is_override(t) return overrides[t] == true end

--- Raises a Compose error at a place; std.compose catches it.
---@param place lsqm.compose.Place?
function M.fail(place, text, ...)
  local fields = place or {}
  error(error_of.new { op = "compose", code = "invalid", file = fields.file, line = fields.line,
    col = fields.col, message = select("#", ...) > 0 and text:format(...) or text }, 0)
end

--- "compose.yaml:12", for people.
function M.show(place)
  if not place then return nil end
  return place.line and ("%s:%d"):format(place.file, place.line) or place.file
end

return M
