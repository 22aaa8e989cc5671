-- SPDX-License-Identifier: Apache-2.0
-- A folder with Compose files for the specs of std.compose.

local compose = require "std.compose"
local error_of = require "std.error"
local fs = require "std.fs"

local M = {}

--- The folder, from open() to close().
M.dir = nil

function M.open() M.dir = assert(fs.tempdir()) end
function M.close() M.dir:close() end

function M.write(files)
  for name, text in pairs(files) do
    fs.mkdir(fs.dirname(fs.join(M.dir.path, name)))
    assert(fs.write(fs.join(M.dir.path, name), text))
  end
end

function M.load(files, options)
  M.write(files)
  options = options or {}
  options.dir = options.dir or M.dir.path
  local env = options.env or {}
  options.getenv = function(name) return env[name] end
  for i, name in ipairs(options.files or {}) do options.files[i] = fs.join(M.dir.path, name) end
  return compose.load(options)
end

--- The project of files that are read without an error.
function M.project(files, options)
  local value, err = M.load(files, options)
  assert(value, err and error_of.format(err))
  return value
end

--- The one service of this text.
function M.service(text, options)
  return M.project({ ["compose.yaml"] = "services:\n  s:\n" .. text .. "\n" }, options).services.s
end

--- The error of files that are refused, without the folder's name.
function M.refused(files, options)
  local value, err = M.load(files, options)
  assert(value == nil, "the files are read")
  return (tostring(err):gsub(M.dir.path:gsub("%p", "%%%0") .. "/", ""))
end

return M
