-- SPDX-License-Identifier: Apache-2.0
-- Notices a request that an emulator does not answer, and an emulator that is gone, so that nobody
-- waits for the provider's own patience of 10 to 20 minutes.

local parallel = require "std.parallel"
local time = require "std.time"

local M = {}

local INTERVAL <const> = 0.25 -- seconds between two looks
local PULSE <const> = 2 -- and between two questions whether the emulator lives

--- How long an operation may take: the longest that a rule allows, else the default.
---@param rules table<string, number> Lua pattern for the whole operation → seconds
---@param operation string
---@param default number
---@return number seconds
function M.limit(rules, operation, default)
  local longest
  for pattern, seconds in pairs(rules) do
    if operation:find("^" .. pattern .. "$") then longest = math.max(longest or 0, seconds) end
  end
  return longest or default
end

local function overdue(network, rules, default)
  for _, request in ipairs(network:pending()) do
    if request.seconds >= M.limit(rules, request.operation, default) then return request end
  end
  return nil
end

--- A guard for std.terraform: waits until a request hangs, returns {operation=, seconds=}; or until
--- the emulator is gone, which the provider would ask again and again: {died=}.
---@param network table from std.validation.network
---@param emulator table
---@param rules table<string, number>
---@param default number
---@return fun(): table
function M.guard(network, emulator, rules, default)
  return function()
    local asked = time.monotonic()
    while true do
      local request = overdue(network, rules, default)
      if request then return request end
      if time.monotonic() - asked >= PULSE then
        local died = emulator:died()
        if died then return { died = died } end
        asked = time.monotonic()
      end
      parallel.sleep(INTERVAL)
    end
  end
end

local BEGUN <const> = { "Creating", "Modifying", "Destroying", "Reading", "Still creating",
  "Still modifying", "Still destroying", "Still reading" }

local function began(text)
  for _, word in ipairs(BEGUN) do
    if text:sub(1, #word + 3) == word .. "..." then return true end
  end
  return false
end

--- What terraform was busy with when its output ended.
---@param logs string
---@return string[] addresses in the order of their beginning
function M.busy(logs)
  local order, busy = {}, {}
  for line in logs:gmatch("[^\r\n]+") do
    local address, text = line:match("^(%S+): (.*)$")
    if not address then -- a key may hold spaces
      address, text = line:match("^(%S+%[.-%]%S*): (.*)$")
    end
    if address and began(text) then
      if busy[address] == nil then order[#order + 1] = address end
      busy[address] = true
    elseif address and text:find(" complete after ", 1, true) then
      busy[address] = false
    end
  end
  local list = {}
  for _, address in ipairs(order) do if busy[address] then list[#list + 1] = address end end
  return list
end

-- "CreateQueue" is what an aws_sqs_queue does: the service's name decides among several.
local function likely(addresses, operation)
  local service = operation:match("^(%S+) ") or ""
  for _, address in ipairs(addresses) do
    if address:find("aws_" .. service .. "_", 1, true) then return address end
  end
  return addresses[1]
end

--- The finding with its resource, for the outcome.
---@param stopped {operation: string, seconds: number}
---@param logs string
---@return {operation: string, seconds: number, address?: string}
function M.describe(stopped, logs)
  return { operation = stopped.operation, seconds = math.floor(stopped.seconds * 10) / 10,
    address = likely(M.busy(logs), stopped.operation) }
end

return M
