-- SPDX-License-Identifier: Apache-2.0
-- What a step tells the runner: commands among its output (`::error file=a.c,line=3::text`), and
-- NAME=value lines in the files that GITHUB_ENV, GITHUB_OUTPUT and GITHUB_PATH name.

local error_of = require "std.error"

local M = {}

local ESCAPES <const> = { ["%0D"] = "\r", ["%0A"] = "\n", ["%3A"] = ":", ["%2C"] = ",",
  ["%25"] = "%" }

local function unescape(text)
  return (text:gsub("%%%x%x", function(code) return ESCAPES[code:upper()] end))
end

--- A line as a command, or nil.
---@param line string
---@return {name: string, properties: table<string, string>, text: string}?
function M.parse(line)
  local name, rest, text = line:match("^%s*::([%w_-]+)(.-)::(.*)$")
  if not name or rest ~= "" and not rest:find("^ ") then return nil end
  local properties = {}
  for part in rest:gmatch("[^,]+") do
    local key, value = part:match("^%s*([%w_-]+)=(.*)$")
    if key then properties[key] = unescape(value) end
  end
  return { name = name:lower(), properties = properties, text = unescape(text) }
end

--- An annotation as a line: `file:line:col: text`.
function M.annotation(command)
  local p = command.properties
  local place = p.file and table.concat({ p.file, p.line, p.line and (p.col or p.column) }, ":")
  local text = (p.title and p.title .. ": " or "") .. command.text
  return place and place .. ": " .. text or text
end

local function fail(name, message, ...)
  error(error_of.new { op = name, code = "invalid", message = message:format(...) }, 0)
end

-- The lines up to the delimiter, and the index after it.
local function block(lines, i, stop, name)
  local value = {}
  while lines[i] ~= stop do
    if lines[i] == nil then fail(name, "the delimiter %s is missing", stop) end
    value[#value + 1] = lines[i]
    i = i + 1
  end
  return table.concat(value, "\n"), i + 1
end

--- NAME=value lines, and NAME<<END … END blocks, in their order. Raises an error value where a line
--- is neither.
---@param text string
---@param name string what the file is called in an error
---@return {name: string, value: string}[]
function M.assignments(text, name)
  local list, lines = {}, {}
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do lines[#lines + 1] = line end
  local i = 1
  while i <= #lines do
    local line = lines[i]
    i = i + 1
    local key, stop = line:match("^([^=]-)<<(.+)$")
    if key then
      local value
      value, i = block(lines, i, stop, name)
      list[#list + 1] = { name = key, value = value }
    elseif line ~= "" then
      local plain, value = line:match("^([^=]+)=(.*)$")
      if not plain then fail(name, "the line '%s' has no '='", line:sub(1, 80)) end
      list[#list + 1] = { name = plain, value = value }
    end
  end
  return list
end

return M
