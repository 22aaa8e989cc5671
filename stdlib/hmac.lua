-- SPDX-License-Identifier: Apache-2.0
-- HMAC-SHA-256 (RFC 2104), and a comparison that tells nothing by its time.

local sha256 = require "std.sha256"
local text_of = require "std.text"

local M = {}

local BLOCK <const> = 64

local function padded(key, byte)
  if #key > BLOCK then key = text_of.from_hex(sha256.string(key)) end
  key = key .. ("\0"):rep(BLOCK - #key)
  return (key:gsub(".", function(char) return string.char(char:byte() ~ byte) end))
end

---@param key string
---@param text string
---@return string hex
function M.sha256(key, text)
  if type(key) ~= "string" or type(text) ~= "string" then
    error("hmac.sha256: key and text must be strings", 2)
  end
  local inner = text_of.from_hex(sha256.string(padded(key, 0x36) .. text))
  return sha256.string(padded(key, 0x5c) .. inner)
end

--- Are both the same? Takes as long for the first difference as for the last.
---@return boolean
function M.equal(a, b)
  if #a ~= #b then return false end
  local different = 0
  for i = 1, #a do different = different | (a:byte(i) ~ b:byte(i)) end
  return different == 0
end

return M
