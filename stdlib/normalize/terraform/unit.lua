-- SPDX-License-Identifier: Apache-2.0
-- One Terraform folder as a module: its files, what they declare, what its expressions are worth.
-- A folder that several calls use is read once for each call, so that arguments are exact.
local document = require "std.normalize.document"
local error_of = require "std.error"
local fs = require "std.fs"
local hcl = require "std.hcl"
local types = require "std.normalize.terraform.types"
local tree = require "std.normalize.terraform.tree"

local M = {}

local Unit <const> = {}
Unit.__index = Unit

-- Ways to write what is in no name of a file.
local ZEROS <const> = { "\0", "\\u0000", "\\U00000000" }

local cache = {}

-- The same folder is parsed once, however many calls it has.
local function parse(path)
  local known = cache[path]
  if known then return known end
  local text, err = fs.read(path)
  if not text then return nil, err end
  text = text:gsub("^\239\187\191", "")
  local body
  body, err = hcl.parse(text, { file = path })
  if not body then return nil, err end
  -- Comments, heredocs and escaped backslashes may have the same letters, and mean them.
  local zero = document.zero_place(text, ZEROS)
  if zero and document.has_zero(body) then
    return nil, document.invalid({ path = path }, "a text with a zero byte", zero)
  end
  known = { path = path, text = text, body = body }
  cache[path] = known
  return known
end

function M.forget() cache = {} end

local function add_file(unit, name)
  local file, err = parse(fs.join(unit.dir, name))
  if not file then return nil, err end
  unit.files[#unit.files + 1] = { name = name, path = file.path, text = file.text,
    body = file.body, edits = {} }
  return true
end

local KINDS = { variable = "variables", output = "outputs", module = "modules" }

