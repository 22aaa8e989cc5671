-- SPDX-License-Identifier: Apache-2.0
-- Emulators booted ahead: while one architecture is validated, the next one's emulator starts.
-- Each serves the one it was started for.
--
--   local ahead <close> = ahead_of.new(function(hash) return emulators.start(…) end, 1, hashes)
--   local emulator <close> = assert(ahead:take(hash))

local parallel = require "std.parallel"

local M = {}

local Ahead = {}
Ahead.__index = Ahead

local function fill(self)
  while self.waiting < self.depth and self.next <= #self.order do
    local name = self.order[self.next]
    self.next = self.next + 1
    if not self.taken[name] then
      self.tasks[name] = parallel.spawn(self.start, name)
      self.waiting = self.waiting + 1
    end
  end
end

---@param start fun(name: string): lsqm.Emulator?, table?  as std.emulator's
---@param depth integer at most so many wait to be taken
---@param order string[] whom they are for, in the order in which they will be wanted
function M.new(start, depth, order)
  local self = setmetatable({ start = start, depth = depth, order = order, next = 1, tasks = {},
    waiting = 0, taken = {} }, Ahead)
  fill(self)
  return self
end

-- What was begun for the name. It stays ours when whoever waits for it is cancelled.
local function begun(self, name)
  local task = self.tasks[name]
  if not task then return nil end
  local ok, emulator = task:join()
  self.tasks[name] = nil
  return ok and emulator or nil
end

--- A healthy emulator that nobody has used; yours to close. What was booted ahead and failed, or
--- died since, is started again: its failure says nothing about now.
---@param name string
---@return lsqm.Emulator? emulator
---@return table? err as std.emulator's start
function Ahead:take(name)
  if self.tasks[name] and not self.taken[name] then self.waiting = self.waiting - 1 end
  self.taken[name] = true
  fill(self)
  local emulator = begun(self, name)
  if emulator then
    if not emulator:died() then return emulator end
    emulator:close()
  end
  return self.start(name)
end

--- Ends those that nobody took.
function Ahead:close()
  local tasks = self.tasks
  self.tasks, self.order = {}, {}
  for _, task in pairs(tasks) do task:cancel() end
  for _, task in pairs(tasks) do
    local ok, emulator = task:join()
    if ok and emulator then emulator:close() end
  end
end

Ahead.__close = Ahead.close

return M
