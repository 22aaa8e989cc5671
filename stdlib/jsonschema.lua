-- SPDX-License-Identifier: Apache-2.0
-- JSON Schema, drafts 2020-12 and 7: a schema is compiled once into checks, then used often.

local error_of = require "std.error"
local json = require "std.json"
local keywords = require "std.jsonschema.keywords"
local registry_of = require "std.jsonschema.registry"

local M = {}

local DRAFT7 <const> = "draft-07"
local VALIDATION <const> = "https://json-schema.org/draft/2020-12/vocab/validation"
local MAX_ERRORS <const> = 100

local function draft_of(schema, default)
  local uri = type(schema) == "table" and schema["$schema"]
  if type(uri) ~= "string" then return default end
  return uri:find(DRAFT7, 1, true) and 7 or 2020
end

-- One compile's shared things: where schemas are, what was compiled already.
local Compiler = {}
Compiler.__index = Compiler

function Compiler:fail(message)
  error(error_of.new { op = "jsonschema", code = "syntax", message = message }, 0)
end

-- `$ref` hides its neighbours in draft 7.
local function names_of(schema, draft)
  if draft == 7 and schema["$ref"] ~= nil then return { "$ref" } end
  local names = {}
  for name in pairs(schema) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names, function(a, b)
    local ra, rb = keywords.rank(a), keywords.rank(b)
    if ra ~= rb then return ra < rb end
    return a < b
  end)
  return names
end

local function enter(state, resource)
  local scope = state.scope
  if scope[#scope] == resource then return false end
  scope[#scope + 1] = resource
  return true
end

-- The check of one schema object. `seen` collects what was evaluated, for unevaluated*.
local function object_check(checks, resource)
  return function(value, path, state)
    local ok, seen = true, { props = {}, items = 0, extra = {} }
    local entered = enter(state, resource)
    for _, check in ipairs(checks) do
      if not check(value, path, state, seen) then ok = false end
    end
    if entered then state.scope[#state.scope] = nil end
    return ok, seen
  end
end

local function accept() return true, { props = {}, items = 0, extra = {} } end

local function refuse(_, path, state)
  return state:report(path, "false schema", "nothing is allowed here"), nil
end

--- A cell {run = check} for a schema; the same table gives the same cell (schemas may recurse).
function Compiler:cell(schema, base)
  if schema == true then return { run = accept } end
  if schema == false then return { run = refuse } end
  if type(schema) ~= "table" then self:fail("a schema must be an object or a boolean") end
  local known = self.cells[schema]
  if known then return known end
  local cell = {}
  self.cells[schema] = cell
  base = self.registry.base_of[schema] or base
  local draft = self.registry:draft(base)
  local checks, context = {}, { compiler = self, schema = schema, base = base, draft = draft }
  for _, name in ipairs(names_of(schema, draft)) do
    local make = keywords.find(name, draft, self.asserts)
    local check = make and make(schema[name], context)
    if check then checks[#checks + 1] = check end
  end
  cell.run = object_check(checks, base)
  return cell
end

--- The cell that a reference means, as seen from `base`, and the schema itself.
function Compiler:follow(reference, base)
  local schema, new_base = self.registry:resolve(reference, base)
  if schema == nil then self:fail("cannot resolve $ref " .. tostring(reference)) end
  return self:cell(schema, new_base), schema, new_base
end

local State = {}
State.__index = State

--- Notes an error (unless a trial is going on); returns false.
function State:report(path, keyword, message)
  if self.errors and #self.errors < MAX_ERRORS then
    self.errors[#self.errors + 1] = { path = path, keyword = keyword, message = message }
  end
  return false
end

--- Runs a cell without keeping its errors.
function State:try(cell, value, path)
  local errors = self.errors
  self.errors = nil
  local ok, seen = cell.run(value, path, self)
  self.errors = errors
  return ok, seen
end

-- A meta-schema may do without the vocabulary that makes keywords assert anything.
local function uses_validation(registry, schema)
  local uri = type(schema) == "table" and schema["$schema"]
  local known = type(uri) == "string" and registry.resources[registry_of.join("", uri)]
  local vocabularies = known and known.root["$vocabulary"]
  return not vocabularies or vocabularies[VALIDATION] ~= nil
end

--- Compiles a schema. validate(value) -> true | false, {errors = { {path, message, keyword} }}.
---@param schema table|boolean
---@param options table|nil {draft = 7|2020 when $schema is absent, schemas = {[uri] = schema},
---  formats = false to ignore `format`}
---@return function|nil validate
---@return lsqm.Error|nil
function M.compile(schema, options)
  options = options or {}
  local draft = draft_of(schema, options.draft or 2020)
  local compiler = setmetatable({ cells = {}, formats = options.formats ~= false }, Compiler)
  compiler.registry = registry_of.new(draft, draft_of)
  for uri, other in pairs(options.schemas or {}) do compiler.registry:add(other, uri, draft) end
  local base = compiler.registry:add(schema, "", draft)
  compiler.asserts = uses_validation(compiler.registry, schema)
  local ok, cell = pcall(compiler.cell, compiler, schema, base)
  if not ok then
    if error_of.is(cell) then return nil, cell end
    error(cell, 0)
  end
  return function(value)
    if value == nil then value = json.null end
    local state = setmetatable({ errors = {}, scope = {} }, State)
    if cell.run(value, "", state) then return true end
    return false, { errors = state.errors }
  end
end

--- The errors as text lines: "/a/b: message".
---@return string
function M.describe(result)
  local lines = {}
  for _, e in ipairs(result.errors) do
    lines[#lines + 1] = (e.path == "" and "/" or e.path) .. ": " .. e.message
  end
  return table.concat(lines, "\n")
end

return M
