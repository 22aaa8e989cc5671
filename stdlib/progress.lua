-- SPDX-License-Identifier: Apache-2.0
-- Progress of long work: one redrawn line on a terminal, plain lines elsewhere. On stderr, so
-- that stdout stays a result.

local uv = require "luv"

local M = {}

local Progress, Task = {}, {}
Progress.__index = Progress
Task.__index = Task

local BAR_WIDTH = 24

local function is_terminal()
  return uv.guess_handle(2) == "tty" and os.getenv("TERM") ~= "dumb"
end

---@param options? {quiet?: boolean, terminal?: boolean, write?: fun(text: string)}
function M.new(options)
  options = options or {}
  local terminal = options.terminal
  if terminal == nil then terminal = is_terminal() end
  return setmetatable({ terminal = terminal, quiet = options.quiet, drawn = false,
    write = options.write or function(text) io.stderr:write(text) end }, Progress)
end

function Progress:clear_line()
  if self.drawn then self.write("\r\27[K") end
  self.drawn = false
end

--- A line above the bar.
function Progress:line(text)
  if self.quiet then return end
  self:clear_line()
  self.write(text .. "\n")
end

--- Begins a counted piece of work.
---@param name string
---@param total? integer
function Progress:task(name, total)
  return setmetatable({ owner = self, name = name, total = total or 0, count = 0,
    started = uv.hrtime() }, Task)
end

function Progress:close()
  self:clear_line()
end

local function bar(task)
  if task.total == 0 then return ("%s %d"):format(task.name, task.count) end
  local filled = math.floor(BAR_WIDTH * math.min(1, task.count / task.total))
  return ("%s [%s%s] %d/%d"):format(task.name, ("#"):rep(filled),
    (" "):rep(BAR_WIDTH - filled), task.count, task.total)
end

--- One more is done; `text` says which and how.
function Task:step(text)
  self.count = self.count + 1
  local owner = self.owner
  if owner.quiet then return end
  if not owner.terminal then
    owner.write(("%s %d/%d%s\n"):format(self.name, self.count, self.total,
      text and ": " .. text or ""))
    return
  end
  if text then owner:line("  " .. text) end
  owner.write("\r\27[K" .. bar(self))
  owner.drawn = true
end

--- Ends the task.
function Task:done()
  self.owner:clear_line()
  return (uv.hrtime() - self.started) / 1e9
end

return M
