-- SPDX-License-Identifier: Apache-2.0
-- Helper resources (random_*, time_*, null_resource …) become locals or terraform_data with the
-- same instances; references follow. What would run a program and is known to have no instance
-- keeps its place as an empty terraform_data.
local expr = require "std.normalize.expr"
local fold = require "std.normalize.terraform.fold"
local names = require "std.normalize.names"
local provider_index = require "std.normalize.provider"
local tree = require "std.normalize.terraform.tree"

local M = {}

local META <const> = { count = true, for_each = true, depends_on = true, lifecycle = true,
  provider = true, connection = true, provisioner = true, triggers = true }

-- "random_id" or "data.local_file", as the rules name them.
local function rule_name(entry)
  return (entry.mode == "data" and "data." or "") .. entry.type
end

local function local_name(unit, entry)
  unit.taken = unit.taken or {}
  if not next(unit.taken) then
    for name in pairs(unit.locals) do unit.taken[name] = true end
  end
  return names.unique(unit.taken, entry.type .. "_" .. entry.name:gsub("%-", "_"))
end

local function data_name(unit, entry)
  local wanted = entry.type .. "_" .. entry.name
  while unit.resource["terraform_data." .. wanted] do wanted = wanted .. "_2" end
  return wanted
end

-- --- deciding --------------------------------------------------------------------------------

local EXECUTES <const> = { ["local-exec"] = true, ["remote-exec"] = true, file = true }

-- Only what the rules know by the whole beginning of its single command.
local function is_build(state, unit, block)
  local command = tree.attr(block.body, "command")
  local text = command and unit:text(command.expr)
  if block.labels[1] ~= "local-exec" or not text or text:find("[;&|`\n]")
    or text:find("$(", 1, true) then return false end
  for _, pattern in ipairs(state.rules.builds) do
    if text:find(pattern) then return true end
  end
  return false
end

