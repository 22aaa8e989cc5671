-- SPDX-License-Identifier: Apache-2.0
-- Unpacks deflated data of strangers by zlib, up to a size: what unpacks to more is refused
-- before the memory is used.

local error_of = require "std.error"
local zlib = require "zlib"

local M = {}

-- Deflate makes at most 1032 bytes of one, so that one slice unpacks to about a megabyte.
local SLICE <const> = 1024
local RAW <const>, WRAPPED <const> = -15, 15

local function bad(code, text)
  return nil, error_of.new { op = "inflate", code = code, message = text }
end

-- Is there a header of RFC 1950?
local function is_wrapped(data)
  local method, flags = data:byte(1, 2)
  return flags ~= nil and method & 15 == 8 and (method << 8 | flags) % 31 == 0
end

--- Deflated data with or without zlib's header.
---@param data string
---@param max integer bytes
---@return string|nil
---@return lsqm.Error|nil err code "limit" or "invalid"
function M.inflate(data, max)
  local stream = zlib.inflate(is_wrapped(data) and WRAPPED or RAW)
  local out, size = {}, 0
  for at = 1, #data, SLICE do
    local ok, text, has_ended = pcall(stream, data:sub(at, at + SLICE - 1))
    if not ok then return bad("invalid", "it is not deflated data") end
    out[#out + 1], size = text, size + #text
    if size > max then return bad("limit", ("it unpacks to more than %d bytes"):format(max)) end
    if has_ended then return table.concat(out) end
  end
  return bad("invalid", "its end is missing")
end

return M
