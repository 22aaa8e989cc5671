-- SPDX-License-Identifier: Apache-2.0
-- Keywords: each makes a check(value, path, state, seen) -> boolean, or nothing.
-- Plain assertions are in assertions.lua; here is what applies other schemas.

local assertions = require "std.jsonschema.assertions"
local regex = require "std.regex"

local M = {}

local is_object, is_array = assertions.is_object, assertions.is_array
local join = assertions.join_path

local function cell_of(schema, context) return context.compiler:cell(schema, context.base) end

local function cells_of(list, context)
  local out = {}
  for i, schema in ipairs(list) do out[i] = cell_of(schema, context) end
  return out
end

-- What an accepted in-place schema evaluated counts for this one too.
local function absorb(seen, other)
  if not seen or not other then return end
  for name in pairs(other.props) do seen.props[name] = true end
  for i in pairs(other.extra) do seen.extra[i] = true end
  if other.items > seen.items then seen.items = other.items end
end

local function in_place(cell)
  return function(value, path, state, seen)
    local ok, other = cell.run(value, path, state)
    if ok then absorb(seen, other) end
    return ok
  end
end

local apply = {}

-- references -------------------------------------------------------------------------------------

apply["$ref"] = function(reference, context)
  return in_place((context.compiler:follow(reference, context.base)))
end

-- The outermost resource of the running scope that has this dynamic anchor wins.
apply["$dynamicRef"] = function(reference, context)
  local compiler = context.compiler
  local cell, schema = compiler:follow(reference, context.base)
  local name = reference:match("#(.*)$")
  local is_dynamic = type(schema) == "table" and schema["$dynamicAnchor"] == name
  if not is_dynamic then return in_place(cell) end
  return function(value, path, state, seen)
    local target = cell
    for _, base in ipairs(state.scope) do
      local resource = compiler.registry.resources[base]
      local found = resource and resource.dynamic[name]
      if found then
        target = compiler:cell(found, base)
        break
      end
    end
    return in_place(target)(value, path, state, seen)
  end
end

-- combinations -----------------------------------------------------------------------------------

apply.allOf = function(list, context)
  local cells = cells_of(list, context)
  return function(value, path, state, seen)
    local all = true
    for _, cell in ipairs(cells) do
      local ok, other = cell.run(value, path, state)
      if ok then absorb(seen, other) else all = false end
    end
    return all
  end
end

local function count_matches(cells, value, path, state, seen)
  local n = 0
  for _, cell in ipairs(cells) do
    local ok, other = state:try(cell, value, path)
    if ok then
      n = n + 1
      absorb(seen, other)
    end
  end
  return n
end

apply.anyOf = function(list, context)
  local cells = cells_of(list, context)
  return function(value, path, state, seen)
    if count_matches(cells, value, path, state, seen) > 0 then return true end
    return state:report(path, "anyOf", "fits none of the alternatives")
  end
end

apply.oneOf = function(list, context)
  local cells = cells_of(list, context)
  return function(value, path, state, seen)
    local n = count_matches(cells, value, path, state, seen)
    if n == 1 then return true end
    return state:report(path, "oneOf", ("fits %d of the alternatives instead of one"):format(n))
  end
end

apply["not"] = function(schema, context)
  local cell = cell_of(schema, context)
  return function(value, path, state)
    if not state:try(cell, value, path) then return true end
    return state:report(path, "not", "fits what is forbidden")
  end
end

apply["if"] = function(schema, context)
  local test = cell_of(schema, context)
  local yes, no = context.schema["then"], context.schema["else"]
  yes = yes ~= nil and cell_of(yes, context) or nil
  no = no ~= nil and cell_of(no, context) or nil
  return function(value, path, state, seen)
    local ok, other = state:try(test, value, path)
    if ok then absorb(seen, other) end
    local branch = ok and yes or not ok and no
    return not branch or in_place(branch)(value, path, state, seen)
  end
end

-- objects ----------------------------------------------------------------------------------------

apply.properties = function(map, context)
  local cells = {}
  for name, schema in pairs(map) do cells[name] = cell_of(schema, context) end
  return function(value, path, state, seen)
    if not is_object(value) then return true end
    local all = true
    for name, cell in pairs(cells) do
      if value[name] ~= nil then
        seen.props[name] = true
        all = cell.run(value[name], join(path, name), state) and all
      end
    end
    return all
  end
end

local function compile_pattern(pattern, context)
  local re, err = regex.compile(pattern, "e")
  if not re then context.compiler:fail(err.message) end
  return re
end

