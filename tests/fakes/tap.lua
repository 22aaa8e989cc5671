-- SPDX-License-Identifier: Apache-2.0
-- What a wire tap (tap.py) has heard: the frames of HTTP/2 by stream.
local fs = require "std.fs"

local M = {}

local PREFACE <const> = 24 -- bytes that a client begins with

local function data_of(bytes, from)
  local streams, at = {}, from
  while at + 8 <= #bytes do
    local high, low, kind, _, id = (">I1I2I1I1I4"):unpack(bytes, at)
    local size = high << 16 | low
    if kind == 0 then
      streams[id] = (streams[id] or "") .. bytes:sub(at + 9, at + 8 + size)
    end
    at = at + 9 + size
  end
  return streams
end

--- The first call of a log whose request names `text`; raises where none does.
---@param folder string that tap.py was told
---@param text string
---@return {request: string, answer: string}
function M.find(folder, text)
  for i = 1, 20 do
    local up = fs.read(("%s/%d.up"):format(folder, i))
    if not up then break end
    local requests = data_of(up, PREFACE + 1)
    local answers = data_of(assert(fs.read(("%s/%d.down"):format(folder, i))), 1)
    for id, request in pairs(requests) do
      if request:find(text, 1, true) and answers[id] then
        return { request = request, answer = answers[id] }
      end
    end
  end
  error("no call names " .. text)
end

return M
