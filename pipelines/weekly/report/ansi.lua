-- SPDX-License-Identifier: Apache-2.0
-- A log with terminal colours as markup: the sixteen colours, bold and faint as classes that the
-- style sheet knows; every other terminal code is dropped, everything else is escaped.

local h = require "std.html"
local text = require "std.text"

local M = {}

local COLOURS <const> = { [0] = "k", "r", "g", "y", "u", "m", "c", "w" }
-- How many parameters follow 38 and 48: "5;n" or "2;r;g;b".
local EXTENDED <const> = { [5] = 1, [2] = 3 }

local function plain(state) state.colour, state.bold, state.faint = nil, nil, nil end

local function set(state, codes, i)
  local code = codes[i]
  if code == 0 then plain(state)
  elseif code == 1 then state.bold = true
  elseif code == 2 then state.faint = true
  elseif code == 22 then state.bold, state.faint = nil, nil
  elseif code >= 30 and code <= 37 then state.colour = COLOURS[code - 30]
  elseif code >= 90 and code <= 97 then state.colour = COLOURS[code - 90]
  elseif code == 39 then state.colour = nil
  elseif code == 38 or code == 48 then
    local mode, n = codes[i + 1], codes[i + 2]
    if code == 38 and mode == 5 and n then state.colour = COLOURS[n < 16 and n % 8 or -1] end
    return i + 2 + (EXTENDED[mode] or 0)
  end
  return i + 1
end

local function apply(state, parameters)
  local codes = {}
  for code in (parameters .. ";"):gmatch("(%d*);") do codes[#codes + 1] = tonumber(code) or 0 end
  local i = 1
  while codes[i] do i = set(state, codes, i) end
end

local function class_of(state)
  local names = {}
  if state.colour then names[1] = state.colour end
  if state.bold then names[#names + 1] = "b" end
  if state.faint then names[#names + 1] = "f" end
  return #names > 0 and table.concat(names, " ") or nil
end

local function put(out, state, words)
  if words == "" then return end
  local escaped = h.escape(text.clean(words))
  local class = escaped:find("%S") and class_of(state)
  out[#out + 1] = class and ('<i class="%s">%s</i>'):format(class, escaped) or escaped
end

---@param log string
---@return table markup
function M.render(log)
  local out, state, at = {}, {}, 1
  while true do
    local first, last, parameters = log:find("\27%[([%d;]*)m", at)
    if not first then break end
    put(out, state, log:sub(at, first - 1))
    apply(state, parameters)
    at = last + 1
  end
  put(out, state, log:sub(at))
  return h.raw(table.concat(out))
end

return M
