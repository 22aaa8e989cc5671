-- SPDX-License-Identifier: Apache-2.0
-- Module calls: every call gets its own copy of the module's folder under modules/, so that what
-- is constant in it is known.
local files = require "std.normalize.terraform.files"
local fs = require "std.fs"
local hcl = require "std.hcl"
local names = require "std.normalize.names"
local packages = require "std.normalize.terraform.packages"
local registry = require "std.normalize.terraform.registry"
local tree = require "std.normalize.terraform.tree"
local unit_of = require "std.normalize.terraform.unit"
local variables = require "std.normalize.terraform.variables"

local M = {}

local MAX_UNITS <const>, MAX_DEPTH <const> = 400, 10
local META <const> = { source = true, version = true, providers = true, count = true,
  for_each = true, depends_on = true }

local function source_dir(state, unit, source, version)
  if source:find("^%.%.?/") or source == "." or source == ".." then
    local dir = fs.realpath(fs.join(unit.dir, source))
    if not dir or not fs.is_dir(dir) then
      return nil, "module folder " .. source .. " is missing"
    end
    local bound = unit.bound or state.repository
    if not files.is_inside(dir, bound) then return nil, "a module outside of the root" end
    return dir, nil, bound
  end
  local dir, why = registry.find(state, source, version)
  if not dir then return nil, ("remote module %s: %s"):format(source, why) end
  return dir, nil, state.repository
end

local function arguments(unit, body)
  local given = {}
  for _, attribute in ipairs(body.items) do
    if attribute.kind == "attribute" and not META[attribute.name] then
      given[attribute.name] = unit:value(attribute.expr)
    end
  end
  -- What differs between instances is not known for all of them.
  if tree.attr(body, "for_each") or tree.attr(body, "count") then
    for name in pairs(given) do
      local expr = tree.attr(body, name).expr
      if expr.text:find("each.", 1, true) or expr.text:find("count.", 1, true) then
        given[name] = hcl.unknown
      end
    end
  end
  return given
end

-- --- modules that build packages -----------------------------------------------------------------

local function rule_for(state, child)
  for _, rule in ipairs(state.rules.packagers) do
    local all = true
    for _, name in ipairs(rule.variables) do all = all and child.variables[name] ~= nil end
    if all then return rule end
  end
end

local function is_used(rule, child, given)
  for _, name in ipairs(rule.off) do
    if child.scope.var[name] == false then return false end
  end
  for _, name in ipairs(rule.existing) do
    local value = given[name]
    if value ~= nil and value ~= hcl.null then return false end
  end
  return child.scope.var.create ~= false
end

-- A folder or file of sources is packed as it is; what a build would add is not there.
local function sources(state, value, content)
  local place = type(value) == "string" and files.locate(state, value)
  if not place then return end
  local kind = files.kind(state, place.source)
  if kind == "file" then
    content.files[fs.basename(place.source)] = fs.read(place.source)
  elseif kind == "dir" then
    for _, name in ipairs(files.list(state, place.source)) do
      content.files[name] = fs.read(fs.join(place.source, name))
    end
  end
end

