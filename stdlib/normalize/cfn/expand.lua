-- SPDX-License-Identifier: Apache-2.0
-- What CloudFormation itself expands before it looks at resources: Fn::ForEach of the language
-- extensions and AWS::Include of files beside the template. Other macros stay and are named later.
local document = require "std.normalize.document"
local names = require "std.normalize.names"
local nearby = require "std.normalize.nearby"
local stand_in = require "std.normalize.stand_in"

local M = {}

-- Bounds what nested loops can make of a small template.
local MAX_ITEMS = 10000
local MAX_INCLUDES = 32

-- Where a root is tried out.
local PSEUDO = { ["AWS::Region"] = "us-east-1", ["AWS::AccountId"] = "000000000000",
  ["AWS::Partition"] = "aws" }

local visit

local function report(state, property, reason, place)
  place = place or {}
  state.unsupported[#state.unsupported + 1] = { id = state.id or "", type = state.kind,
    property = property, reason = reason, file = place.file, line = place.line, col = place.col }
end

-- --- loops -----------------------------------------------------------------------------------

local function replace_in(text, id, item)
  return (text:gsub("([%$&]){([^}]*)}", function(sign, name)
    if name ~= id then return nil end
    return sign == "$" and item or (item:gsub("[^%w]", ""))
  end))
end

local function replaced(value, id, item)
  if type(value) == "string" then return replace_in(value, id, item) end
  if type(value) ~= "table" then return value end
  if value.Ref == id and next(value, next(value)) == nil then return item end
  local copy = setmetatable({}, getmetatable(value))
  for key, inner in pairs(value) do
    copy[type(key) == "string" and replace_in(key, id, item) or key] = replaced(inner, id, item)
  end
  return copy
end

local function parameter_of(state, name)
  local parameters = state.template.Parameters
  local parameter = type(parameters) == "table" and parameters[name]
  return type(parameter) == "table" and parameter or nil
end

