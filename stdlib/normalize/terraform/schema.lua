-- SPDX-License-Identifier: Apache-2.0
-- Holds every aws block and reference against the provider's index: arguments that it does not
-- have are dropped where they say nothing (null, no instance), changed by rule, or refused.
local helpers = require "std.normalize.terraform.helpers"
local hcl = require "std.hcl"
local names = require "std.normalize.names"
local provider = require "std.normalize.provider"
local elements = require("std.normalize.terraform.unit").elements
local tree = require "std.normalize.terraform.tree"

local M = {}

local META <const> = { count = true, for_each = true, depends_on = true, provider = true,
  lifecycle = true, connection = true, provisioner = true, timeouts = true }

local function schema_of(entry)
  if entry.mode == "data" then return provider.data(entry.type) end
  return provider.resource(entry.type)
end

local function missing(what) return ("%s is not in provider aws %s"):format(what,
  provider.version()) end

-- --- the region argument of newer providers ------------------------------------------------------

local function alias_of(region) return "lsqm_" .. region:gsub("%W", "_") end

local function set_region(state, unit, entry, attribute)
  local value = unit:value(attribute.expr)
  if unit:is_dead(entry.item.body) then return helpers.cut(entry.file, attribute) end
  local region = unit.region or state.region or "us-east-1"
  if value == hcl.null or value == region then return helpers.cut(entry.file, attribute) end
  if type(value) ~= "string" or tree.attr(entry.item.body, "provider") then
    return state:refuse(unit, entry, attribute, "a region that is not constant")
  end
  if unit.to == "" then
    state:alias(alias_of(value), value)
    table.insert(entry.file.edits, { first = attribute.first, last = attribute.last,
      text = "provider = aws." .. alias_of(value) })
    return
  end
  local call = unit.call.item
  if unit.parent.to ~= "" or tree.attr(call.body, "providers") then
    return state:refuse(unit, entry, attribute, "a module in another region")
  end
  unit.region = value
  state:alias(alias_of(value), value)
  table.insert(unit.call.file.edits, { first = call.last, last = call.last - 1,
    text = ("\nproviders = { aws = aws.%s }\n"):format(alias_of(value)) })
  helpers.cut(entry.file, attribute)
end

-- --- arguments and blocks ------------------------------------------------------------------------

-- Whether an expression is null in every instance of its block.
local function is_null(unit, expr, scopes)
  for _, scope in ipairs(scopes) do
    if unit:value(expr, scope) ~= hcl.null then return false end
  end
  return true
end

local function unknown_attribute(state, unit, entry, attribute, top, scopes)
  local rules = state.rules.arguments
  local rule = (rules[entry.type] or {})[attribute.name]
  if rule == nil then rule = rules["*"][attribute.name] end
  if top and attribute.name == "region" then return set_region(state, unit, entry, attribute) end
  if type(rule) == "string" then
    table.insert(entry.file.edits, { first = attribute.first, last = attribute.last, text = rule })
  elseif rule == false then
    helpers.cut(entry.file, attribute)
    state:assume("%s: argument %s is left out", unit:address(entry.address), attribute.name)
  elseif is_null(unit, attribute.expr, scopes) or unit:is_dead(entry.item.body) then
    helpers.cut(entry.file, attribute)
  else
    state:refuse(unit, entry, attribute, missing("argument " .. attribute.name))
  end
end

