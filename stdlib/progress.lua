-- SPDX-License-Identifier: Apache-2.0
-- Progress of long work: on a terminal a bar with what runs, how long, and what is left, redrawn in
-- place; plain lines elsewhere. On stderr, so that stdout stays a result.

local uv = require "luv"

local M = {}

local Progress, Task = {}, {}
Progress.__index = Progress
Task.__index = Task

local BAR_WIDTH <const> = 24
local MOST_ROWS <const> = 10
local WIDTH <const> = 80
local PERIOD <const> = 1 -- seconds between two drawings while nothing happens

local shown -- the progress whose drawing stands on the terminal

local function is_terminal()
  return uv.guess_handle(2) == "tty" and os.getenv("TERM") ~= "dumb"
end

local function columns()
  local tty = uv.guess_handle(2) == "tty" and uv.new_tty(2, false)
  local width = tty and tty:get_winsize()
  if tty then tty:close() end
  return width and width > 0 and width or WIDTH
end

---@param options? {quiet?: boolean, terminal?: boolean, write?: fun(text: string),
---  clock?: fun(): number, columns?: fun(): integer}
function M.new(options)
  options = options or {}
  local terminal = options.terminal
  if terminal == nil then terminal = is_terminal() end
  return setmetatable({ terminal = terminal, quiet = options.quiet, drawn = 0,
    clock = options.clock or function() return uv.hrtime() / 1e9 end,
    columns = options.columns or columns,
    write = options.write or function(text) io.stderr:write(text) end }, Progress)
end

--- A stream that writes above what is drawn, for others who write to the same terminal.
---@param stream file*
---@return {write: fun(self, ...: string): any}
function M.above(stream)
  return { write = function(_, ...)
    if shown then shown:clear() end
    return stream:write(...)
  end }
end

-- Names and reasons come from templates: no control character of theirs reaches the terminal.
local function plain(text) return (text:gsub("%c", " ")) end

--- Takes the drawing off the terminal; the next one comes with the next step or second.
function Progress:clear()
  if self.drawn == 0 then return end
  self.write((self.drawn > 1 and ("\27[%dA"):format(self.drawn - 1) or "") .. "\r\27[J")
  self.drawn = 0
  if shown == self then shown = nil end
end

-- A line that wrapped would be one more than those that are cleared.
local function fit(line, width)
  local stop = utf8.offset(line, width, 1)
  return stop and line:sub(1, stop - 1) or line
end

local function draw(self, lines)
  local width = self.columns()
  for i, line in ipairs(lines) do lines[i] = fit(line, width) end
  self:clear()
  self.write(table.concat(lines, "\n"))
  self.drawn, shown = #lines, self
end

--- A line above the bar.
function Progress:line(text)
  if self.quiet then return end
  self:clear()
  self.write(text .. "\n")
end

--- Begins a counted piece of work. Close it, or hold it in a <close> variable. With the sum of the
--- steps' weights (see begin) it tells what is left.
---@param name string
---@param total? integer
---@param weight? number
function Progress:task(name, total, weight)
  return setmetatable({ owner = self, name = name, total = total or 0, count = 0,
    weight = weight, behind = 0, running = {}, started = self.clock() }, Task)
end

function Progress:close()
  self:clear()
end

local function clock_text(seconds)
  local whole = math.floor(seconds + 0.5)
  if whole < 3600 then return ("%d:%02d"):format(whole // 60, whole % 60) end
  return ("%d:%02d:%02d"):format(whole // 3600, whole // 60 % 60, whole % 60)
end

-- What is left, if the rest goes as fast as what is behind; nothing is known before a first step.
local function left(task, now)
  if not task.weight or task.behind <= 0 then return nil end
  local behind = task.behind
  for _, item in ipairs(task.running) do
    behind = behind + math.min(now - item.started, item.weight)
  end
  return math.max(0, (now - task.started) * (task.weight - behind) / behind)
end

local function bar(task, now)
  if task.total == 0 then return ("%s %d"):format(task.name, task.count) end
  local filled = math.floor(BAR_WIDTH * math.min(1, task.count / task.total))
  local rest = left(task, now)
  return ("%s [%s%s] %d/%d  %s%s"):format(task.name, ("#"):rep(filled),
    (" "):rep(BAR_WIDTH - filled), task.count, task.total, clock_text(now - task.started),
    rest and ", about " .. clock_text(rest) .. " left" or "")
end

-- The longest first: it is the one to look at.
local function rows(task, now)
  local lines = {}
  for i, item in ipairs(task.running) do
    if i > MOST_ROWS then
      lines[i] = ("  and %d more"):format(#task.running - MOST_ROWS)
      break
    end
    lines[i] = ("  %8s  %s"):format(clock_text(now - item.started), item.name)
  end
  return lines
end

--- Draws the table as it is now.
function Task:draw()
  local owner = self.owner
  if owner.quiet or not owner.terminal then return end
  local now = owner.clock()
  local lines = rows(self, now)
  lines[#lines + 1] = bar(self, now)
  draw(owner, lines)
end

local function keep_drawing(task)
  local parallel = require "std.parallel"
  task.ticker = parallel.spawn(function()
    while true do
      parallel.sleep(PERIOD)
      task:draw()
    end
  end)
end

--- One more runs; give what is returned to step() when it is done.
---@param name string
---@param weight? number seconds that it is thought to take
---@return table item
function Task:begin(name, weight)
  local owner = self.owner
  local item = { name = plain(name), weight = weight or 0, started = owner.clock() }
  self.running[#self.running + 1] = item
  if owner.terminal and not owner.quiet then
    if not self.ticker then keep_drawing(self) end
    self:draw()
  end
  return item
end

local function forget(task, item)
  for i, one in ipairs(task.running) do
    if one == item then
      table.remove(task.running, i)
      task.behind = task.behind + item.weight
      return
    end
  end
end

--- One more is done; `text` says which and how, `item` is what begin() gave for it.
---@param text? string
---@param item? table
function Task:step(text, item)
  self.count = self.count + 1
  if item then forget(self, item) end
  local owner = self.owner
  if owner.quiet then return end
  text = text and plain(text)
  if not owner.terminal then
    owner.write(("%s %d/%d%s\n"):format(self.name, self.count, self.total,
      text and ": " .. text or ""))
    return
  end
  if text then owner:line("  " .. text) end
  self:draw()
end

--- Ends the task; returns its seconds.
function Task:done()
  if self.ticker then
    self.ticker:cancel()
    self.ticker:join()
    self.ticker = nil
  end
  self.owner:clear()
  return self.owner.clock() - self.started
end

Task.__close = Task.done

return M
