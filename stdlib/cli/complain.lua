-- SPDX-License-Identifier: Apache-2.0
-- How failures reach the person at the terminal: on stderr, the user's file:line first, then the
-- cause, the hint, and the frames of their own files; the engine's frames only with --verbose.

local error_of = require "std.error"
local program = require "lsqm.program"
local sched = require "lsqm.raw.sched"
local suggest = require "std.suggest"

local M = {}

local function is_verbose(argv)
  for _, word in ipairs(argv) do
    if word == "-v" or word == "--verbose" then return true end
  end
  return false
end

-- A world that fails under a stock stage is no riddle in that stage.
local function is_engine(line, worldly)
  return line:find("^%(%.%.%.tail") or line:find("[C]", 1, true)
    or line:find(program.share .. "/stdlib/", 1, true)
    or worldly and line:find(program.share .. "/pipelines/", 1, true)
    or line:find("/usr/share/lua/", 1, true)
end

-- The traceback without the engine's frames, or all of it.
local function frames(traceback, verbose, worldly)
  local own, all = {}, {}
  for line in traceback:gmatch("[^\n]+") do
    local text = line:match("^%s+(.+)$")
    if text and not line:find("stack traceback", 1, true) then
      all[#all + 1] = "  at " .. text
      if not is_engine(text, worldly) then own[#own + 1] = "  at " .. text end
    end
  end
  return verbose and all or own
end

local function source_excerpt(err)
  if err.source or not err.file or not err.line then return end
  local file = io.open(err.file, "r")
  if not file then return end
  local number = 0
  for line in file:lines() do
    number = number + 1
    if number == err.line then
      err.source = line:sub(1, 90)
      break
    end
  end
  file:close()
end

-- `fs.raed(…)`: what the module of that name has instead.
local function missing_field(err)
  local name = err.message:match("attempt to call a nil value %(%a+ '([%w_]+)'%)")
  local word = name and err.source and err.source:match("([%w_]+)%s*%.%s*" .. name .. "%f[^%w_]")
  local module = word and package.loaded["std." .. word]
  local near = type(module) == "table" and suggest.did_you_mean(name, module)
  if near then err.hint = err.hint or ("std.%s has %s"):format(word, near) end
end

-- error() takes any table; its own words, or else its fields.
local function from_table(value)
  local traceback, mt = rawget(value, "traceback"), getmetatable(value)
  rawset(value, "traceback", nil)
  local has_words = type(mt) == "table" and mt.__tostring
  local ok, text = pcall(has_words and tostring or require("std.inspect"), value)
  return error_of.new { message = ok and text or "an error whose __tostring fails",
    traceback = traceback }
end

--- The world failed: one line, the cause, the hint.
function M.world(err)
  if type(err) == "table" and not error_of.is(err) then err = from_table(err) end
  io.stderr:write("lsqm: ", error_of.format(err), "\n")
end

-- Codes of std.error that are never a mistake of whoever wrote the script.
local WORLDLY = { io = true, nomem = true, unavailable = true, network = true, denied = true,
  timeout = true, http = true, rejected = true }

--- Something raised: a mistake in a script (exit 2), the world (3), or an interrupt (130).
---@return integer exit_code
function M.raised(err, argv)
  if not error_of.is(err) then err = from_table(err) end
  if err.code == "cancelled" then
    io.stderr:write("lsqm: interrupted\n")
    return 130
  end
  source_excerpt(err)
  missing_field(err)
  io.stderr:write("lsqm: ", error_of.format(err), "\n")
  local lines = frames(err.traceback or "", is_verbose(argv), WORLDLY[err.code])
  if #lines > 0 then io.stderr:write(table.concat(lines, "\n"), "\n") end
  if sched.current():is_cancelled() then return 130 end -- raised in a loop that never waits
  return WORLDLY[err.code] and 3 or 2
end

return M