local function assume(state, name, value)
  state.assumptions[#state.assumptions + 1] =
    ("loops over %s are expanded for %s"):format(name, value)
  return value
end

-- What a part of a collection is where the root is tried out.
local function known(state, value)
  if type(value) == "string" or type(value) == "number" then return tostring(value) end
  local name = type(value) == "table" and value.Ref
  if type(name) ~= "string" then return nil end
  if PSEUDO[name] then return assume(state, name, PSEUDO[name]) end
  local parameter = parameter_of(state, name)
  local default = parameter and parameter.Default
  if parameter and default == nil then default = stand_in.value(name, parameter) end
  if type(default) ~= "string" and type(default) ~= "number" then return nil end
  return assume(state, "parameter " .. name, tostring(default))
end

local function text_items(state, list)
  local items = {}
  for _, item in ipairs(list) do
    local text = known(state, item)
    if not text then return nil end
    items[#items + 1] = text
  end
  return items
end

local function parameter_items(state, name)
  local parameter = parameter_of(state, name)
  local default = parameter and parameter.Default
  if type(default) ~= "string" then return nil end
  local items = {}
  for item in default:gmatch("[^,]+") do items[#items + 1] = item:match("^%s*(.-)%s*$") end
  assume(state, "parameter " .. name, default)
  return items
end

local function mapped_items(state, arg)
  local at = state.template.Mappings
  for i = 1, 3 do
    local key = known(state, arg[i])
    at = type(at) == "table" and key and at[key] or nil
  end
  return type(at) == "table" and text_items(state, at) or nil
end

local function items_of(state, collection)
  if type(collection) ~= "table" then return nil end
  if #collection > 0 or next(collection) == nil then return text_items(state, collection) end
  if type(collection.Ref) == "string" then return parameter_items(state, collection.Ref) end
  local lookup = collection["Fn::FindInMap"]
  return type(lookup) == "table" and mapped_items(state, lookup) or nil
end

local function loop(state, out, key, arg)
  local id, body = type(arg) == "table" and arg[1], type(arg) == "table" and arg[3]
  if type(id) ~= "string" or type(body) ~= "table" then
    return report(state, key, "ForEach takes an identifier, a collection and a body")
  end
  local items = items_of(state, arg[2])
  if not items then return report(state, key, "a collection known only at deploy time") end
  for _, item in ipairs(items) do
    state.items = state.items + 1
    if state.items > MAX_ITEMS then
      return report(state, key, ("loops make more than %d items"):format(MAX_ITEMS))
    end
    for name, value in pairs(visit(state, replaced(body, id, item))) do
      if out[name] ~= nil then report(state, key, "makes '" .. tostring(name) .. "' twice") end
      out[name] = value
    end
  end
end

-- --- includes --------------------------------------------------------------------------------

local function included(state, macro)
  local parameters = type(macro.Parameters) == "table" and macro.Parameters or {}
  local text = nearby.text(parameters.Location, state.template)
  local path = nearby.find(state.job, text)
  if not path then
    report(state, "Fn::Transform", "missing file " .. nearby.name(text) .. " of AWS::Include")
    return nil
  end
  state.includes = state.includes + 1
  if state.includes > MAX_INCLUDES then
    report(state, "Fn::Transform", ("more than %d included files"):format(MAX_INCLUDES))
    return nil
  end
  local content, err = document.read(path)
  local problem = err
  if content then content, problem = document.parse { path = path, text = content } end
  if content then return visit(state, content) end
  if problem.unsupported then
    for _, entry in ipairs(problem.unsupported) do
      state.unsupported[#state.unsupported + 1] = entry
    end
  else
    report(state, "Fn::Transform", problem.message, problem)
  end
end

local function is_include(value)
  return type(value) == "table" and value.Name == "AWS::Include"
end

local function include(state, out, value)
  for _, macro in ipairs(is_include(value) and { value } or value) do
    for key, inner in pairs(included(state, macro) or {}) do
      if out[key] == nil then out[key] = inner end
    end
  end
end

local function all_includes(value)
  if type(value) ~= "table" then return false end
  if is_include(value) then return true end
  for _, item in ipairs(value) do
    if not is_include(item) then return false end
  end
  return #value > 0
end

-- --- the walk --------------------------------------------------------------------------------

local function is_special(key)
  return type(key) == "string" and (key:sub(1, 13) == "Fn::ForEach::" or key == "Fn::Transform")
end

visit = function(state, value)
  if type(value) ~= "table" then return value end
  local special
  for key, inner in pairs(value) do
    if is_special(key) then
      special = true
    elseif type(inner) == "table" then
      value[key] = visit(state, inner)
    end
  end
  if not special then return value end
  local out = setmetatable({}, getmetatable(value))
  for _, key in ipairs(names.sorted_keys(value)) do
    if not is_special(key) then out[key] = value[key] end
  end
  for _, key in ipairs(names.sorted_keys(value)) do
    if key == "Fn::Transform" and all_includes(value[key]) then
      include(state, out, value[key])
    elseif key == "Fn::Transform" then
      out[key] = value[key]
    elseif is_special(key) then
      loop(state, out, key, value[key])
    end
  end
  return out
end

local SECTIONS = { Mappings = "Mapping", Conditions = "Condition", Resources = "Resource",
  Outputs = "Output" }

-- An include of the template as a whole.
local function top_level(state, template)
  local transform = template.Transform
  if is_include(transform) then
    template.Transform = nil
    return include(state, template, transform)
  end
  for i = type(transform) == "table" and #transform or 0, 1, -1 do
    if is_include(transform[i]) then include(state, template, table.remove(transform, i)) end
  end
end

---Expands a template in place.
---@param template table
---@param job {path: string, root: string|nil, text: string|nil}
---@return {unsupported: table[], assumptions: string[]}
function M.template(template, job)
  local state = { template = template, job = job, unsupported = {}, assumptions = {}, items = 0,
    includes = 0 }
  if job.text and not job.text:find("ForEach", 1, true)
      and not job.text:find("Transform", 1, true) then
    return state
  end
  top_level(state, template)
  for _, name in ipairs(names.sorted_keys(SECTIONS)) do
    state.kind = SECTIONS[name]
    if type(template[name]) == "table" then template[name] = visit(state, template[name]) end
  end
  return state
end

return M
