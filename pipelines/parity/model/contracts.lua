-- SPDX-License-Identifier: Apache-2.0
-- Nothing is written that its schema in contracts/ does not allow, and no secret with it.

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local mask = require "std.mask"
local resolve = require "std.resolve"
local yaml = require "std.yaml"

local M = {}

local compiled = {}

local function validator(name)
  if compiled[name] then return compiled[name] end
  local file = "contracts/" .. name:gsub("_", "-") .. ".schema.json"
  local path, tried = resolve.find("parity", file)
  if not path then error(resolve.not_found("parity", file, tried), 0) end
  local schema, err = json.read(path)
  if not schema then error(err, 0) end
  compiled[name] = assert(jsonschema.compile(schema))
  return compiled[name]
end

--- Does the value keep the entity's schema?
---@param name string a name of model/records.lua
---@return boolean?
---@return lsqm.Error?
function M.check(name, value)
  local ok, result = validator(name)(value)
  if ok then return true end
  return nil, error_of.new { op = "contract " .. name, code = "invalid",
    message = jsonschema.describe(result) }
end

local function write(path, name, value, text)
  local ok, err = M.check(name, value)
  if not ok then error(err, 0) end
  fs.mkdir(fs.dirname(path))
  return fs.write(path, mask.text(text))
end

--- Writes JSON; a value that breaks its schema raises and writes nothing.
---@return boolean?
---@return lsqm.Error?
function M.write(path, name, value)
  return write(path, name, value, json.encode(value, { pretty = true }) .. "\n")
end

--- The same as YAML.
function M.write_yaml(path, name, value)
  return write(path, name, value, yaml.encode(value))
end

local function checked(path, name, value, err)
  if value == nil then return nil, err end
  local ok, why = M.check(name, value)
  if ok then return value end
  why.file = path
  return nil, why
end

--- Reads a JSON or YAML file that M wrote; nil and an error where it breaks its schema.
function M.read(path, name)
  local value, err = yaml.read(path)
  return checked(path, name, value, err)
end

return M
