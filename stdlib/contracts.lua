-- SPDX-License-Identifier: Apache-2.0
-- The files of a pipeline and the JSON Schemas they keep: nothing is written that its schema in
-- the pipeline's contracts/ does not allow, no known secret is written (std.mask), and what is
-- read is checked as well.
--
--   local contracts = require("std.contracts").of "aphex"
--   contracts.write(path, "build_result", value)

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local jsonschema = require "std.jsonschema"
local mask = require "std.mask"
local resolve = require "std.resolve"
local yaml = require "std.yaml"

local M = {}

local function file_of(entity, options)
  local name = options and options.underscores and entity or entity:gsub("_", "-")
  return name .. ".schema.json"
end

local function compile(self, entity)
  local pipeline, file = self.pipeline, "contracts/" .. file_of(entity, self.options)
  local path, tried = resolve.find(pipeline, file)
  if not path then error(resolve.not_found(pipeline, file, tried), 0) end
  local schema, err = json.read(path)
  if not schema then error(err, 0) end
  return assert(jsonschema.compile(schema))
end

local Contracts = {}
Contracts.__index = Contracts

local function of(self, entity)
  self.compiled[entity] = self.compiled[entity] or compile(self, entity)
  return self.compiled[entity]
end

--- Where a value breaks its entity's schema: {{path = "/a/0", message =, keyword =}…}, or nil.
---@return table[]|nil
local function problems(self, entity, value)
  local ok, result = of(self, entity)(value)
  if ok then return nil end
  return result.errors
end

local function check(self, entity, value)
  local ok, result = of(self, entity)(value)
  if ok then return true end
  return nil, error_of.new { op = "contract " .. entity, code = "invalid",
    message = jsonschema.describe(result) }
end

local function write(self, path, entity, value, text)
  local ok, err = check(self, entity, value)
  if not ok then error(err, 0) end
  fs.mkdir(fs.dirname(path))
  return fs.write(path, mask.text(text))
end

local function read(self, path, entity)
  local value, err = (path:find "%.json$" and json or yaml).read(path)
  if value == nil then return nil, err end
  local ok, why = check(self, entity, value)
  if ok then return value end
  why.file = path
  return nil, why
end

--- The contracts of a pipeline. Functions of what is returned:
---   problems(entity, value)          nil, or the schema's errors
---   check(entity, value)             true, or nil and an error with all of them
---   write(path, entity, value)       JSON; a value that breaks its schema raises
---   write_yaml(path, entity, value)
---   read(path, entity)               JSON or YAML; nil, err where it breaks its schema
---@param pipeline string
---@param options {underscores: boolean?}? schemas are named a_b, not a-b
function M.of(pipeline, options)
  local self = setmetatable({ pipeline = pipeline, options = options, compiled = {} }, Contracts)
  return {
    problems = function(entity, value) return problems(self, entity, value) end,
    check = function(entity, value) return check(self, entity, value) end,
    write = function(path, entity, value)
      return write(self, path, entity, value, json.encode(value, { pretty = true }) .. "\n")
    end,
    write_yaml = function(path, entity, value)
      return write(self, path, entity, value, yaml.encode(value))
    end,
    read = function(path, entity) return read(self, path, entity) end,
  }
end

--- Writes the schemas of a pipeline's records into a folder; prints their paths.
---@param dir string
---@param records table field tables and ENTITIES, a list of their names
---@param options {underscores: boolean?}? as `of` takes them
function M.generate(dir, records, options)
  local schema = require "std.meta.schema"
  for _, name in ipairs(records.ENTITIES) do
    local path = fs.join(dir, file_of(name, options))
    local ok, err = json.write(path, schema.of(name, { records = records, closed = true }))
    if not ok then error(err, 0) end
    print("wrote " .. path)
  end
end

return M
