-- SPDX-License-Identifier: Apache-2.0
-- The ways in which environments drift without anyone deciding it, each found by name:
--   set-not-wired    a variable is set in .env (or the shell) and no service gets it
--   twin-file        two files of the same purpose lie side by side and one of them wins
--   twin-value       environment: and env_file: set the same variable and one of them wins
--   shell-wins       the shell has another value than .env, and the shell wins
--   edited-by-hand   a container differs from the files that it was started from
--   not-applied      the files were changed after the container was started

local environments = require "pipelines.parity.model.environment"
local fs = require "std.fs"
local secrets = require "pipelines.parity.model.secrets"

local M = {}

M.LABEL_VERSION = "lsqm.parity.version"

---@class parity.Drift
---@field name string
---@field key string       what drifts, unique with name
---@field value string     shown; secrets are concealed before
---@field place table?
---@field says string

local function add(list, name, key, value, place, text, ...)
  list[#list + 1] = { name = name, key = key, value = value, place = place,
    says = text:format(...) }
end

local function shown(key, value)
  return secrets.is_secret(key, value) and "***" or value
end

-- Variables with a meaning for Compose itself are wired by being set.
local function is_own(key)
  return key:find("^COMPOSE_") or key:find("^DOCKER_")
end

local function variables(project, list)
  local wired = {}
  for _, service in pairs(project.services) do
    for key in pairs(service.environment) do wired[key] = true end
  end
  for _, entry in ipairs(project.env_entries) do
    local key = entry.key
    if not project.used[key] and not wired[key] and not is_own(key) then
      add(list, "set-not-wired", key, shown(key, entry.value), entry.place,
        "%s is set, but no service gets it", key)
    end
    local outside = entry.value and os.getenv(key)
    if outside and outside ~= entry.value and project.used[key] then
      add(list, "shell-wins", key, shown(key, entry.value), entry.place,
        "%s is also set in the shell, which wins", key)
    end
  end
end

local function twins(project, list)
  for _, twin in ipairs(project.twins) do
    add(list, "twin-file", fs.basename(twin.path), twin.path, { file = twin.path },
      "%s lies beside %s, which wins: this file is not read", fs.basename(twin.path),
      fs.basename(twin.wins))
  end
  local dotenv = project.env_files[1]
  local other = dotenv and fs.basename(dotenv) == ".env" and dotenv .. ".local"
  if other and fs.is_file(other) then
    add(list, "twin-file", fs.basename(other), other, { file = other },
      ".env.local lies beside .env, and Compose reads only .env")
  end
  for _, row in ipairs(project.hidden) do
    add(list, "twin-value", row.service .. "/" .. row.key, shown(row.key, row.by and "hidden"),
      row.place, "%s of the service %s is set by environment: as well, which wins", row.key,
      row.service)
  end
end

--- Drifts that one environment shows by itself.
---@return parity.Drift[]
function M.of(environment)
  local list, project = {}, environments.project_of(environment)
  if not project then return list end
  variables(project, list)
  twins(project, list)
  return list
end

--- Why a field of a service that is missing or differs may be so: the name and a sentence.
---@param side {project: table?, service: string, running: table?}
function M.explain(path, side)
  local key = path:match("^environment_variables%[(.+)%]$")
  local project = side.project
  if key and project then
    for _, entry in ipairs(project.env_entries) do
      local given = project.services[side.service]
      if entry.key == key and given and given.environment[key] == nil then
        return "set-not-wired", ("%s is set in %s:%d, but the service does not get it"):format(key,
          fs.basename(entry.place.file), entry.place.line)
      end
    end
    for _, row in ipairs(project.hidden) do
      if row.service == side.service and row.key == key then
        return "twin-value", ("%s:%d sets %s as well, but environment: wins"):format(
          fs.basename(row.place.file), row.place.line, key)
      end
    end
  end
  return nil
end

--- Of a running service: was the container changed, or were the files?
---@param version string? what its label says it was started from
---@param wanted string  version of the service in the files
function M.of_running(version, wanted)
  if not version then return nil end
  if version == wanted then
    return "edited-by-hand", "the container was changed after it was started from these files"
  end
  return "not-applied", "the files were changed after the container was started"
end

return M
