-- SPDX-License-Identifier: Apache-2.0
-- Where the parts of schemas are: base URIs, anchors, and the way of a reference.

local metaschema = require "std.jsonschema.metaschema"
local tables = require "std.table"
local text_of = require "std.text"

local M = {}

local ONE <const> = tables.set { "not", "if", "then", "else", "additionalItems", "contains",
  "additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties", "items" }
local MANY <const> = tables.set { "allOf", "anyOf", "oneOf", "prefixItems", "items" }
local NAMED <const> = tables.set { "properties", "patternProperties", "definitions", "$defs",
  "dependentSchemas", "dependencies" }

-- URIs -----------------------------------------------------------------------------------------

local function remove_dots(path)
  local out = {}
  for part in (path .. "/"):gmatch("([^/]*)/") do
    if part == ".." then
      if #out > 1 then out[#out] = nil end
    elseif part ~= "." then
      out[#out + 1] = part
    end
  end
  local tail = path:find("/%.%.?$") and "/" or ""
  return table.concat(out, "/") .. tail
end

--- The reference as an absolute URI, without its fragment, and the fragment.
function M.join(base, reference)
  local plain, fragment = reference:match("^([^#]*)#?(.*)$")
  if plain == "" then return base, fragment end
  if plain:find("^%a[%w+.-]*:") then return plain, fragment end
  local scheme, authority, path = base:match("^(%a[%w+.-]*:)(//[^/?]*)([^?]*)")
  if not scheme then
    if plain:sub(1, 1) == "/" then return plain, fragment end
    return (base:match("^.*/") or "") .. plain, fragment
  end
  if plain:sub(1, 2) == "//" then return scheme .. plain, fragment end
  if plain:sub(1, 1) ~= "/" then plain = (path:match("^.*/") or "/") .. plain end
  return scheme .. authority .. remove_dots(plain), fragment
end

-- the registry -----------------------------------------------------------------------------------

local Registry = {}
Registry.__index = Registry

---@param draft_of function(schema, default) -> draft
function M.new(draft, draft_of)
  return setmetatable({ resources = {}, base_of = {}, default = draft, draft_of = draft_of },
    Registry)
end

function Registry:draft(base)
  local resource = self.resources[base]
  return resource and resource.draft or self.default
end

local function open_resource(self, schema, base, draft)
  local resource = { root = schema, anchors = {}, dynamic = {}, draft = draft }
  self.resources[base] = resource
  return resource
end

-- Draft 7 names anchors in `$id`, 2020-12 in `$anchor`.
local function note_names(self, schema, base, draft)
  local id = schema["$id"]
  if type(id) == "string" and not (draft == 7 and schema["$ref"] ~= nil) then
    local uri, fragment = M.join(base, id)
    if uri ~= base then
      base, draft = uri, self.draft_of(schema, draft)
      open_resource(self, schema, base, draft)
    end
    if fragment ~= "" then self.resources[base].anchors[fragment] = schema end
  end
  local resource = self.resources[base]
  if type(schema["$anchor"]) == "string" then resource.anchors[schema["$anchor"]] = schema end
  if type(schema["$dynamicAnchor"]) == "string" then
    resource.anchors[schema["$dynamicAnchor"]] = schema
    resource.dynamic[schema["$dynamicAnchor"]] = schema
  end
  return base, draft
end

local function index(self, schema, base, draft)
  if type(schema) ~= "table" or self.base_of[schema] then return end
  base, draft = note_names(self, schema, base, draft)
  self.base_of[schema] = base
  for name, value in pairs(schema) do
    if type(value) ~= "table" then goto continue end
    if ONE[name] then index(self, value, base, draft) end
    if MANY[name] or NAMED[name] then
      for _, part in pairs(value) do index(self, part, base, draft) end
    end
    ::continue::
  end
end

--- Makes a schema known under a URI; returns its base (its own `$id` wins).
function Registry:add(schema, uri, draft)
  uri = M.join("", uri)
  if type(schema) ~= "table" then
    open_resource(self, schema, uri, draft)
    return uri
  end
  draft = self.draft_of(schema, draft)
  open_resource(self, schema, uri, draft)
  index(self, schema, uri, draft)
  return self.base_of[schema]
end

-- A JSON pointer from a resource's root; the base changes where the way enters another resource.
local function walk_pointer(self, schema, base, pointer)
  for part in pointer:gmatch("/([^/]*)") do
    if type(schema) ~= "table" then return nil end
    part = part:gsub("~1", "/"):gsub("~0", "~")
    local child = schema[part]
    if child == nil and part:find("^%d+$") then child = schema[math.tointeger(part) + 1] end
    schema = child
    base = self.base_of[schema] or base
  end
  return schema, base
end

--- The schema that a reference names, and its base; nil when there is none.
function Registry:resolve(reference, base)
  local uri, fragment = M.join(base, reference)
  local resource = self.resources[uri]
  if not resource and metaschema[uri] then
    self:add(metaschema[uri], uri, self.default)
    resource = self.resources[uri]
  end
  if not resource then return nil end
  fragment = text_of.percent_decoded(fragment)
  if fragment == "" then return resource.root, uri end
  if fragment:sub(1, 1) == "/" then
    return walk_pointer(self, resource.root, uri, fragment)
  end
  return resource.anchors[fragment], uri
end

return M