local function cut(file, item)
  local first, last = tree.whole_lines(file.text, item)
  file.edits[#file.edits + 1] = { first = first, last = last, text = "" }
end
M.cut = cut

-- A provisioner that runs when a resource is destroyed takes no part in what is deployed. None
-- stays in the result.
local function provisioners(state, unit, entry)
  local running
  for _, block in ipairs(tree.blocks(entry.item.body, "provisioner")) do
    cut(entry.file, block)
    local at = tree.attr(block.body, "when")
    if at and at.expr.name == "destroy" then
      state:assume("%s: its destroy-time provisioner is left out", unit:address(entry.address))
    elseif is_build(state, unit, block) then
      state:assume("%s: its build step is not run", unit:address(entry.address))
    else
      running = running or block
    end
  end
  return running
end

local function known_to_provider(entry)
  if entry.mode == "data" then return provider_index.data(entry.type) end
  return provider_index.resource(entry.type)
end

local function decide(state, unit, entry)
  local rules, name = state.rules, rule_name(entry)
  local builtin = entry.mode == "resource" and rules.builtin[name]
  local running = entry.mode == "resource" and provisioners(state, unit, entry)
  if running and not unit:is_dead(entry.item.body) then
    local kind = EXECUTES[running.labels[1]] and running.labels[1] or tostring(running.labels[1])
    return state:refuse(unit, entry, running, "provisioner " .. kind)
  end
  if rules.locals[name] or state.special[name] then
    return { kind = "local", entry = entry, rule = rules.locals[name] or {},
      name = local_name(unit, entry) }
  end
  if builtin then
    return { kind = "builtin", entry = entry, rule = builtin, name = data_name(unit, entry) }
  end
  local provider = entry.type:match("^[^_]+") or "of '" .. entry.type .. "'"
  if provider == "terraform" or provider == "aws" and (known_to_provider(entry)
    or not unit:is_dead(entry.item.body)) then return nil end
  if unit:is_dead(entry.item.body) then
    return { kind = "dead", entry = entry, rule = { attributes = {} },
      name = data_name(unit, entry) }
  end
  state:refuse(unit, entry, entry.item, (name == "data.external" or name == "external")
    and "provider external" or "provider " .. provider)
end

-- --- references ------------------------------------------------------------------------------

local function target(helper)
  if helper.kind == "local" then return "local." .. helper.name end
  return "terraform_data." .. helper.name
end

local function follow(unit, ref, file)
  local key = ref.type .. "." .. ref.name
  local helper = unit.helpers[(ref.kind == "data" and "data." or "") .. key]
  if not helper then return end
  local edits = file.edits
  edits[#edits + 1] = { first = ref.first, last = ref.name_last, text = target(helper) }
  local attribute = ref.attribute
  if not attribute then return end
  local renamed = helper.kind == "builtin" and helper.rule.attributes[attribute.name]
    or helper.kind == "dead" and "output"
  if renamed then
    edits[#edits + 1] = { first = attribute.last - #attribute.name + 1, last = attribute.last,
      text = renamed }
  end
end

local function is_local_reference(unit, node)
  local found
  tree.references(node, {}, function(ref)
    if ref.type then
      local helper = unit.helpers[(ref.kind == "data" and "data." or "") .. ref.type .. "."
        .. ref.name]
      found = found or helper and helper.kind == "local"
    end
  end)
  return found
end

-- Locals cannot be waited for.
local function filter_list(unit, file, attribute)
  if attribute.expr.kind ~= "tuple" then return end
  local kept, changed = {}, false
  for _, node in ipairs(attribute.expr.items) do
    if is_local_reference(unit, node) then changed = true else
      kept[#kept + 1] = unit:slice(file, node)
    end
  end
  if changed then
    file.edits[#file.edits + 1] = { first = attribute.expr.first, last = attribute.expr.last,
      text = "[" .. table.concat(kept, ", ") .. "]" }
  end
end

local WAITS <const> = { depends_on = true, replace_triggered_by = true }

---Decides what every helper becomes and lets references follow.
function M.prepare(state, unit)
  for _, mode in ipairs { "resource", "data" } do
    for _, key in ipairs(names.sorted_keys(unit[mode])) do
      local entry = unit[mode][key]
      unit.helpers[entry.address] = decide(state, unit, entry)
    end
  end
  unit:references(function(ref, _, file)
    if ref.type then follow(unit, ref, file) end
  end)
  for _, file in ipairs(unit.files) do
    tree.attributes(file.body, function(attribute)
      if WAITS[attribute.name] then filter_list(unit, file, attribute) end
    end)
  end
end

-- --- writing ---------------------------------------------------------------------------------

-- count.index and each.* as the names that the local's for-expression binds.
local function bind_instances(file, body)
  tree.attributes(body, function(attribute, bound)
    tree.references(attribute.expr, bound, function(ref)
      local text = ref.kind == "count" and "lsqm_i"
        or ref.kind == "each" and (ref.name == "key" and "lsqm_k" or "lsqm_v")
      if text then
        file.edits[#file.edits + 1] = { first = ref.first, last = ref.name_last, text = text }
      end
    end)
  end)
end

local function simple(text) return text:find('^[%w_."-]+$') or text:find('^"[^"$]*"$') end

local function fill(template, arguments, rule)
  return (template:gsub("{([%w_]+)}", function(name)
    local text = arguments[name] or (rule.defaults or {})[name] or "null"
    return simple(text) and text or "(" .. text .. ")"
  end))
end

local function arguments_of(unit, helper, seed)
  local arguments = { seed = seed }
  for _, item in ipairs(helper.entry.item.body.items) do
    if item.kind == "attribute" then
      arguments[item.name] = unit:slice(helper.entry.file, item.expr)
    end
  end
  return arguments
end

local function wrap(unit, helper, text)
  local count = tree.attr(helper.entry.item.body, "count")
  local for_each = tree.attr(helper.entry.item.body, "for_each")
  local file = helper.entry.file
  if count then
    return ("[for lsqm_i in range(%s) : %s]"):format(unit:slice(file, count.expr), text)
  end
  if for_each then
    return ("{ for lsqm_k, lsqm_v in %s : lsqm_k => %s }"):format(
      unit:slice(file, for_each.expr), text)
  end
  return text
end

local function seed_of(unit, helper)
  local body = helper.entry.item.body
  local address = unit:address(helper.entry.address)
  if tree.attr(body, "count") then return '"' .. address .. '.${lsqm_i}"' end
  if tree.attr(body, "for_each") then return '"' .. address .. '.${lsqm_k}"' end
  return expr.quote(address)
end

-- What is constant is written as its value.
local function value_text(template, arguments, rule, name)
  local text = fold.expression(fill(template, arguments, rule))
  return (rule.sensitive or {})[name] and "sensitive(" .. text .. ")" or text
end

local function values_text(state, unit, helper)
  local rule = helper.rule
  local special = state.special[rule_name(helper.entry)]
  local values = rule.values
  if special then values = special(state, unit, helper) end
  if not values then return nil end
  local arguments = arguments_of(unit, helper, seed_of(unit, helper))
  local lines = {}
  for _, name in ipairs(names.sorted_keys(values)) do
    lines[#lines + 1] = ("%s = %s"):format(name, value_text(values[name], arguments, rule, name))
  end
  for _, name in ipairs(rule.keys or {}) do
    local text = expr.quote(state.keys[name])
    local secret = (rule.sensitive or {})[name]
    lines[#lines + 1] = ("%s = %s"):format(name, secret and "sensitive(" .. text .. ")" or text)
  end
  for _, name in ipairs(rule.keep or {}) do
    if arguments[name] and not values[name] then
      lines[#lines + 1] = ("%s = %s"):format(name, arguments[name])
    end
  end
  return "{\n" .. table.concat(lines, "\n") .. "\n}"
end

local writers = {}

writers["local"] = function(state, unit, helper)
  local entry = helper.entry
  bind_instances(entry.file, entry.item.body)
  local text = values_text(state, unit, helper)
  if not text then return end
  entry.file.edits[#entry.file.edits + 1] = { first = entry.item.first, last = entry.item.last,
    text = ("locals {\n  %s = %s\n}"):format(helper.name, wrap(unit, helper, text)) }
  state:assume("%s: %s", unit:address(entry.address),
    helper.rule.note or "replaced by a fixed value")
end

local function rename_header(helper)
  local entry = helper.entry
  local file, item = entry.file, entry.item
  local stop = file.text:match("^[^{]*()", item.first)
  file.edits[#file.edits + 1] = { first = item.first, last = stop - 1,
    text = ("resource \"terraform_data\" %s "):format(expr.quote(helper.name)) }
  return file, item
end

function writers.builtin(state, unit, helper)
  local file, item = rename_header(helper)
  for _, inner in ipairs(item.body.items) do
    local name = inner.name or inner.type
    local renamed = helper.rule.arguments[name]
    if renamed then
      file.edits[#file.edits + 1] = { first = inner.first, last = inner.first + #name - 1,
        text = renamed }
    elseif name == "provider" or not META[name] or name == "provisioner" or name == "connection"
    then
      cut(file, inner)
    end
  end
  state:assume("%s: replaced by terraform_data", unit:address(helper.entry.address))
end

function writers.dead(state, unit, helper)
  local file, item = rename_header(helper)
  for _, inner in ipairs(item.body.items) do
    local name = inner.name or inner.type
    if name ~= "count" and name ~= "for_each" then cut(file, inner) end
  end
  state:assume("%s: has no instance here and is left empty",
    unit:address(helper.entry.address))
end

---Replaces the blocks themselves.
function M.write(state, unit)
  for _, address in ipairs(names.sorted_keys(unit.helpers)) do
    local helper = unit.helpers[address]
    writers[helper.kind](state, unit, helper)
  end
end

return M
