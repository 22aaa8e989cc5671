-- SPDX-License-Identifier: Apache-2.0
-- Forwards connections to an emulator and tells what is asked of it on the way: requests that
-- hang, and operations that it refuses.
--
--   local relay <close> = assert(relays.open { from = { path = dir .. "/aws.sock" },
--     to = { port = 41233 } })
--   relay:pending()[1]   -- { operation = "sqs CreateQueue", seconds = 12.5 }

local raw = require "lsqm.raw.relay"

local M = {}

--- Begins to listen. An address is { path = unix socket } or { host = "127.0.0.1", port = n };
--- port 0 listens on a free one (relay:port()).
---@param options {from: table, to: table}
---@return table|nil relay: port(), pending(), refused(), close()
---@return lsqm.Error|nil
function M.open(options)
  if type(options) ~= "table" then error("relay.open: options must be a table", 2) end
  return raw.open(options)
end

return M
