-- SPDX-License-Identifier: Apache-2.0
-- What a Terraform root declares: the managed resources with the addresses they will have in the
-- state (instance keys left out), through local modules. Identities and wiring are not guessed
-- here: the generated tests read them from the deployed state.

local fs = require "std.fs"
local hcl = require "std.hcl"
local json = require "std.json"

local M = {}

local MAX_MODULE_DEPTH = 8

---@class generate.Resource
---@field address string     address without instance keys, e.g. `module.a.aws_s3_bucket.b`
---@field type string
---@field name string
---@field conditional boolean  count or for_each on it or on a module around it: may have none

local function join(dir, name)
  return dir == "" and name or dir .. "/" .. name
end

local function literal_text(expr)
  if not expr then return nil end
  if expr.kind == "literal" then return type(expr.value) == "string" and expr.value or nil end
  if expr.kind ~= "template" then return nil end
  local text = {}
  for _, part in ipairs(expr.parts or {}) do
    local value = type(part) == "string" and part or part.kind == "literal" and part.value
    if type(value) ~= "string" then return nil end
    text[#text + 1] = value
  end
  return table.concat(text)
end

local function attributes(block)
  local found = {}
  for _, item in ipairs(block.body.items) do
    if item.kind == "attribute" then found[item.name] = item.expr end
  end
  return found
end

local function repeats(attrs)
  return attrs.count ~= nil or attrs.for_each ~= nil
end

local function add_resource(model, scope, kind, name, conditional)
  model.resources[#model.resources + 1] = {
    address = scope.prefix .. kind .. "." .. name,
    type = kind,
    name = name,
    conditional = conditional or scope.conditional,
  }
end

local read_module

local function add_module(model, scope, name, source, conditional)
  local address = scope.prefix .. "module." .. name
  local is_local = source and (source:match("^%.%.?/") or source == ".")
  local dir = is_local and fs.below(join(scope.dir, source)) or nil
  if not dir or scope.depth >= MAX_MODULE_DEPTH or not scope.has_dir(dir) then
    model.opaque[#model.opaque + 1] = { address = address, source = source }
    return true
  end
  return read_module(model, {
    dir = dir, prefix = address .. ".", depth = scope.depth + 1, files = scope.files,
    has_dir = scope.has_dir, conditional = scope.conditional or conditional,
  })
end

local function read_hcl(model, scope, text, file)
  local body, err = hcl.parse(text, { file = file })
  if not body then return nil, err end
  for _, item in ipairs(body.items) do
    if item.kind == "block" and item.type == "resource" and #item.labels == 2 then
      add_resource(model, scope, item.labels[1], item.labels[2], repeats(attributes(item)))
    elseif item.kind == "block" and item.type == "module" and #item.labels == 1 then
      local attrs = attributes(item)
      local source = literal_text(attrs.source)
      local ok, why = add_module(model, scope, item.labels[1], source, repeats(attrs))
      if not ok then return nil, why end
    end
  end
  return true
end

-- JSON configuration allows a block to be an object or a list of objects.
local function json_blocks(value)
  if type(value) ~= "table" then return {} end
  return value[1] ~= nil and value or { value }
end

local function sorted_pairs(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = tostring(name) end
  table.sort(names)
  local at = 0
  return function()
    at = at + 1
    return names[at], map[names[at]]
  end
end

local function read_json_resources(model, scope, types)
  for kind, named in sorted_pairs(types) do
    for _, group in ipairs(json_blocks(named)) do
      for name, block in sorted_pairs(group) do
        local first = json_blocks(block)[1] or {}
        add_resource(model, scope, kind, name, repeats(first))
      end
    end
  end
end

local function read_json(model, scope, text, file)
  local root, err = json.decode(text, { file = file })
  if not root then return nil, err end
  if type(root) ~= "table" then return true end
  for _, types in ipairs(json_blocks(root.resource)) do
    read_json_resources(model, scope, types)
  end
  for _, modules in ipairs(json_blocks(root.module)) do
    for name, block in sorted_pairs(modules) do
      local first = json_blocks(block)[1] or {}
      local source = type(first.source) == "string" and first.source or nil
      local ok, why = add_module(model, scope, name, source, repeats(first))
      if not ok then return nil, why end
    end
  end
  return true
end

function read_module(model, scope)
  for _, path in ipairs(scope.files.order) do
    local dir, name = path:match("^(.*)/([^/]*)$")
    if not dir then dir, name = "", path end
    if dir == scope.dir then
      local read = name:match("%.tf$") and read_hcl or name:match("%.tf%.json$") and read_json
      if read then
        local ok, err = read(model, scope, scope.files.text[path], path)
        if not ok then return nil, err end
      end
    end
  end
  return true
end

local function by_address(a, b) return a.address < b.address end

--- The managed resources of a root given as a map of relative path to text.
---@param files table<string, string>
---@return { resources: generate.Resource[], opaque: { address: string, source: string? }[] }?
---@return table? err  the parser's error, with file, line and column
function M.read(files)
  assert(type(files) == "table", "files: table expected")
  local order, dirs = {}, {}
  for path in sorted_pairs(files) do
    order[#order + 1] = path
    dirs[path:match("^(.*)/[^/]*$") or ""] = true
  end
  local model = { resources = {}, opaque = {} }
  local ok, err = read_module(model, {
    dir = "", prefix = "", depth = 0, conditional = false,
    files = { order = order, text = files },
    has_dir = function(dir) return dirs[dir] == true end,
  })
  if not ok then return nil, err end
  table.sort(model.resources, by_address)
  table.sort(model.opaque, by_address)
  return model
end

return M
