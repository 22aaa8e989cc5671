-- SPDX-License-Identifier: Apache-2.0
-- Texts of the report: hostile logs made harmless and short, figures made readable.

local std_text = require "std.text"

local M = {}

M.clean = std_text.clean

-- What a byte may weigh once it is escaped.
local function weight(s)
  local _, special = s:gsub("[&<>\"']", "")
  return #s + 5 * special
end

---The end of a log, where the error usually is, within `limit` bytes of the page.
---@param s string|nil
---@param limit integer
---@return string|nil text
---@return integer cut bytes left out in front
function M.tail(s, limit)
  if type(s) ~= "string" or not s:find("%S") then return nil, 0 end
  -- Cleaning can only treble a byte, so more than this is never needed.
  local text = M.clean(#s > 2 * limit and s:sub(-2 * limit) or s)
  local room = limit
  while weight(text) > limit and room > 16 do
    text = text:sub(-room)
    room = room * 2 // 3
  end
  if not utf8.len(text) then text = text:gsub("^[\x80-\xBF]+", "") end
  return text, math.max(0, #s - #text)
end

---@param rate number|nil
---@return string "86 %", "99.7 %"
function M.percent(rate)
  if not rate then return "–" end
  local value = rate * 100
  -- 99.96 must not read as 100: something did not pass.
  if value < 100 and value > 99 then return ("%.1f %%"):format(math.floor(value * 10) / 10) end
  return ("%.0f %%"):format(value)
end

---@param delta number|nil difference of two rates
---@return string "+2.1 points", "" without a figure to compare with
function M.points(delta)
  if not delta then return "" end
  if math.abs(delta) < 0.0005 then return "±0 points" end
  return (("%+.1f points"):format(delta * 100):gsub("^%-", "−"))
end

---@param seconds number|nil
function M.duration(seconds)
  if not seconds then return "–" end
  if seconds < 10 then return ("%.1f s"):format(seconds) end
  local s = math.floor(seconds + 0.5)
  if s < 60 then return s .. " s" end
  if s < 3600 then return ("%d min %02d s"):format(s // 60, s % 60) end
  return ("%d h %02d min"):format(s // 3600, s % 3600 // 60)
end

---@param n integer
---@return string "812 bytes", "24 KB"
function M.bytes(n)
  if n < 1024 then return n == 1 and "1 byte" or n .. " bytes" end
  if n < 1048576 then return ("%.0f KB"):format(n / 1024) end
  return ("%.1f MB"):format(n / 1048576)
end

---The beginning of a text in whole characters.
---@param s string
---@param most integer bytes
function M.short(s, most)
  if #s <= most then return s end
  return s:sub(1, most):gsub("[\xC0-\xFF]?[\x80-\xBF]*$", "") .. "…"
end

---@param n integer
---@param one string
---@param many string|nil
function M.count(n, one, many)
  return ("%d %s"):format(n, n == 1 and one or many or one .. "s")
end

---@param iso string
---@return string "2026-01-10 03:00 UTC"
function M.when(iso)
  return (tostring(iso or "–"):gsub("^(%S+)T(%d%d:%d%d).*$", "%1 %2 UTC"))
end

return M
