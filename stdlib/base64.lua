-- SPDX-License-Identifier: Apache-2.0
-- Base64 of RFC 4648.

local M = {}

local ALPHABET <const> = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local VALUES <const> = {}
for i = 1, #ALPHABET do VALUES[ALPHABET:byte(i)] = i - 1 end

---@param data string
---@return string text without line breaks
function M.encode(data)
  local out = {}
  for i = 1, #data, 3 do
    local a, b, c = data:byte(i, i + 2)
    local n = a << 16 | (b or 0) << 8 | (c or 0)
    for shift = 18, 0, -6 do
      local at = (n >> shift & 63) + 1
      out[#out + 1] = ALPHABET:sub(at, at)
    end
    if not c then out[#out] = "=" end
    if not b then out[#out - 1] = "=" end
  end
  return table.concat(out)
end

--- Space and line breaks are passed over; padding may be missing.
---@param text string
---@return string|nil data nil where it is no Base64
function M.decode(text)
  text = text:gsub("%s+", ""):gsub("=?=$", "")
  if text:find "[^%w+/]" or #text % 4 == 1 then return nil end
  local out = {}
  for i = 1, #text, 4 do
    local a, b, c, d = text:byte(i, i + 3)
    local n = VALUES[a] << 18 | VALUES[b] << 12 | (VALUES[c] or 0) << 6 | (VALUES[d] or 0)
    local bytes = string.char(n >> 16, n >> 8 & 255, n & 255)
    out[#out + 1] = d and bytes or bytes:sub(1, c and 2 or 1)
  end
  return table.concat(out)
end

return M