local function declare(unit, file)
  for _, item in ipairs(file.body.items) do
    item.file_name = file.name
    if item.kind == "block" then
      local labels = item.labels
      if item.type == "locals" then
        for _, inner in ipairs(item.body.items) do unit.locals[inner.name or ""] = inner end
      elseif item.type == "resource" or item.type == "data" then
        local key = table.concat(labels, ".")
        local entry = { item = item, file = file, type = labels[1], name = labels[2],
          address = (item.type == "data" and "data." or "") .. key, mode = item.type }
        if #labels == 2 then unit[item.type][key] = entry else
          unit.malformed[#unit.malformed + 1] = entry
        end
      elseif KINDS[item.type] then
        unit[KINDS[item.type]][labels[1] or ""] = { item = item, file = file }
      end
    end
  end
end

-- Made when they are first asked for.
local function lazy(make)
  return setmetatable({}, { __index = function(self, name)
    rawset(self, name, hcl.unknown) -- for what refers to itself
    local value = make(name)
    rawset(self, name, value)
    return value
  end })
end

local function variable_value(unit, name)
  local entry = unit.variables[name]
  if not entry then return hcl.unknown end
  local body = entry.item.body
  local given = unit.given[name]
  local nullable = tree.attr(body, "nullable")
  if given == hcl.null and nullable and nullable.expr.value == false then given = nil end
  if given == nil then
    local default = tree.attr(body, "default")
    if not default then return hcl.unknown end
    given = hcl.eval(default.expr.text, {})
    if given == nil then return hcl.unknown end
  end
  local kind = tree.attr(body, "type")
  return kind and types.convert(given, kind.expr) or given
end

local function scope_of(unit)
  local here = unit.to == "" and "." or unit.to
  return {
    var = lazy(function(name) return variable_value(unit, name) end),
    ["local"] = lazy(function(name)
      local item = unit.locals[name]
      return item and unit:value(item.expr) or hcl.unknown
    end),
    path = { module = here, root = ".", cwd = "." },
    terraform = { workspace = "default" },
  }
end

---The value of an expression; hcl.unknown also where it cannot be evaluated.
---@param extra table|nil more names: each, count
function Unit:value(expr, extra)
  local scope = self.scope
  if extra and next(extra) then
    scope = setmetatable({}, { __index = function(_, name)
      local value = extra[name]
      if value == nil then value = self.scope[name] end
      return value
    end })
  end
  local value = hcl.eval(expr.text, scope)
  if value == nil then return hcl.unknown end
  return value
end

---The value as a string, or nil.
function Unit:text(expr, extra)
  local value = expr and self:value(expr, extra)
  return type(value) == "string" and value or type(value) == "number" and tostring(value) or nil
end

---The pairs {key, value} that for_each makes of a value, or nil where it is unknown.
function M.elements(value)
  if value == hcl.null or value == hcl.unknown or type(value) ~= "table" then return nil end
  local list, is_list = {}, #value > 0
  for key, element in pairs(value) do
    list[#list + 1] = { key = is_list and element or key, value = element }
  end
  return list
end

---Names for each instance of a block: a list of {count=} or {each=}, or nil where it is unknown.
function Unit:instances(body)
  local count, for_each = tree.attr(body, "count"), tree.attr(body, "for_each")
  local list = {}
  if count then
    local n = self:value(count.expr)
    if math.type(n) ~= "integer" or n > 1000 then return nil end
    for i = 0, n - 1 do list[#list + 1] = { count = { index = i } } end
    return list
  end
  if not for_each then return { {} } end
  local values = M.elements(self:value(for_each.expr))
  for _, pair in ipairs(values or {}) do list[#list + 1] = { each = pair } end
  return values and list
end

---Whether a block is known to have no instance.
function Unit:is_dead(body)
  if self.dead then return true end
  local list = self:instances(body)
  return list ~= nil and #list == 0
end

---The text of a part of a file with the edits made so far.
function Unit:slice(file, node)
  return tree.edit(file.text, file.edits, node.first, node.last)
end

---An address as it is seen from the root.
function Unit:address(address)
  return self.to == "" and address or "module." .. self.label .. "." .. address
end

---Calls visit(ref, attribute, file) for every reference in the unit.
function Unit:references(visit)
  for _, file in ipairs(self.files) do
    for _, item in ipairs(file.body.items) do
      local is_variable = item.type == "variable"
      if item.kind == "block" and item.type ~= "moved" and item.type ~= "removed" then
        tree.attributes(item.body, function(attribute, bound)
          if is_variable and attribute.name == "type" then return end
          if attribute.name == "ignore_changes" or attribute.name == "provider"
            or attribute.name == "providers" then return end
          tree.references(attribute.expr, bound, function(ref) visit(ref, attribute, file) end)
        end)
      end
    end
  end
end

---Gives the unit's variables other values.
function Unit:reset(given)
  self.given = given
  local data = self.scope.data
  self.scope = scope_of(self)
  self.scope.data = data
end

---Reads a folder.
---@param options {dir: string, to: string, given: table, dead: boolean|nil, parent: table|nil}
---@return table|nil unit
---@return table|nil err
function M.read(options)
  local unit = setmetatable({ dir = options.dir, to = options.to, given = options.given or {},
    dead = options.dead, parent = options.parent, files = {}, others = {}, variables = {},
    outputs = {}, modules = {}, malformed = {}, locals = {}, resource = {}, data = {}, helpers = {},
    label = options.to:match("[^/]+$") or "" }, Unit)
  local list, err = fs.list(unit.dir)
  if not list then return nil, err end
  local names = {}
  for _, entry in ipairs(list) do
    if entry.type == "file" and entry.name:find("%.tf$") then names[#names + 1] = entry.name
    elseif entry.type == "file" then unit.others[#unit.others + 1] = entry.name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local ok
    ok, err = add_file(unit, name)
    if not ok then return nil, error_of.from(err) end
    declare(unit, unit.files[#unit.files])
  end
  unit.scope = scope_of(unit)
  return unit
end

return M