-- The scopes of a dynamic block's content, in those of the block around it; an empty list where
-- it is known to make no block.
local function content_scopes(unit, block, scopes)
  local for_each = tree.attr(block.body, "for_each")
  local iterator = tree.attr(block.body, "iterator")
  local name = iterator and iterator.expr.name or block.labels[1]
  local inner = {}
  for _, scope in ipairs(scopes) do
    local value = for_each and unit:value(for_each.expr, scope)
    for _, pair in ipairs(value == hcl.null and {} or elements(value) or { false }) do
      inner[#inner + 1] = setmetatable({ [name] = pair or nil }, { __index = scope })
    end
  end
  return inner
end

-- {by=, HASH=…} makes an attribute of a block; {into=, rename=} moves it into another one.
local function changed_block(state, unit, entry, block, rule)
  local file = entry.file
  if rule.by then
    local by = tree.attr(block.body, rule.by)
    local name = by and rule[unit:text(by.expr) or ""]
    local value = tree.attr(block.body, rule.value)
    if not name or not value then return nil end
    table.insert(file.edits, { first = block.first, last = block.last,
      text = ("%s = %s"):format(name, unit:slice(file, value.expr)) })
    return name
  end
  for _, item in ipairs(block.body.items) do
    local renamed = item.name and rule.rename[item.name]
    if renamed then
      table.insert(file.edits, { first = item.first, last = item.first + #item.name - 1,
        text = renamed })
    end
  end
  local text = unit:slice(file, block)
  for _, name in ipairs(rule.into or {}) do
    local target = tree.blocks(entry.item.body, name)[1]
    if target then
      state.added[target] = block.type
      table.insert(file.edits, { first = target.last, last = target.last - 1,
        text = "\n" .. text .. "\n" })
      helpers.cut(file, block)
      return block.type
    end
  end
end

local check_body

-- Before the rest is checked, since it changes other blocks.
local function change_blocks(state, unit, entry, schema, outer)
  local rules, made = state.rules.blocks[entry.type] or {}, {}
  for _, block in ipairs(tree.blocks(outer.body)) do
    local rule = not schema.blocks[block.type] and rules[block.type]
    local name = rule and changed_block(state, unit, entry, block, rule)
    made[block] = name
  end
  return made
end

local function check_block(state, unit, entry, block, schema, scopes)
  local is_dynamic = block.type == "dynamic"
  if is_dynamic then scopes = content_scopes(unit, block, scopes) end
  local name = is_dynamic and block.labels[1] or block.type
  local inner = schema.blocks[name] and provider.block(schema, name)
  local loose = not inner and schema.attrs[name] and provider.block(schema, name)
  if not inner and not loose then
    if #scopes == 0 or unit:is_dead(entry.item.body) then
      return helpers.cut(entry.file, block)
    end
    return state:refuse(unit, entry, block, missing("block " .. name))
  end
  local body = is_dynamic and tree.blocks(block.body, "content")[1] or block
  if body then check_body(state, unit, entry, body, inner or loose, scopes) end
  return name
end

local function check_required(state, unit, entry, block, schema, there)
  for _, name in ipairs(provider.required(schema)) do
    if not there[name] then
      state:refuse(unit, entry, block, "argument " .. name .. " is required")
    end
  end
end

check_body = function(state, unit, entry, block, schema, scopes)
  local there, top = { [state.added[block] or ""] = true }, block == entry.item
  local made = change_blocks(state, unit, entry, schema, block)
  for _, item in ipairs(block.body.items) do
    local name = item.name or item.type
    local attribute = item.kind == "attribute" and schema.attrs[name]
    if top and META[name] or name == "timeouts" then
      there[name] = true
    elseif made[item] then
      there[made[item]] = true
    elseif item.kind == "block" then
      there[check_block(state, unit, entry, item, schema, scopes) or ""] = true
    elseif attribute and attribute.mode ~= "c" then
      there[name] = true
    else
      unknown_attribute(state, unit, entry, item, top, scopes)
    end
  end
  check_required(state, unit, entry, block, schema, there)
end

-- --- references ----------------------------------------------------------------------------------

local DECLARED <const> = { variable = "variables", ["local"] = "locals", module = "modules" }

local function undeclared(state, unit, ref, file, attribute, what)
  state:refuse(unit, nil, ref, what .. " is not declared", file,
    { type = attribute.name, labels = {} })
end

-- In try(a, b) an attribute that this provider does not have leaves b.
local function prune_try(file, attribute, ref)
  local inner
  tree.walk(attribute.expr, function(node)
    if node.kind == "call" and node.name == "try" and node.first <= ref.first
      and node.last >= ref.last and (not inner or node.first >= inner.first) then inner = node end
  end, {})
  for i, arg in ipairs(inner and inner.args or {}) do
    local after = inner.args[i + 1]
    if after and arg.first <= ref.first and arg.last >= ref.last then
      table.insert(file.edits, { first = arg.first, last = after.first - 1, text = "" })
      return true
    end
  end
end

local function check_attribute(state, unit, ref, file, entry, attribute)
  local step, schema = ref.attribute, schema_of(entry)
  if not step or not schema or schema.attrs[step.name] or schema.blocks[step.name]
    or step.name == "tags_all" or step.name == "timeouts" then return end
  local renamed = (state.rules.attributes[(entry.mode == "data" and "data." or "") .. entry.type]
    or {})[step.name]
  if renamed then
    table.insert(file.edits, { first = step.last - #step.name + 1, last = step.last,
      text = renamed })
  elseif step.name == "region" then
    table.insert(file.edits, { first = ref.first, last = step.last,
      text = '"' .. (unit.region or state.region or "us-east-1") .. '"' })
  elseif not prune_try(file, attribute, ref) then
    state:refuse(unit, entry, ref, missing("attribute " .. step.name), file)
  end
end

local function check_output(state, unit, ref, file, attribute)
  local call = unit.modules[ref.name]
  local child, step = call.child, ref.attribute
  if child and step and not child.outputs[step.name] then
    undeclared(state, unit, ref, file, attribute, ("output %s of module %s"):format(step.name,
      ref.name))
  end
end

local function check_reference(state, unit, ref, file, attribute)
  local where = DECLARED[ref.kind]
  if where then
    if not unit[where][ref.name] then
      local prefix = ref.kind == "variable" and "var" or ref.kind
      undeclared(state, unit, ref, file, attribute, prefix .. "." .. ref.name)
    elseif ref.kind == "module" then
      check_output(state, unit, ref, file, attribute)
    end
  elseif ref.type then
    local entry = unit[ref.kind][ref.type .. "." .. ref.name]
    if not entry then
      undeclared(state, unit, ref, file, attribute, (ref.kind == "data" and "data." or "")
        .. ref.type .. "." .. ref.name)
    elseif entry.type:find("^aws_") and not unit.helpers[entry.address] then
      check_attribute(state, unit, ref, file, entry, attribute)
    end
  end
end

---Checks a unit's aws blocks and all its references.
function M.check(state, unit)
  for _, mode in ipairs { "resource", "data" } do
    for _, key in ipairs(names.sorted_keys(unit[mode])) do
      local entry = unit[mode][key]
      if entry.type:find("^aws_") then
        local schema = schema_of(entry)
        if schema then
          check_body(state, unit, entry, entry.item, schema,
            unit:instances(entry.item.body) or { {} })
        elseif not unit.helpers[entry.address] then
          state:refuse(unit, entry, entry.item, missing(mode .. " " .. entry.type))
        end
      end
    end
  end
  unit:references(function(ref, attribute, file)
    check_reference(state, unit, ref, file, attribute)
  end)
end

return M
