-- SPDX-License-Identifier: Apache-2.0
-- The output of a job: lines without secrets, the end of it where it is long, and what the commands
-- in it ask for.

local commands = require "pipelines.parity.ci.commands"
local hide = require "pipelines.parity.ci.secrets".hide
local mask = require "std.mask"

local M = {}

local MAX_LOG <const> = 256 * 1024
local MAX_LINE <const> = 64 * 1024
local KEPT_BACK <const> = 4096 -- of a longer line: a secret may begin here and not have ended yet
local MAX_ANNOTATIONS <const> = 50 -- per job; the log has all of them

local Log = {}
Log.__index = Log

-- A list of lines of which the oldest go when it becomes long.
local function new_lines() return { first = 1, last = 0, bytes = 0 } end

local function add_line(list, line)
  list.last = list.last + 1
  list[list.last], list.bytes = line, list.bytes + #line
  while list.bytes > MAX_LOG and list.first < list.last do
    list.bytes = list.bytes - #list[list.first]
    list[list.first], list.first = nil, list.first + 1
    list.cut = true
  end
end

local function text_of(list)
  local text = table.concat(list, "", list.first, list.last)
  return (list.cut and "(the beginning is left out)\n" or "") .. mask.text(text)
end

-- What a command does; the returned line stands in the log in its place, false: nothing.
local ACTIONS <const> = {
  ["add-mask"] = function(_, command)
    return not hide(command.text) and "##[warning]the value is too short to be hidden"
  end,
  ["set-output"] = function(log, command)
    if log.outputs and command.properties.name then
      log.outputs[command.properties.name] = command.text
    end
    return "##[warning]set-output is deprecated: write to $GITHUB_OUTPUT"
  end,
  group = function(_, command) return "##[group]" .. command.text end,
  endgroup = function() return "##[endgroup]" end,
  debug = function(_, command) return "##[debug]" .. command.text end,
  ["stop-commands"] = function(log, command)
    log.stopped = command.text:lower()
    return false
  end,
}
for _, level in ipairs { "error", "warning", "notice" } do
  ACTIONS[level] = function(log, command)
    local text = commands.annotation(command)
    if #log.annotations < MAX_ANNOTATIONS then
      table.insert(log.annotations, { level = level, text = text })
    end
    return ("##[%s]%s"):format(level, text)
  end
end

-- Between ::stop-commands::TOKEN and ::TOKEN:: a command is a line as any other.
local function interpret(log, line)
  if log.stopped then
    if line:lower():match("^%s*::(.*)::%s*$") ~= log.stopped then return line end
    log.stopped = nil
    return false
  end
  local command = commands.parse(line)
  if not command then return line end
  local action = ACTIONS[command.name]
  if not action then return line end
  return action(log, command)
end

local function take(log, stream, line)
  local shown = interpret(log, line)
  if shown == false then return end
  shown = mask.text(shown) .. "\n"
  add_line(log.streams[stream], shown)
  add_line(log.all, shown)
  if log.live then log.live(shown) end
end

-- A line without an end is taken in pieces.
local function cut(log, stream)
  local rest = mask.text(log.rest[stream])
  if #rest <= MAX_LINE then return end
  take(log, stream, rest:sub(1, -KEPT_BACK - 1))
  log.rest[stream] = rest:sub(-KEPT_BACK)
end

--- A piece of output.
---@param stream "stdout"|"stderr"
function Log:write(stream, text)
  local rest = self.rest[stream] .. text
  local at = 1
  while true do
    local stop = rest:find("\n", at, true)
    if not stop then break end
    take(self, stream, (rest:sub(at, stop - 1):gsub("\r$", "")))
    at = stop + 1
  end
  self.rest[stream] = rest:sub(at)
  if #self.rest[stream] > MAX_LINE then cut(self, stream) end
end

--- A line of the runner's own.
function Log:line(text, ...)
  self:flush()
  local shown = mask.text(text:format(...)) .. "\n"
  add_line(self.streams.stdout, shown)
  add_line(self.all, shown)
  if self.live then self.live(shown) end
end

--- The same of something that failed.
function Log:fail(text, ...)
  self:flush()
  local message = mask.text(text:format(...))
  table.insert(self.annotations, { level = "error", text = message })
  add_line(self.streams.stderr, message .. "\n")
  add_line(self.all, message .. "\n")
  if self.live then self.live(message .. "\n") end
end

--- Ends the lines that have no end yet.
function Log:flush()
  for _, stream in ipairs { "stdout", "stderr" } do
    local rest = self.rest[stream]
    self.rest[stream] = ""
    if rest ~= "" then take(self, stream, rest) end
  end
end

--- A new step: its outputs for ::set-output::, and commands are heard again.
function Log:begin(outputs)
  self:flush()
  self.outputs, self.stopped = outputs, nil
end

--- stdout and stderr, each its last 256 kB.
function Log:both()
  self:flush()
  return { stdout = text_of(self.streams.stdout), stderr = text_of(self.streams.stderr) }
end

--- Both in the order in which they came.
function Log:text()
  self:flush()
  return text_of(self.all)
end

--- A log.
---@param live fun(line: string)? sees every line when it comes
---@return {annotations: {level: string, text: string}[]}
function M.new(live)
  return setmetatable({ streams = { stdout = new_lines(), stderr = new_lines() },
    all = new_lines(), rest = { stdout = "", stderr = "" }, annotations = {}, live = live }, Log)
end

return M
