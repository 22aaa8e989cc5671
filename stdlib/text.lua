-- SPDX-License-Identifier: Apache-2.0
-- Texts whose bytes nobody vouches for: logs, answers, templates.

local M = {}

local function repair(s)
  local out, at = {}, 1
  while at <= #s do
    local _, bad = utf8.len(s, at)
    if not bad then break end
    out[#out + 1] = s:sub(at, bad - 1)
    out[#out + 1] = "\u{FFFD}"
    at = bad + 1
  end
  out[#out + 1] = s:sub(at)
  return table.concat(out)
end

--- The text in valid UTF-8: each byte that does not belong becomes U+FFFD.
---@param s string
---@return string
function M.valid_utf8(s)
  if utf8.len(s) then return s end
  return repair(s)
end

---A log without terminal codes and control characters, in valid UTF-8.
---@param s string
---@return string
function M.clean(s)
  if s:find("[\27\r]") then
    s = s:gsub("\27%[[%d;:?]*%a", ""):gsub("\27%][^\27\7]*\7?", ""):gsub("\r\n?", "\n")
  end
  s = s:gsub("[\0-\8\11-\31\127]", "\u{FFFD}")
  s = M.valid_utf8(s) -- one stray byte would make the whole page unreadable
  -- Marks that turn the reading direction around could disguise what a log says.
  return (s:gsub("\xE2\x80[\xAA-\xAE]", ""):gsub("\xE2\x81[\xA6-\xA9]", ""))
end

--- The bytes of hexadecimal digits.
---@param hex string
---@return string
function M.from_hex(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

--- "%3Ca%3E" → "<a>" (RFC 3986); what is no percent-encoding stays.
---@param text string
---@return string
function M.percent_decoded(text) return (text:gsub("%%(%x%x)", M.from_hex)) end

return M
