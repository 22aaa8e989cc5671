-- SPDX-License-Identifier: Apache-2.0
-- How one architecture's programs reach their emulator, and nothing else: relays, which also see
-- what is asked and what is refused.

local error_of = require "std.error"
local fs = require "std.fs"
local process = require "std.process"
local relays = require "std.relay"

local M = {}

-- Where programs in a network of their own find the emulator. All use the same address, because
-- resources carry it in their attributes (a queue's URL).
local PORT <const> = 4566

local Network = {}
Network.__index = Network

function Network:close()
  self.relay:close()
end

Network.__close = Network.close

-- The relays of the programs: the provider of a lease has its own.
local function all_of(self)
  local lease = self.lease
  return { self.relay, lease and not lease.declined and lease.relay or nil }
end

--- Requests without an answer yet: {operation=, seconds=}.
---@return table[]
function Network:pending()
  local list = {}
  for _, relay in ipairs(all_of(self)) do
    for _, request in ipairs((relay:pending())) do list[#list + 1] = request end
  end
  return list
end

--- Operations answered with 500 or more: {operation=, status=, count=}, most often refused first.
---@return table[]
function Network:refused()
  local list, known = {}, {}
  for _, relay in ipairs(all_of(self)) do
    for _, one in ipairs((relay:refused())) do
      local key = one.operation .. "\0" .. one.status
      if known[key] then
        known[key].count = known[key].count + one.count
      else
        known[key] = one
        list[#list + 1] = one
      end
    end
  end
  table.sort(list, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.operation < b.operation
  end)
  return list
end

--- Opens the way to an emulator. `endpoint` is what programs are told; `inner` is the network of
--- their sandbox (see std.process), nil where there are none.
---@param options {endpoint: string, dir: string, lease?: lsqm.Lease}
---@return table? network close it
---@return table? err
function M.open(options)
  local host, port = options.endpoint:match("^http://([%d.]+):(%d+)$")
  port = math.tointeger(tonumber(port))
  if not port then
    return nil, error_of.new { op = "relay", code = "invalid",
      message = "no address of an emulator: " .. options.endpoint }
  end
  local plain = select(2, process.sandbox { argv = { "true" } })
  local socket = fs.join(options.dir, "aws.sock")
  local relay, err = relays.open { to = { host = host, port = port },
    from = plain and { host = "127.0.0.1", port = 0 } or { path = socket } }
  if not relay then return nil, err end
  local inner = not plain and { socket = socket, port = PORT,
    -- An emulator that knows its own port names it in URLs.
    second = port ~= PORT and port or nil } or nil
  return setmetatable({ relay = relay, lease = options.lease, inner = inner,
    endpoint = ("http://127.0.0.1:%d"):format(inner and PORT or relay:port()) }, Network)
end

return M
