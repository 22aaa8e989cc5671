-- SPDX-License-Identifier: Apache-2.0
-- UUID version 4 (random) from the system's random source.

local M = {}

local function random_bytes(n)
  local ok, uv = pcall(require, "luv")
  if ok and uv.random then
    local bytes = uv.random(n)
    if type(bytes) == "string" and #bytes == n then return bytes end
  end
  local f <close> = assert(io.open("/dev/urandom", "rb"))
  return assert(f:read(n))
end

--- A new identifier, lower case with dashes.
---@return string
function M.v4()
  local b = { random_bytes(16):byte(1, 16) }
  b[7] = (b[7] & 0x0f) | 0x40
  b[9] = (b[9] & 0x3f) | 0x80
  local hex = ("%02x"):rep(16):format(table.unpack(b))
  return (hex:gsub("^(%x%x%x%x%x%x%x%x)(%x%x%x%x)(%x%x%x%x)(%x%x%x%x)", "%1-%2-%3-%4-"))
end

return M