local function set_arguments(entry, wanted)
  local file, body, lines = entry.file, entry.item.body, {}
  for _, name in ipairs(names.sorted_keys(wanted)) do
    local attribute = tree.attr(body, name)
    if attribute then
      table.insert(file.edits, { first = attribute.expr.first, last = attribute.expr.last,
        text = wanted[name] })
    else
      lines[#lines + 1] = ("\n  %s = %s"):format(name, wanted[name])
    end
  end
  return table.concat(lines)
end

local function package_call(state, unit, entry, child, given)
  local rule = rule_for(state, child)
  if not rule or not is_used(rule, child, given) then return nil end
  local name = names.unique(state.package_names, names.identifier(entry.item.labels[1])) .. ".zip"
  local path = "packages/" .. name
  local out = (unit.to == "" and "" or unit.to .. "/") .. path
  local content = { files = {} }
  sources(state, given.source_path, content)
  state.packages[out] = content
  local seen_as = unit.to == "" and "./" .. path or out
  state:later(function() packages.complete(state, seen_as, content) end)
  local wanted = { [rule.package] = '"${path.module}/' .. path .. '"' }
  for key, text in pairs(rule.overrides) do wanted[key] = text end
  state:assume("module %s: its package is made here, its build steps are not run",
    entry.item.labels[1])
  for key, text in pairs(wanted) do given[key] = unit:value({ text = text }) end
  return wanted
end

-- --- calls ---------------------------------------------------------------------------------------

local function check_arguments(state, unit, entry, child)
  local body = entry.item.body
  for _, attribute in ipairs(body.items) do
    local name = attribute.name
    if name and not META[name] and not child.variables[name] then
      state:refuse(unit, nil, attribute, "the module has no variable " .. name, entry.file,
        entry.item)
    end
  end
  for _, name in ipairs(names.sorted_keys(child.variables)) do
    if not tree.attr(child.variables[name].item.body, "default") and not tree.attr(body, name) then
      state:refuse(unit, nil, entry.item, "the module's variable " .. name .. " is not given",
        entry.file, entry.item)
    elseif not child.dead and variables.is_refused(child, name) then
      state:refuse(unit, nil, tree.attr(body, name) or entry.item,
        "the module refuses the value of " .. name, entry.file, entry.item)
    end
  end
end

local function is_aws(node)
  return node.kind == "var" and node.name == "aws"
    or node.kind == "attr" and node.object.name == "aws"
end

-- Only the aws provider is handed on.
local function filter_providers(unit, entry)
  local attribute = tree.attr(entry.item.body, "providers")
  if not attribute or attribute.expr.kind ~= "object" then return end
  local kept, all = {}, #attribute.expr.items
  for _, pair in ipairs(attribute.expr.items) do
    if is_aws(pair.value) then
      kept[#kept + 1] = unit:slice(entry.file, pair.key) .. " = "
        .. unit:slice(entry.file, pair.value)
    end
  end
  if #kept == all then return end
  table.insert(entry.file.edits, { first = attribute.expr.first, last = attribute.expr.last,
    text = #kept > 0 and "{\n" .. table.concat(kept, "\n") .. "\n}" or "{}" })
end

local function add_child(state, unit, entry, dir, bound)
  local label = names.identifier((entry.item.labels[1] or "module"))
  local wanted = unit.to == "" and label or unit.label .. "_" .. label
  local to = "modules/" .. names.unique(state.folders, wanted)
  local given = arguments(unit, entry.item.body)
  local list = unit:instances(entry.item.body)
  local child, err = unit_of.read { dir = dir, to = to, given = given, parent = unit,
    dead = unit.dead or (list ~= nil and #list == 0) }
  if not child then return nil, err end
  child.bound, child.depth, child.call = bound, (unit.depth or 0) + 1, entry
  return child, given
end

local function rewrite(unit, entry, child, wanted)
  local source = tree.attr(entry.item.body, "source")
  local lines = wanted and set_arguments(entry, wanted) or ""
  local path = unit.to == "" and "./" .. child.to or "../" .. child.label
  table.insert(entry.file.edits, { first = source.expr.first, last = source.expr.last,
    text = '"' .. path .. '"' .. lines })
  local version = tree.attr(entry.item.body, "version")
  if version then
    local first, last = tree.whole_lines(entry.file.text, version)
    table.insert(entry.file.edits, { first = first, last = last, text = "" })
  end
end

local function call(state, unit, entry)
  local source = tree.plain(tree.attr(entry.item.body, "source"))
  if not source then
    return state:refuse(unit, nil, entry.item, "a module without a plain source", entry.file,
      entry.item)
  end
  local version = tree.plain(tree.attr(entry.item.body, "version"))
  local dir, why, bound = source_dir(state, unit, source, version)
  if not dir then
    return state:refuse(unit, nil, tree.attr(entry.item.body, "source"), why, entry.file,
      entry.item)
  end
  if (unit.depth or 0) >= MAX_DEPTH or #state.units >= MAX_UNITS then
    return state:refuse(unit, nil, entry.item, "modules are nested too deeply", entry.file,
      entry.item)
  end
  local child, given = add_child(state, unit, entry, dir, bound)
  if not child then return nil, given end
  local wanted = not child.dead and package_call(state, unit, entry, child, given) or nil
  -- Values may have been looked at before the package's were set.
  if wanted then child:reset(given) end
  check_arguments(state, unit, entry, child)
  filter_providers(unit, entry)
  rewrite(unit, entry, child, wanted)
  entry.child = child
  state.units[#state.units + 1] = child
  return true
end

---Adds a unit for every call of a unit.
---@return boolean|nil ok, table|nil err a module cannot be read
function M.load(state, unit)
  for _, name in ipairs(names.sorted_keys(unit.modules)) do
    local ok, err = call(state, unit, unit.modules[name])
    if ok == nil and err then return nil, err end
  end
  return true
end

return M
