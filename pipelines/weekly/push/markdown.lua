-- SPDX-License-Identifier: Apache-2.0
-- Outside texts in GitHub's Markdown: shown as they are, able to do nothing. A log must not leave
-- its code block, call people by @name, link other issues, or pass for one of our hidden markers.

local mask = require "std.mask"
local text = require "pipelines.weekly.report.text"

local M = {}

-- Marks that reorder or hide text; what report.text takes out is not repeated here.
local INVISIBLE <const> = { "\u{200B}", "\u{200E}", "\u{200F}", "\u{2060}", "\u{2066}", "\u{2067}",
  "\u{2068}", "\u{2069}", "\u{FEFF}" }

---Outside text in valid UTF-8, without secrets, terminal codes and hidden marks.
---@param s string
---@return string
local function clean(s)
  s = text.clean(mask.text(s))
  for _, mark in ipairs(INVISIBLE) do s = s:gsub(mark, "") end
  -- A code block shows a comment as text, but whoever looks for markers would take it for one.
  return (s:gsub("<!%-%-", "<! --"):gsub("%-%->", "-- >"))
end

---Text as a block of code that nothing inside can end.
---@param s string
---@param language string|nil
---@return string
function M.fence(s, language)
  s = clean(s)
  local longest = 2
  for run in s:gmatch("`+") do longest = math.max(longest, #run) end
  local mark = ("`"):rep(longest + 1)
  return ("%s%s\n%s\n%s"):format(mark, language or "", s, mark)
end

---A short text as inline code: one line.
---@param s string
---@return string
function M.code(s)
  s = clean(s):gsub("[`%c]", " ")
  -- "` `" would not be code at all
  return "`" .. (s:find("%S") and s or "?") .. "`"
end

---The first `limit` characters, at a character's border.
---@param s string valid UTF-8
---@param limit integer characters
---@return string
function M.cut(s, limit)
  local length = utf8.len(s)
  if not length or length <= limit then return s end
  return s:sub(1, utf8.offset(s, limit) - 1) .. "…"
end

---A title: one line of plain text. GitHub shows no Markdown there but links @names.
---@param s string
---@param limit integer characters
---@return string
function M.title(s, limit)
  s = clean(s):gsub("%s+", " "):gsub("@", "@\u{2060}")
  return M.cut(s, limit)
end

return M
