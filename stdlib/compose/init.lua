-- SPDX-License-Identifier: Apache-2.0
-- Reads Compose projects: several files, extends, include, profiles, .env, interpolation, merge
-- rules. Every value knows its file and line: std.compose.origin.

local document = require "std.compose.document"
local dotenv = require "std.compose.dotenv"
local error_of = require "std.error"
local file = require "std.compose.file"
local fs = require "std.fs"
local interpolate = require "std.compose.interpolate"
local json = require "std.json"
local merge = require "std.compose.merge"
local mounts = require "std.compose.mounts"
local origin = require "std.compose.origin"
local projects = require "std.compose.project"
local table_of = require "std.table"
local yaml = require "std.yaml"

local M = {}

-- In this order; the first that is there wins, as with Docker Compose.
M.NAMES = { "compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml" }
M.OVERRIDES = { "compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml",
  "docker-compose.override.yml" }

local function present(dir, names)
  local found = {}
  for _, name in ipairs(names) do
    local path = fs.join(dir, name)
    if fs.is_file(path) then found[#found + 1] = path end
  end
  return found
end

-- The files of a folder: {files}, and those that lie beside the one that wins and are not read.
local function discover(dir)
  local base, over = present(dir, M.NAMES), present(dir, M.OVERRIDES)
  local twins = {}
  for _, list in ipairs { base, over } do
    for i = 2, #list do twins[#twins + 1] = { path = list[i], wins = list[1] } end
  end
  return { base[1], base[1] and over[1] }, twins
end

local function normal_name(text)
  return (text:lower():gsub("[^%w_-]", ""):gsub("^[_-]+", ""))
end

-- `name:` of the last file that has one, without reading all of them: they may mention it.
local function declared_name(state)
  for i = #state.files, 1, -1 do
    local path, number = state.files[i], 0
    for line in (file.read(path) or ""):gmatch("([^\n]*)\n?") do
      number = number + 1
      local row = line:find("^name:") and yaml.decode(line)
      if row and type(row.name) == "string" then
        return interpolate.text(row.name, { get = state.variables.get,
          place = { file = path, line = number, col = 1 } })
      end
    end
  end
  return nil
end

local function name_of(state)
  return normal_name(state.given_name or state.variables.get "COMPOSE_PROJECT_NAME"
    or declared_name(state) or fs.basename(state.dir))
end

local function lookup(state, own, name)
  if name == "COMPOSE_PROJECT_NAME" and state.name then return state.name end
  local value = state.getenv(name)
  if value == nil then value = own[name] end
  if value and state.on_value then state.on_value(name, value) end
  return value
end

-- Variables around the files: the process's own win over .env.
local function variables(state)
  local own = {}
  state.used, state.missing, state.entries = {}, {}, {}
  local access = {
    get = function(name) return lookup(state, own, name) end,
    on_use = function(name, place)
      state.used[name] = state.used[name] or place or true
    end,
    on_missing = function(name, place)
      state.missing[#state.missing + 1] = { name = name, place = place }
    end,
  }
  for _, path in ipairs(state.env_files) do
    local entries, err = dotenv.read(path, { get = access.get, on_use = access.on_use })
    if not entries then error(err, 0) end
    for _, entry in ipairs(entries) do
      if entry.value then own[entry.key] = entry.value end
      table.insert(state.entries, entry)
    end
  end
  return access
end

local function default_env_files(dir)
  local path = fs.join(dir, ".env")
  return fs.is_file(path) and { path } or {}
end

local load_all

local function include_row(row, state)
  local files = {}
  for _, path in ipairs(row.path or {}) do files[#files + 1] = mounts.host_path(path, state) end
  if not files[1] then origin.fail(origin.at(row), "include: path is missing") end
  local dir = row.project_directory and mounts.host_path(row.project_directory, state)
    or fs.dirname(files[1])
  local env_files = {}
  for _, path in ipairs(row.env_file or {}) do
    env_files[#env_files + 1] = mounts.host_path(path, state)
  end
  return files, dir, row.env_file and env_files or default_env_files(dir)
end

local function import(merged, included)
  for _, section in ipairs(document.SECTIONS) do
    for name, value in pairs(included[section] or {}) do
      merged[section] = merged[section] or {}
      local present_value = merged[section][name]
      if present_value and not table_of.deep_equal(present_value, value) then
        origin.fail(origin.at(included[section], name),
          "include: %s.%s is defined differently by another included file", section, name)
      end
      merged[section][name] = value
      origin.copy(merged[section], name, included[section])
    end
  end
end

-- `environment: [NAME]` of an included project is that project's NAME.
local function take_variables(services, access)
  for _, service in pairs(services or {}) do
    for name, value in pairs(service.environment or {}) do
      if value == json.null then service.environment[name] = access.get(name) or json.null end
    end
  end
end

local MOST_INCLUDES <const> = 1000 -- files that include each other twice double at each level

local function count_include(count, place)
  count.n = count.n + 1
  if count.n > MOST_INCLUDES then
    origin.fail(place, "include: more than %d projects are included", MOST_INCLUDES)
  end
end

local function read_includes(doc, state, chain)
  local merged = {}
  for i, row in ipairs(doc.include or {}) do
    local place = origin.at(doc.include, i)
    count_include(state.count, place)
    local files, dir, env_files = include_row(row, state)
    for _, path in ipairs(files) do
      if chain[path] then origin.fail(place, "include goes in a circle: %s", path) end
    end
    local inner = { dir = dir, files = files, env_files = env_files, getenv = state.variables.get,
      on_value = state.on_value, count = state.count }
    inner.variables = variables(inner)
    local included = load_all(inner, chain)
    take_variables(included.services, inner.variables)
    import(merged, included)
    table_of.append(state.missing, inner.missing)
    for name, at in pairs(inner.used) do state.used[name] = state.used[name] or at end
    for _, path in ipairs(files) do table.insert(state.read, path) end
  end
  return merged
end

-- A file that includes may not say something else about what it includes; later files may.
local function check_conflicts(beneath, doc)
  for _, section in ipairs(document.SECTIONS) do
    for name, value in table_of.sorted_pairs(doc[section] or {}) do
      local other = (beneath[section] or {})[name]
      if other ~= nil and not table_of.deep_equal(other, value) then
        origin.fail(origin.at(doc[section], name),
          "%s.%s is defined differently by an included file: change it in an override file",
          section, name)
      end
    end
  end
end

-- All files of a project merged: what each includes lies beneath the file itself.
function load_all(state, chain)
  local merged
  local empty = true
  state.read = state.read or {}
  for _, path in ipairs(state.files) do
    local longer = table_of.merge(chain, { [path] = true })
    local doc = document.read(path, state)
    local beneath = read_includes(doc, state, longer)
    local place = doc.place
    empty = empty and doc.empty
    doc.include, doc.place, doc.name, doc.version, doc.empty = nil, nil, nil, nil, nil
    if next(beneath) then
      check_conflicts(beneath, doc)
      doc = merge.document(beneath, doc)
    end
    merged = merged and merge.document(merged, doc) or doc
    merge.refuse_nulls(merged)
    merged.place = merged.place or place
  end
  if empty then origin.fail({ file = state.files[1] }, "the file is empty") end
  return merged
end

local function split(text, separator)
  local list = {}
  for part in text:gmatch("[^" .. separator:gsub("%W", "%%%0") .. "]+") do
    list[#list + 1] = part
  end
  return list
end

-- COMPOSE_FILE of the shell (for the folder one stands in) or of the folder's .env.
local function files_of_variable(dir, options)
  local state = { dir = dir, files = {}, env_files = M.env_files(dir, options),
    getenv = options.dir and function() end or options.getenv }
  local access = variables(state)
  local text = access.get "COMPOSE_FILE"
  if not text or text == "" then return {} end
  return table_of.map(split(text, access.get "COMPOSE_PATH_SEPARATOR" or ":"), function(path)
    return fs.absolute(fs.join(dir, path))
  end)
end

-- The folder, else those above it where none was named; no files when there are none.
local function search(dir, options)
  local files, twins = discover(dir)
  while not files[1] and not options.dir and dir ~= "/" do
    dir = fs.dirname(dir)
    files, twins = discover(dir)
  end
  return files, twins
end

-- Files, twins that are not read, and the project's folder.
local function locate(options)
  local start = fs.absolute(options.dir or ".")
  local files, twins = {}, {}
  for i, path in ipairs(options.files or {}) do files[i] = fs.absolute(path) end
  if not files[1] then files = files_of_variable(start, options) end
  if not files[1] then files, twins = search(start, options) end
  if not files[1] then
    return nil, error_of.new { op = "compose", code = "not_found",
      message = "no Compose file in " .. start, hint = "name one with --file" }
  end
  return files, twins, options.dir and start or fs.dirname(files[1])
end

--- The files of variables of a project's folder: as given, else COMPOSE_ENV_FILES, else .env.
function M.env_files(dir, options)
  if options.env_files then return options.env_files end
  local text = options.getenv "COMPOSE_ENV_FILES"
  if text and text ~= "" then return table_of.map(split(text, ","), fs.absolute) end
  local off = (options.getenv "COMPOSE_DISABLE_ENV_FILE" or ""):lower()
  return off ~= "1" and off ~= "true" and default_env_files(dir) or {}
end

local function read_project(options)
  local files, twins, dir = locate(options)
  if not files then return nil, twins end
  local state = { dir = dir, files = files, getenv = options.getenv, given_name = options.name,
    env_files = M.env_files(dir, options), on_value = options.on_value, count = { n = 0 } }
  state.variables = variables(state)
  state.name = name_of(state)
  local merged = merge.without_resets(load_all(state, {}))
  state.profiles = table_of.append(table_of.copy(options.profiles or {}),
    split((state.variables.get "COMPOSE_PROFILES" or ""):gsub("%s", ""), ","))
  local project = projects.finish(merged, state)
  project.files, project.twins, project.env_files = files, twins, state.env_files
  project.env_entries, project.used, project.missing = state.entries, state.used, state.missing
  project.included, project.variables = state.read, state.variables.get
  return project
end

---@class lsqm.compose.Project
---@field name string
---@field dir string
---@field services table<string, table>  long forms, active ones
---@field inactive table<string, table>  those of profiles that are not active
---@field networks table
---@field volumes table
---@field secrets table
---@field configs table
---@field files string[]
---@field twins {path: string, wins: string}[]  files beside the winner that are not read
---@field env_entries {key: string, value: string?, place: table}[]
---@field used table<string, table>      variables that the files mention, and where first
---@field missing {name: string, place: table}[]
---@field variables fun(name: string): string?  as the files saw them
---@field hidden {service: string, key: string, place: table, by: table}[]
---@field environment_sources table<string, table<string, string>>  "inline" or "file"

--- Reads a project.
---@param options {files?: string[], dir?: string, env_files?: string[], profiles?: string[],
---  name?: string, getenv?: fun(name: string): string?,
---  on_value?: fun(name: string, value: string)} on_value sees each variable that is looked up
---@return lsqm.compose.Project?
---@return lsqm.Error?
function M.load(options)
  local given = table_of.merge({ getenv = os.getenv }, options)
  local ok, project, err = pcall(read_project, given)
  if ok then return project, err end
  if error_of.is(project) then return nil, project end
  error(project, 0)
end

return M
