-- SPDX-License-Identifier: Apache-2.0
-- Reads the compact provider index (aws.idx, made by tests/tools/provider_index.lua). Types are
-- parsed when first asked for, so that a run pays only for what its templates use.
local M = {}

local NESTING = { l = "list", s = "set", m = "map", ["1"] = "single" }
local text, types, bodies

local function load_index()
  local here = debug.getinfo(1, "S").source:match("^@(.*)/") or "."
  local file = assert(io.open(here .. "/aws.idx", "rb"))
  text = "\n" .. file:read("a")
  file:close()
  types, bodies = {}, {}
end

local function line_of(key)
  local _, stop = text:find("\n" .. key .. " ", 1, true)
  return stop and text:sub(stop + 1, text:find("\n", stop, true) - 1)
end

local parse_type

local function parse_object(code, pos)
  local attrs = {}
  while code:sub(pos, pos) ~= "}" do
    local name, after = code:match("^([%w_]+)=()", pos)
    attrs[name], pos = parse_type(code, after)
    if code:sub(pos, pos) == "," then pos = pos + 1 end
  end
  return { kind = "object", attrs = attrs }, pos + 1
end

local SIMPLE = { s = "string", n = "number", b = "bool", D = "dynamic" }
local COLLECTION = { L = "list", S = "set", M = "map" }

parse_type = function(code, pos)
  local c = code:sub(pos, pos)
  if SIMPLE[c] then return { kind = SIMPLE[c] }, pos + 1 end
  if c == "{" then return parse_object(code, pos + 1) end
  local element, after = parse_type(code, pos + 1)
  return { kind = COLLECTION[c], element = element }, after
end

local body_of

local function parse_entry(entry, body)
  local name, mode, code = entry:match("^([%w_]+)=(.)(.+)$")
  if name then
    local attribute = parse_type(code, 1)
    attribute.mode = mode
    body.attrs[name] = attribute
    return
  end
  local sign, nesting, min, max, id
  name, sign, nesting, min, max, id = entry:match("^([%w_]+)([:~])(.)(%d+)%.(%d+)@(%d+)$")
  if sign == "~" then
    body.attrs[name] = { kind = NESTING[nesting], nested = id, mode = "o" }
  else
    body.blocks[name] = { nesting = NESTING[nesting], min = tonumber(min), max = tonumber(max),
      id = id }
  end
end

local function parse_body(line)
  local body = { attrs = {}, blocks = {} }
  for entry in line:gmatch("%S+") do parse_entry(entry, body) end
  return body
end

body_of = function(id)
  bodies[id] = bodies[id] or parse_body(line_of("@" .. id) or "")
  return bodies[id]
end

---The schema of one resource type, or nil when the provider has no such type.
---@param name string
---@return {attrs: table, blocks: table}|nil
function M.resource(name)
  if not text then load_index() end
  if types[name] == nil then
    local line = line_of(name)
    types[name] = line and parse_body(line) or false
  end
  return types[name] or nil
end

---The schema of one data source, or nil when the provider has no such one.
---@param name string
---@return {attrs: table, blocks: table}|nil
function M.data(name) return M.resource("data." .. name) end

---The body of a nested block, as a list of objects written as blocks counts as one too.
---@param body {attrs: table, blocks: table}
---@param name string
---@return table|nil body, string|nil nesting
function M.block(body, name)
  local block = body.blocks[name]
  if block then return body_of(block.id), block.max == 1 and "single" or block.nesting end
  local attribute = body.attrs[name]
  if not attribute then return nil end
  local element = attribute.element
  if element and element.kind == "object" then
    local attrs = {}
    for key, value in pairs(element.attrs) do
      attrs[key] = { kind = value.kind, element = value.element, attrs = value.attrs, mode = "o" }
    end
    return { attrs = attrs, blocks = {}, loose = true }, attribute.kind
  end
end

---Names that must be set in a body.
---@return string[]
function M.required(body)
  local names = {}
  for name, attribute in pairs(body.attrs) do
    if attribute.mode == "r" then names[#names + 1] = name end
  end
  for name, block in pairs(body.blocks) do
    if block.min > 0 then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

---The provider version that the index was made from.
function M.version()
  if not text then load_index() end
  return text:match("^\n# %S+ (%S+)")
end

return M
