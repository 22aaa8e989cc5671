-- SPDX-License-Identifier: Apache-2.0
-- The interactive prompt: bare expressions, several lines, history, completion of fields, pretty
-- printing. Waiting calls work; Ctrl-C ends the present line, Ctrl-D the session.

local error_of = require "std.error"
local inspect = require "std.inspect"
local program = require "lsqm.program"
local sched = require "lsqm.raw.sched"

local M = {}

--- Globals of a session: the strict ones plus what the user assigns; std and ctx at hand.
function M.environment(ctx)
  local values = { ctx = ctx }
  values.std = setmetatable({}, { __index = function(_, name)
    return require("std." .. name)
  end })
  return setmetatable(values, { __index = function(_, name)
    return rawget(program.strict, name)
  end })
end

--- Compiles a line: as an expression first. Returns nil and true when more lines are needed.
function M.compile(text, env)
  local expression = text:gsub("^%s*=", "")
  local chunk = load("return " .. expression, "=repl", "t", env)
  if chunk then return chunk end
  local why
  chunk, why = load(text, "=repl", "t", env)
  if chunk then return chunk end
  return nil, why:find("<eof>", 1, true) ~= nil, why
end

-- Names a value can be indexed with: its own keys and those of its metatable's __index.
local function names_of(value, list)
  local seen = 0
  while value ~= nil and seen < 5 do
    seen = seen + 1
    if type(value) == "table" then
      for key in next, value do
        if type(key) == "string" then list[#list + 1] = key end
      end
    end
    local mt = debug.getmetatable(value)
    local index = type(mt) == "table" and rawget(mt, "__index")
    value = type(index) == "table" and index or nil
  end
  return list
end

-- Walks "a.b.c" by plain table access; calls nothing.
local function walk(path, env)
  local value = env
  for name in path:gmatch("[^%.:]+") do
    if type(value) ~= "table" then return nil end
    local found = rawget(value, name)
    if found == nil and value == env then found = rawget(program.strict, name) end
    if found == nil then
      local mt = debug.getmetatable(value)
      local index = type(mt) == "table" and rawget(mt, "__index")
      found = type(index) == "table" and index[name] or nil
    end
    value = found
  end
  return value
end

local function std_modules()
  local list = {}
  for name in pairs(package.loaded) do
    local rest = name:match("^std%.([%w_]+)$")
    if rest then list[#list + 1] = rest end
  end
  return list
end

--- Candidates for the word before the cursor.
---@param line_before string what stands before the word
---@param word string
---@return string[]
function M.complete(_, word, env)
  local path, last = word:match("^(.*[%.:])([%w_]*)$")
  local names
  if not path then
    path, last = "", word
    names = names_of(env, {})
    for name in pairs(program.strict) do names[#names + 1] = name end
  elseif path == "std." then
    names = std_modules()
  else
    names = names_of(walk(path:sub(1, -2), env), {})
  end
  local found, seen = {}, {}
  for _, name in ipairs(names) do
    if name:sub(1, #last) == last and not seen[name] and name:match("^[%a_][%w_]*$") then
      seen[name] = true
      found[#found + 1] = path .. name
    end
  end
  table.sort(found)
  return found
end

local function show_error(err, out)
  if err.code == "cancelled" then
    out "interrupted"
  else
    out(error_of.format(err))
  end
end

--- Runs one chunk as a task that Ctrl-C may cancel; prints its values or its error.
function M.evaluate(chunk, env, out)
  local task = sched.spawn(chunk)
  sched.foreground(task)
  local result = table.pack(task:join())
  if not result[1] then
    show_error(result[2], out)
    return false
  end
  for i = 2, result.n do out(inspect(result[i])) end
  if result.n > 1 then env._ = result[2] end
  return true
end

-- Reads until the chunk is whole; nil at the end of input.
local function read_chunk(edit, env, out)
  local text, prompt = nil, "lsqm> "
  while true do
    local line = edit.read(prompt)
    if not line then return nil end
    text = text and text .. "\n" .. line or line
    if text:match("^%s*$") then return false end
    local chunk, more, why = M.compile(text, env)
    if chunk then return chunk, text end
    if not more then
      out(why)
      return false
    end
    prompt = "   >> "
  end
end

local function history_file()
  local state = os.getenv("XDG_STATE_HOME")
  local home = os.getenv("HOME")
  local dir = (state and state ~= "" and state) or (home and home .. "/.local/state")
  if not dir then return nil end
  require("std.fs").mkdir(dir .. "/lsqm")
  return dir .. "/lsqm/history"
end

--- The session; returns at the end of input.
function M.run(ctx, out)
  local edit = require "lsqm.raw.edit"
  local env, history = M.environment(ctx), history_file()
  local idle = sched.spawn(function() end)
  idle:join()
  edit.completer(function(before, word) return M.complete(before, word, env) end)
  if history then edit.load(history) end
  while true do
    sched.foreground(idle) -- Ctrl-C at the prompt must not end the session's task
    local chunk, text = read_chunk(edit, env, out)
    if chunk == nil then break end
    if chunk then
      edit.remember((text:gsub("\n", " ")))
      if history then edit.save(history) end
      M.evaluate(chunk, env, out)
    end
  end
end

return M
