-- SPDX-License-Identifier: Apache-2.0
-- The formats that our schemas use: name -> function(text) -> boolean. Others are annotations.

local regex = require "std.regex"
local time = require "std.time"

local M = {}

M["date-time"] = function(s)
  return s:find("^%d%d%d%d%-%d%d%-%d%d[Tt].*[Zz%d]$") ~= nil and time.parse(s) ~= nil
    and (s:find("[Zz]$") or s:find("[+-]%d%d:%d%d$")) ~= nil
end

M.date = function(s) return #s == 10 and time.parse(s) ~= nil end

M.time = function(s)
  return M["date-time"]("2000-01-01T" .. s)
end

M.uuid = function(s)
  return #s == 36
    and s:find("^%x+%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$") ~= nil
end

M.uri = function(s) return s:find("^%a[%w+.-]*:[^%s<>{}|\\^`\"]*$") ~= nil end

M.email = function(s) return s:find("^[^%s@]+@[^%s@.][^%s@]*$") ~= nil end

M.ipv4 = function(s)
  local parts = { s:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  if #parts ~= 4 then return false end
  for _, part in ipairs(parts) do
    if tonumber(part) > 255 or (#part > 1 and part:sub(1, 1) == "0") then return false end
  end
  return true
end

M.hostname = function(s)
  if #s == 0 or #s > 253 then return false end
  for label in (s .. "."):gmatch("([^.]*)%.") do
    if #label == 0 or #label > 63 or label:find("^%-") or label:find("%-$")
      or label:find("[^%w%-]") then
      return false
    end
  end
  return true
end

M.regex = function(s) return regex.compile(s, "e") ~= nil end

return M
