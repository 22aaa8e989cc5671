-- SPDX-License-Identifier: Apache-2.0
-- Reads the document of a template: YAML or JSON with CloudFormation's tags. A tag that is none of
-- CloudFormation's belongs to a preprocessor that we are not: it is named, with its place.
local error_of = require "std.error"
local fs = require "std.fs"
local yaml = require "std.yaml"

local M = {}

-- As the YAML reader's own limit.
local MAX_BYTES = 16 << 20

---@param job {path: string}
---@param message string
---@param place {line: integer|nil, col: integer|nil, file: string|nil}|nil
function M.invalid(job, message, place)
  place = place or {}
  return error_of.new { op = "normalize", code = "invalid", file = place.file or job.path,
    line = place.line or 1, col = place.col or 1, message = message }
end

---The text of a file; a failure has a place as well.
---@return string|nil text, table|nil err
function M.read(path)
  local text, err = fs.read(path, { max = MAX_BYTES })
  if text then return text end
  return nil, M.invalid({ path = path }, err.message)
end

local function foreign_tags(job, unknown)
  local list = {}
  for i, tag in ipairs(unknown) do
    list[i] = { id = "", type = "tag", property = tag.tag, file = job.path, line = tag.line,
      col = tag.col, reason = "not a tag of CloudFormation" }
  end
  return { unsupported = list }
end

---Whether a text in a value has a zero byte, which is in no name of a file and no template that
---CloudFormation takes.
function M.has_zero(value)
  if type(value) == "string" then return value:find("%z") ~= nil end
  if type(value) ~= "table" then return false end
  for key, inner in pairs(value) do
    if M.has_zero(key) or M.has_zero(inner) then return true end
  end
  return false
end

local ZEROS = { "\0", "\\u0000", "\\x00", "\\U00000000", "\\0" }

---Where a zero byte is written, as it is or as one of the languages writes it.
---@param written string[]|nil ways to write it
---@return {line: integer, col: integer}|nil
function M.zero_place(text, written)
  for _, way in ipairs(written or ZEROS) do
    local at = text:find(way, 1, true)
    if at then
      local _, lines = text:sub(1, at):gsub("\n", "")
      return { line = lines + 1, col = at - (text:sub(1, at - 1):match("^.*\n()") or 1) + 1 }
    end
  end
end

---Parses job.text. The second value is an error, or {unsupported = list} where the text is right
---but asks for something that nothing here can do.
---@param job {path: string, text: string}
---@return table|nil value
---@return table|nil problem
function M.parse(job)
  local unknown = {}
  local value, err = yaml.decode(job.text, { file = job.path, tags = "cloudformation",
    unknown = unknown })
  if value == nil then return nil, err end
  if #unknown > 0 then return nil, foreign_tags(job, unknown) end
  if type(value) ~= "table" then return nil, M.invalid(job, "not a template") end
  if M.has_zero(value) then
    return nil, M.invalid(job, "a text with a zero byte", M.zero_place(job.text))
  end
  return value
end

return M
