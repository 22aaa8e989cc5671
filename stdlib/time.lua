-- SPDX-License-Identifier: Apache-2.0
-- Times are seconds since 1970 (UTC); their text form is ISO 8601 with a Z.

local M = {}

local DAY <const> = 86400

local function luv()
  local ok, uv = pcall(require, "luv")
  return ok and uv or nil
end

--- Seconds since 1970, with fraction where the system gives one.
---@return number
function M.now()
  local uv = luv()
  if not uv then return os.time() end
  local s, us = uv.gettimeofday()
  return s + us / 1e6
end

--- Seconds of a clock that never steps back; only differences mean something.
---@return number
function M.monotonic()
  local uv = luv()
  if not uv then return os.clock() end
  return uv.hrtime() / 1e9
end

-- Days since 1970-01-01 of a civil date, by counting whole 400-year eras from 0000-03-01.
local function days_from_civil(y, m, d)
  if m <= 2 then y = y - 1 end
  local era = y // 400
  local yoe = y - era * 400
  local doy = (153 * ((m + 9) % 12) + 2) // 5 + d - 1
  local doe = yoe * 365 + yoe // 4 - yoe // 100 + doy
  return era * 146097 + doe - 719468
end

local function civil_from_days(z)
  z = z + 719468
  local era = z // 146097
  local doe = z - era * 146097
  local yoe = (doe - doe // 1460 + doe // 36524 - doe // 146096) // 365
  local doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
  local mp = (5 * doy + 2) // 153
  local m = mp < 10 and mp + 3 or mp - 9
  local y = yoe + era * 400
  if m <= 2 then y = y + 1 end
  return y, m, doy - (153 * mp + 2) // 5 + 1
end

--- Broken-down UTC time.
---@return table {year, month, day, hour, min, sec, wday} wday: 1 = Monday … 7 = Sunday
function M.utc(t)
  local whole = math.floor(t)
  local days, rest = whole // DAY, whole % DAY
  local y, m, d = civil_from_days(days)
  return {
    year = y, month = m, day = d, hour = rest // 3600, min = rest // 60 % 60, sec = rest % 60,
    wday = (days + 3) % 7 + 1,
  }
end

--- "2026-01-10T00:00:00Z"; the fraction is dropped.
---@param t number|nil default: now
function M.iso(t)
  if t ~= nil and type(t) ~= "number" then error("time.iso: t must be a number", 2) end
  local u = M.utc(t or M.now())
  return ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(u.year, u.month, u.day, u.hour, u.min, u.sec)
end

--- "2026-01-10T00:00:00.123Z"
function M.iso_ms(t)
  t = t or M.now()
  local ms = math.floor((t - math.floor(t)) * 1000)
  return (M.iso(t):gsub("Z$", (".%03dZ"):format(ms)))
end

--- "2026-01-10"
function M.date(t)
  return M.iso(t):sub(1, 10)
end

local function zone_seconds(zone)
  if zone == "" or zone == "Z" or zone == "z" then return 0 end
  local sign, h, m = zone:match("^([+-])(%d%d):?(%d%d)$")
  if not sign or tonumber(h) > 23 or tonumber(m) > 59 then return nil end
  return (tonumber(h) * 3600 + tonumber(m) * 60) * (sign == "-" and -1 or 1)
end

local MONTH_DAYS <const> = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function is_real_date(y, m, d)
  if m < 1 or m > 12 or d < 1 or d > MONTH_DAYS[m] then return false end
  local leap = y % 4 == 0 and (y % 100 ~= 0 or y % 400 == 0)
  return m ~= 2 or d < 29 or leap
end

-- Hour, minute, second and zone of what follows the date; nil when it is no time.
local function clock(rest)
  if rest == "" then return 0, 0, 0, 0 end
  local h, mi, s, zone = rest:match("^[Tt ](%d%d):(%d%d):(%d%d%.?%d*)(.*)$")
  if not h then return nil end
  h, mi, s = math.tointeger(h), math.tointeger(mi), tonumber(s)
  local shift = zone_seconds(zone)
  if not shift or h > 23 or mi > 59 or s >= 61 then return nil end
  return h, mi, s, shift
end

--- Seconds of an ISO 8601 text (date alone, Z or an offset), or nil when it is not one.
---@param text string
---@return number|nil
function M.parse(text)
  if type(text) ~= "string" then error("time.parse: text must be a string", 2) end
  local y, mo, d, rest = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$")
  if not y then return nil end
  y, mo, d = math.tointeger(y), math.tointeger(mo), math.tointeger(d)
  local h, mi, s, shift = clock(rest)
  if not h or not is_real_date(y, mo, d) then return nil end
  local t = days_from_civil(y, mo, d) * DAY + h * 3600 + mi * 60 + s - shift
  return math.tointeger(t) or t
end

--- "3m05s", "12.4s", "1h02m": a duration for people.
function M.duration(seconds)
  if seconds < 60 then return ("%.1fs"):format(seconds) end
  local whole = math.floor(seconds + 0.5)
  if whole < 3600 then return ("%dm%02ds"):format(whole // 60, whole % 60) end
  return ("%dh%02dm"):format(whole // 3600, whole // 60 % 60)
end

return M
