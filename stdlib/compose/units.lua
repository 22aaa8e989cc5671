-- SPDX-License-Identifier: Apache-2.0
-- Compose's ways of writing sizes and durations, as bytes and seconds.

local M = {}

local BYTES <const> = { [""] = 1, b = 1, k = 2 ^ 10, m = 2 ^ 20, g = 2 ^ 30, t = 2 ^ 40 }
local SECONDS <const> = { h = 3600, m = 60, s = 1, ms = 1e-3, us = 1e-6, ["µs"] = 1e-6,
  ns = 1e-9 }

--- Bytes of 1024, "512m", "1.5 GiB"; nil when it is no size, or one beyond 2^63.
---@param value string|number
---@return integer?
function M.bytes(value)
  if type(value) == "number" then return math.tointeger(value) end
  local number, unit = value:match("^%s*(%d+%.?%d*)%s*(%a*)%s*$")
  if not number then return nil end
  local factor = BYTES[unit:lower():gsub("ib$", ""):gsub("^(.)b$", "%1")]
  if not factor then return nil end
  return math.tointeger(math.floor(tonumber(number) * factor))
end

--- Seconds of "1m30s", "500ms"; nil when it is no duration. A bare number has no unit and is none.
---@param text string
---@return number?
function M.duration(text)
  if type(text) ~= "string" or text == "" then return nil end
  if text == "0" then return 0 end
  local total, at = 0, 1
  while at <= #text do
    local number, unit, after = text:match("^(%d+%.?%d*)([%aµ\xC2]+)()", at)
    local factor = unit and SECONDS[unit]
    if not factor then return nil end
    total, at = total + tonumber(number) * factor, after
  end
  return math.tointeger(total) or total
end

local function trimmed(number)
  return (("%.3f"):format(number):gsub("%.?0+$", ""))
end

--- "2G", "512M", "100B": the largest unit that divides it.
function M.show_bytes(n)
  for _, row in ipairs { { "G", 2 ^ 30 }, { "M", 2 ^ 20 }, { "K", 2 ^ 10 } } do
    if n >= row[2] and n % row[2] == 0 then return ("%d%s"):format(n // row[2], row[1]) end
  end
  return ("%dB"):format(n)
end

--- "30s", "1m30s", "500ms".
function M.show_duration(seconds)
  if seconds < 1 and seconds > 0 then return trimmed(seconds * 1000) .. "ms" end
  local hours, rest = seconds // 3600, seconds % 3600
  local minutes, left = rest // 60, rest % 60
  local text = (hours > 0 and ("%dh"):format(hours) or "")
    .. (minutes > 0 and ("%dm"):format(minutes) or "")
  if left > 0 or text == "" then text = text .. trimmed(left) .. "s" end
  return text
end

return M
