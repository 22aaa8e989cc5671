-- SPDX-License-Identifier: Apache-2.0
-- The interactive prompt: bare expressions, several lines, history, completion of fields, pretty
-- printing. Waiting calls work; Ctrl-C ends the present line, Ctrl-D the session.

local error_of = require "std.error"
local inspect = require "std.inspect"
local suggest = require "std.suggest"
local program = require "lsqm.program"
local sched = require "lsqm.raw.sched"

local M = {}

local HELP = [[
An expression prints its value, a statement runs. Names that you assign stay, but for a `local`.
  ctx.store     :runs(), :run(ID), :architectures(), :regressions(), :problems()
  ctx.config    the configuration; ctx.rules "status" loads a rule
  std.NAME      any module of stdlib/: std.fs.read "notes.txt"
  _             the last value
For example:
  for hash, r in pairs(ctx.store:find_run("latest"):results()) do print(hash, r.status) end
Tab completes, Up recalls, Ctrl-C ends a line or what runs, Ctrl-D or `exit` the session.]]

--- Globals of a session: the strict ones plus what the user assigns; std and ctx at hand.
function M.environment(ctx)
  local values = { ctx = ctx }
  local modules = {}
  for _, name in ipairs(program.std_names()) do modules[name] = true end
  values.std = setmetatable({}, { __names = modules, __index = function(_, name)
    return require("std." .. name)
  end })
  return setmetatable(values, { __index = function(_, name)
    local value = rawget(program.strict, name)
    if value ~= nil or type(name) ~= "string" or name == "_" then return value end
    error(("undefined global '%s'%s"):format(name, suggest.phrase(name, M.names(values))), 2)
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

-- Names a value can be indexed with: its own keys, those of its metatable's __index, and those
-- that its metatable says are made on first use.
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
    mt = type(mt) == "table" and mt or {}
    for key in pairs(rawget(mt, "__names") or {}) do list[#list + 1] = key end
    local index = rawget(mt, "__index")
    value = type(index) == "table" and index or nil
  end
  return list
end

--- The names that a line may begin with.
function M.names(env)
  local names = names_of(env, {})
  for name in pairs(program.strict) do names[#names + 1] = name end
  return names
end

-- A field that is made on first use, such as ctx.store or std.fs; nil where that fails.
local function made(value, mt, name)
  if not (rawget(mt, "__names") or {})[name] then return nil end
  local ok, found = pcall(function() return value[name] end)
  return ok and found or nil
end

-- Walks "a.b.c" by plain table access; calls nothing of the user's.
local function walk(path, env)
  local value = env
  for name in path:gmatch("[^%.:]+") do
    if type(value) ~= "table" then return nil end
    local found = rawget(value, name)
    if found == nil and value == env then found = rawget(program.strict, name) end
    if found == nil then
      local mt = debug.getmetatable(value)
      local index = type(mt) == "table" and rawget(mt, "__index")
      found = type(index) == "table" and index[name] or mt and made(value, mt, name)
    end
    value = found
  end
  return value
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
    names = M.names(env)
  else
    names = names_of(walk(path:sub(1, -2), env), {})
  end
  local found, seen = {}, {}
  for _, name in ipairs(names) do
    local hidden = name:sub(1, 1) == "_" and last == "" -- private, until it is asked for
    if name:sub(1, #last) == last and not (hidden or seen[name])
      and name:match("^[%a_][%w_]*$") then
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

--- What a line means that is no Lua: "exit", "help", or nil.
function M.word(line, env)
  local word = line:match("^%s*:?(%a+)%s*$")
  if not word or rawget(env, word) ~= nil then return nil end
  return ({ exit = "exit", quit = "exit", help = "help" })[word]
end

-- Reads until the chunk is whole; nil at the end of input.
local function read_chunk(edit, env, out)
  local text, prompt = nil, "lsqm> "
  while true do
    local line = edit.read(prompt)
    if line == false then return false end
    local word = line and not text and M.word(line, env)
    if not line or word == "exit" then return nil end
    text = text and text .. "\n" .. line or line
    if text:match("^%s*$") then return false end
    local chunk, more, why = M.compile(text, env)
    if word or not (chunk or more) then
      out(word and HELP or why)
      return false, text
    end
    if chunk then return chunk, text end
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
    if text then -- also what was wrong: it is recalled to be mended
      edit.remember((text:gsub("\n", " ")))
      if history then edit.save(history) end
    end
    if chunk then M.evaluate(chunk, env, out) end
  end
end

return M
