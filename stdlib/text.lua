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

return M
