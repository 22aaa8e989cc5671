-- SPDX-License-Identifier: Apache-2.0
-- A folder with Compose files and the program run in it, for the specs of `lsqm parity`.

local compose = require "std.compose"
local contracts = require("std.contracts").of "parity"
local environments = require "pipelines.parity.model.environment"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"
local table_of = require "std.table"

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

--- Runs a workflow in a project of its own, app/: the printed run, which is also the one on disk
--- and keeps its contract, its stages by name, and the result.
function Lab:ci(text, words, options)
  self:write { ["app/.github/workflows/ci.yml"] = text, ["app/hello.txt"] = "hello\n" }
  local argv = { "ci", "-C", "app", "--json" }
  table.move(words or {}, 1, #(words or {}), #argv + 1, argv)
  local run, result = self:json(argv, options)
  assert(contracts.check("pipeline_run", run))
  local kept = assert(contracts.read(self:path("ci", "runs", run.id .. ".json"), "pipeline_run"))
  assert(table_of.deep_equal(run, kept), "printed and kept run differ")
  local by_name = {}
  for _, stage in ipairs(run.stages) do by_name[stage.name] = stage end
  return run, by_name, result
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
