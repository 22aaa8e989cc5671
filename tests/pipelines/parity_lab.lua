-- SPDX-License-Identifier: Apache-2.0
-- A folder with Compose files and the program run in it, for the specs of `lsqm parity`.

local compose = require "std.compose"
local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"

local Lab = {}
Lab.__index = Lab

function Lab:path(...) return fs.join(self.dir.path, ...) end

--- Writes files by name.
function Lab:write(files)
  for name, text in pairs(files) do
    fs.mkdir(fs.dirname(self:path(name)))
    assert(fs.write(self:path(name), text))
  end
end

--- Runs `lsqm parity …` in the folder: {code, stdout, stderr}.
function Lab:run(words, options)
  options = options or {}
  local argv = { assert(os.getenv "LSQM_BIN" or self.program), "--workspace", ".", "parity" }
  table.move(words, 1, #words, #argv + 1, argv)
  local env = { HOME = self.dir.path, USER = "ryan", DOCKER_HOST = options.docker
    or "unix:///nowhere/docker.sock" }
  for key, value in pairs(options.env or {}) do env[key] = value end
  local cwd = options.cwd and self:path(options.cwd) or self.dir.path
  return assert(process.run { argv = argv, cwd = cwd, env = env, timeout = 120 })
end

--- The same, its output read as JSON.
function Lab:json(words, options)
  local result = self:run(words, options)
  local value = json.decode(result.stdout)
  assert(value ~= nil, result.stdout .. result.stderr)
  return value, result
end

--- The environment of files that are written first.
function Lab:environment(files, options)
  self:write(files)
  options = options or {}
  local project, err = compose.load { dir = options.dir or self.dir.path,
    files = options.files, getenv = function() end }
  assert(project, err and error_of.format(err))
  return environments.of(project, { id = options.id or "lab", type = options.type })
end

--- Text without the folder's name.
function Lab:short(text)
  return (text:gsub(self.dir.path:gsub("%p", "%%%0") .. "/?", ""))
end

function Lab:close() self.dir:close() end

local M = {}

function M.new()
  local uv = require "luv"
  return setmetatable({ dir = assert(fs.tempdir()), program = uv.exepath() }, Lab)
end

return M
