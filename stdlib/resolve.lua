-- SPDX-License-Identifier: Apache-2.0
-- The one resolver: where a stage, rule, prompt, layout or sample is found. A user's file shadows
-- the stock file of the same name, one file at a time.
--
-- Places, first match wins:
--   1. --pipelines DIR                          (kept in LSQM_PIPELINES, so worker threads agree)
--   2. ./pipelines of a folder that `lsqm init` made (file .lsqm) and that this user owns
--   3. $XDG_CONFIG_HOME/lsqm, else ~/.config/lsqm
--   4. the installed pipelines

local uv = require "luv"
local error_of = require "std.error"
local program = require "lsqm.program"
local tables = require "std.table"

local M = {}

M.MARKER = ".lsqm"

local function is_file(path)
  local info = uv.fs_stat(path)
  return info ~= nil and info.type == "file"
end

-- Never the current directory by accident: it must be marked, ours, and not writable by others.
local function is_own_project(dir)
  local info = uv.fs_stat(dir)
  if not info or not is_file(dir .. "/" .. M.MARKER) then return false end
  local others_write = (info.mode & 2) ~= 0
  return info.uid == uv.getuid() and not others_write
end

---@return {dir: string, origin: string}[] in the order in which they are searched
function M.places()
  local places = {}
  local function add(dir, origin) places[#places + 1] = { dir = dir, origin = origin } end
  local given = uv.os_getenv("LSQM_PIPELINES")
  if given and given ~= "" then add(given, "--pipelines") end
  local cwd = uv.cwd()
  if cwd and is_own_project(cwd) then add(cwd .. "/pipelines", "project") end
  local home = uv.os_getenv("XDG_CONFIG_HOME")
  if not home or home == "" then
    local user = uv.os_getenv("HOME")
    home = user and user .. "/.config"
  end
  if home then add(home .. "/lsqm", "user") end
  add(program.share .. "/pipelines", "installed")
  return places
end

--- The configuration of the present folder, when it is one that may bring pipelines, too.
---@return string|nil path
function M.project_config()
  local cwd = uv.cwd()
  local path = cwd and cwd .. "/lsqm.lua"
  return path and is_own_project(cwd) and is_file(path) and "lsqm.lua" or nil
end

--- Sets the first place (--pipelines DIR), made absolute.
---@param dir string
---@return boolean|nil
---@return lsqm.Error|nil code "not_found": a slip must not mean the stock files
function M.set_pipelines(dir)
  local info = uv.fs_stat(dir)
  if not info or info.type ~= "directory" then
    return nil, error_of.new { op = "--pipelines", code = "not_found",
      message = "no such folder: " .. dir }
  end
  return uv.os_setenv("LSQM_PIPELINES", assert(uv.fs_realpath(dir)))
end

-- "rules.status" → "rules/status.lua"; names with a slash are paths already.
local function relative(name)
  if name:find("/", 1, true) then return name end
  return name:gsub("%.", "/") .. ".lua"
end

--- Finds `name` of a pipeline: "rules.status", "report/style.css".
---@return string? path nil when no place has it
---@return {path: string, origin: string, exists: boolean}[] tried every place, shadowed ones too
function M.find(pipeline, name)
  local winner, tried = nil, {}
  for _, place in ipairs(M.places()) do
    local path = place.dir .. "/" .. pipeline .. "/" .. relative(name)
    local exists = uv.fs_stat(path) ~= nil
    tried[#tried + 1] = { path = path, origin = place.origin, exists = exists }
    if exists and not winner then winner = path end
  end
  return winner, tried
end

--- "rules.status", "weekly.rules.status", "validator.rules.x": the pipeline may be named first.
---@param default string the pipeline otherwise
---@return string pipeline
---@return string name
function M.split(name, default)
  local first, rest = name:match("^([%w_]+)[%./](.+)$")
  for _, known in ipairs(M.pipelines()) do
    if known == first then return first, rest end
  end
  return default, name
end

--- The stock file of a name, though a user's may shadow it.
---@return string? path nil when there is none
---@return string relative its path below pipelines/
function M.stock(pipeline, name)
  local below = pipeline .. "/" .. relative(name)
  local path = program.share .. "/pipelines/" .. below
  local leaves = ("/" .. below .. "/"):find("/../", 1, true)
  return not leaves and is_file(path) and path or nil, below
end

--- For require: "pipelines.weekly.report.view" → path, or nil and the places tried.
function M.module(name)
  local pipeline, rest = name:match("^pipelines%.([%w_]+)%.(.+)$")
  if not pipeline then return nil, {} end
  local path, tried = M.find(pipeline, rest)
  local places = {}
  for i, try in ipairs(tried) do places[i] = try.path end
  return path, places
end

local cache = {}

--- Loads a Lua file of a pipeline and returns its value; once per file.
---@return any value nil, path-less error text when it is nowhere
function M.load(pipeline, name)
  local path, tried = M.find(pipeline, name)
  if not path then return nil, M.not_found(pipeline, name, tried) end
  if cache[path] == nil then
    local value, why = program.run_file(path, name, path)
    if value == nil then return nil, why or (path .. " returned nothing") end
    cache[path] = value
  end
  return cache[path], path
end

--- The value of a stock file, for a user's file that only adds to it.
---@param pipeline string
---@param name string raises when there is no such file
function M.load_stock(pipeline, name)
  local path, below = M.stock(pipeline, name)
  if not path then error(("there is no stock file pipelines/%s"):format(below), 2) end
  return (program.run_file(path, name, path))
end

-- The fields of a nearer row replace those of the same name; `false` takes a row away.
local function add_rows(rows, nearer)
  for key, row in pairs(nearer) do
    if row == false then
      rows[key] = nil
    else
      local merged = {}
      for _, source in ipairs { rows[key] or {}, row } do
        for field, value in pairs(source) do merged[field] = value end
      end
      rows[key] = merged
    end
  end
end

--- Loads a table of rows from every place that has it: a user's file adds to the stock one.
---@return table<string, table>? rows nil, error text when it is nowhere or no table of rows
function M.load_rows(pipeline, name)
  local _, tried = M.find(pipeline, name)
  local rows, found = {}, false
  for i = #tried, 1, -1 do
    if tried[i].exists then
      local value, why = program.run_file(tried[i].path, name, tried[i].path)
      if type(value) ~= "table" then return nil, why or (tried[i].path .. " returned no table") end
      for key, row in pairs(value) do
        if row ~= false and type(row) ~= "table" then
          return nil, ("%s: '%s' must be a table"):format(tried[i].path, tostring(key))
        end
      end
      add_rows(rows, value)
      found = true
    end
  end
  if not found then return nil, M.not_found(pipeline, name, tried) end
  return rows
end

function M.not_found(pipeline, name, tried)
  local lines = { ("%s of pipeline %s not found; tried:"):format(name, pipeline) }
  for _, try in ipairs(tried) do lines[#lines + 1] = "  " .. try.path end
  return table.concat(lines, "\n")
end

local function scan(dir, want)
  local names, handle = {}, uv.fs_scandir(dir)
  if not handle then return names end
  while true do
    local name, kind = uv.fs_scandir_next(handle)
    if not name then break end
    if kind == "link" or kind == "unknown" then
      local info = uv.fs_stat(dir .. "/" .. name)
      kind = info and info.type
    end
    if kind == want then names[#names + 1] = name end
  end
  return names
end

--- Names of all pipelines in all places.
function M.pipelines()
  local set = {}
  for _, place in ipairs(M.places()) do
    for _, name in ipairs(scan(place.dir, "directory")) do set[name] = true end
  end
  return tables.sorted_keys(set)
end

--- Names of a pipeline's stages: its top-level Lua files.
function M.stages(pipeline)
  local set = {}
  for _, place in ipairs(M.places()) do
    for _, file in ipairs(scan(place.dir .. "/" .. pipeline, "file")) do
      local name = file:match("^([%w_%-]+)%.lua$")
      if name then set[name] = true end
    end
  end
  return tables.sorted_keys(set)
end

return M
