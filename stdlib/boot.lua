-- SPDX-License-Identifier: Apache-2.0
-- The first Lua file of every state: strict globals, the places where modules are found, and
-- main(). Found only beside the program, so no user file can replace it.

local program = lsqm
local share = program.share

-- Libraries of the system must not come from the current directory.
local function without_relative(path)
  local kept = {}
  for entry in path:gmatch("[^;]+") do
    if entry:sub(1, 1) == "/" then kept[#kept + 1] = entry end
  end
  return table.concat(kept, ";")
end
package.path = without_relative(package.path)
package.cpath = without_relative(package.cpath)

-- Our chunks see a copy of the globals in which an unknown name is an error; third-party
-- libraries keep the plain table, since many probe for optional globals.
local strict = {}
for name, value in pairs(_G) do strict[name] = value end
strict._G = strict
setmetatable(strict, {
  __index = function(_, name)
    error(("undefined global '%s'%s"):format(tostring(name),
      require("std.suggest").phrase(tostring(name), strict)), 2)
  end,
  __newindex = function(_, name)
    error(("assignment to undeclared global '%s': write `local`"):format(tostring(name)), 2)
  end,
})

local error_type = debug.getregistry()["lsqm.error"]
if not error_type then
  error_type = { __name = "lsqm.error" }
  debug.getregistry()["lsqm.error"] = error_type
end

-- A syntax error names the whole path, not the shortened one that Lua puts into its messages.
local function syntax_error(path, message)
  local line, text = message:match(":(%d+): (.*)$")
  return setmetatable({ code = "syntax", file = path, line = tonumber(line),
    message = text or message }, error_type)
end

--- Loads one of our chunks: text only, strict globals, true file name and line numbers.
local function load_file(path, env)
  local file, why = io.open(path, "rb")
  if not file then return nil, why end
  local text = file:read("a")
  file:close()
  text = text:gsub("^#[^\n]*", "")
  local chunk, message = load(text, "@" .. path, "t", env or strict)
  if not chunk then error(syntax_error(path, message), 0) end
  return chunk
end

--- Loads and runs a chunk; while it runs, its path is the last of program.loading, so that what
--- it calls can name it.
local function run_file(path, ...)
  local chunk, why = load_file(path)
  if not chunk then return nil, why end
  local stack = program.loading
  stack[#stack + 1] = path
  local result = table.pack(pcall(chunk, ...))
  stack[#stack] = nil
  if not result[1] then error(result[2], 0) end
  return table.unpack(result, 2, result.n)
end

local function is_readable(path)
  local file = io.open(path, "rb")
  if not file then return false end
  local ok = file:read(0) ~= nil or file:seek("end") ~= nil
  file:close()
  return ok
end

-- Modules that users may require as std.NAME.
local function std_names()
  local uv, names = require "luv", {}
  local handle = uv.fs_scandir(share .. "/stdlib")
  while handle do
    local name, kind = uv.fs_scandir_next(handle)
    if not name then break end
    local module = name:match("^([%w_]+)%.lua$")
      or kind == "directory" and is_readable(share .. "/stdlib/" .. name .. "/init.lua") and name
    if module and module ~= "boot" then names[#names + 1] = module end
  end
  return names
end

local function search_std(name)
  local rest = name:match("^std%.(.+)$")
  if not rest then return nil end
  local base = share .. "/stdlib/" .. rest:gsub("%.", "/")
  for _, path in ipairs { base .. ".lua", base .. "/init.lua" } do
    if is_readable(path) then return load_file(path), path end
  end
  local names = require("std.suggest").phrase(rest, program.std_names())
  error(("module '%s' not found: no file %s.lua%s"):format(name, base, names), 3)
end

-- `require "pipelines.weekly.report.view"` goes through the one resolver, so users can shadow it.
local function search_pipelines(name)
  if not name:find("^pipelines%.") then return nil end
  local path, tried = require("std.resolve").module(name)
  if path then return load_file(path), path end
  return "\n\tno file '" .. table.concat(tried, "'\n\tno file '") .. "'"
end

table.insert(package.searchers, 2, search_std)
table.insert(package.searchers, 3, search_pipelines)

program.load_file = load_file
program.run_file = run_file
program.loading = {}
program.std_names = std_names
program.strict = strict
_G.lsqm = nil
package.loaded["lsqm.program"] = program

return {
  main = function(argv)
    return require("std.cli").main(argv)
  end,
}