apply.patternProperties = function(map, context)
  local list = {}
  for pattern, schema in pairs(map) do
    list[#list + 1] = { compile_pattern(pattern, context), cell_of(schema, context) }
  end
  return function(value, path, state, seen)
    if not is_object(value) then return true end
    local all = true
    for name, item in pairs(value) do
      for _, pair in ipairs(list) do
        if pair[1]:test(name) then
          seen.props[name] = true
          all = pair[2].run(item, join(path, name), state) and all
        end
      end
    end
    return all
  end
end

local function rest_of_object(schema, context, is_known)
  local cell = cell_of(schema, context)
  return function(value, path, state, seen)
    if not is_object(value) then return true end
    local all = true
    for name, item in pairs(value) do
      if not is_known(name, seen) then
        local ok = cell.run(item, join(path, name), state)
        seen.props[name] = true
        all = ok and all
      end
    end
    return all
  end
end

apply.additionalProperties = function(schema, context)
  local named, patterns = context.schema.properties or {}, {}
  for pattern in pairs(context.schema.patternProperties or {}) do
    patterns[#patterns + 1] = compile_pattern(pattern, context)
  end
  return rest_of_object(schema, context, function(name)
    if named[name] ~= nil then return true end
    for _, re in ipairs(patterns) do
      if re:test(name) then return true end
    end
    return false
  end)
end

apply.unevaluatedProperties = function(schema, context)
  return rest_of_object(schema, context, function(name, seen) return seen.props[name] end)
end

apply.propertyNames = function(schema, context)
  local cell = cell_of(schema, context)
  return function(value, path, state)
    if not is_object(value) then return true end
    local all = true
    for name in pairs(value) do all = cell.run(name, join(path, name), state) and all end
    return all
  end
end

apply.dependentSchemas = function(map, context)
  local cells = {}
  for name, schema in pairs(map) do cells[name] = cell_of(schema, context) end
  return function(value, path, state, seen)
    if not is_object(value) then return true end
    local all = true
    for name, cell in pairs(cells) do
      if value[name] ~= nil then all = in_place(cell)(value, path, state, seen) and all end
    end
    return all
  end
end

apply.dependencies = function(map, context)
  local schemas, names = {}, {}
  for name, what in pairs(map) do
    local target = is_array(what) and names or schemas
    target[name] = what
  end
  local by_name = assertions.dependentRequired(names, context)
  local by_schema = apply.dependentSchemas(schemas, context)
  return function(value, path, state, seen)
    local a = by_name(value, path, state, seen)
    return by_schema(value, path, state, seen) and a
  end
end

-- arrays -----------------------------------------------------------------------------------------

local function leading_items(list, context)
  local cells = cells_of(list, context)
  return function(value, path, state, seen)
    if not is_array(value) then return true end
    local all = true
    for i = 1, math.min(#cells, #value) do
      all = cells[i].run(value[i], join(path, i - 1), state) and all
    end
    seen.items = math.max(seen.items, math.min(#cells, #value))
    return all
  end
end

local function rest_of_array(schema, context, first_of)
  local cell = cell_of(schema, context)
  return function(value, path, state, seen)
    if not is_array(value) then return true end
    local all = true
    for i = first_of(seen), #value do
      if not seen.extra[i] then all = cell.run(value[i], join(path, i - 1), state) and all end
    end
    seen.items = #value
    return all
  end
end

apply.prefixItems = function(list, context)
  if context.draft == 7 then return nil end
  return leading_items(list, context)
end

apply.items = function(schema, context)
  if context.draft == 7 and is_array(schema) then return leading_items(schema, context) end
  local prefix = context.draft == 7 and {} or context.schema.prefixItems or {}
  local rest = rest_of_array(schema, context, function() return #prefix + 1 end)
  -- `contains` does not excuse an item from `items`: the rest is judged with nothing seen
  return function(value, path, state, seen)
    local ok = rest(value, path, state, { items = 0, extra = {} })
    if is_array(value) then seen.items = #value end
    return ok
  end
end

apply.additionalItems = function(schema, context)
  local prefix = context.schema.items
  if context.draft ~= 7 or not is_array(prefix) then return nil end
  return rest_of_array(schema, context, function() return #prefix + 1 end)
end

apply.unevaluatedItems = function(schema, context)
  return rest_of_array(schema, context, function(seen) return seen.items + 1 end)
end

apply.contains = function(schema, context)
  local cell = cell_of(schema, context)
  local least, most = 1, math.huge
  if context.draft ~= 7 then
    least, most = context.schema.minContains or 1, context.schema.maxContains or math.huge
  end
  return function(value, path, state, seen)
    if not is_array(value) then return true end
    local n = 0
    for i, item in ipairs(value) do
      if state:try(cell, item, path) then
        n = n + 1
        if context.draft ~= 7 then seen.extra[i] = true end
      end
    end
    if n >= least and n <= most then return true end
    return state:report(path, "contains", ("%d items fit, wanted %s"):format(n,
      n < least and "at least " .. least or "at most " .. most))
  end
end

local NEW_ONLY <const> = { ["$dynamicRef"] = true, dependentSchemas = true,
  dependentRequired = true, unevaluatedItems = true, unevaluatedProperties = true,
  prefixItems = true }

--- The maker of a keyword's check in a draft; nil for annotations and unknown ones.
---@param asserts boolean false: the vocabulary "validation" is not in use
function M.find(name, draft, asserts)
  if draft == 7 and NEW_ONLY[name] then return nil end
  if draft ~= 7 and name == "additionalItems" then return nil end
  return apply[name] or asserts and assertions[name] or nil
end

--- Later ranks need what earlier ones have seen.
function M.rank(name)
  if name == "unevaluatedItems" or name == "unevaluatedProperties" then return 3 end
  if name == "additionalProperties" or name == "items" or name == "additionalItems" then
    return 2
  end
  return 1
end

return M
