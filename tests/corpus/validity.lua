-- SPDX-License-Identifier: Apache-2.0
-- `terraform validate` of many roots: as modules of a few roots, because most of a run is the
-- provider's start. What one module does wrong is named with it and put aside until nothing is left
-- to complain of, so that it hides nothing of the others.
local fs = require "std.fs"
local hcl = require "std.hcl"
local parallel = require "std.parallel"

local M = {}

local BATCH = 100

-- Outputs of the root, as the module declares them: a root may not show what is sensitive.
local function outputs_of(dir, name)
  local blocks = {}
  for _, entry in ipairs(fs.list(dir) or {}) do
    local tree = entry.name:find("%.tf$") and hcl.parse(fs.read(fs.join(dir, entry.name)) or "")
    for _, item in ipairs(tree and tree.items or {}) do
      if item.type == "output" then
        local sensitive = ""
        for _, inner in ipairs(item.body.items) do
          if inner.name == "sensitive" then sensitive = " sensitive = " .. inner.expr.text end
        end
        blocks[#blocks + 1] = ("output \"%s_%s\" {\n  value = module.%s.%s\n %s\n}\n")
          :format(name, item.labels[1], name, item.labels[1], sensitive)
      end
    end
  end
  return table.concat(blocks)
end

-- Writes the root; returns which line belongs to which module.
local function write_root(dir, list)
  local lines, text = {}, {}
  for _, root in ipairs(list) do
    local name = "m" .. root.id
    local block = ("module %q {\n  source = \"./%s\"\n}\n"):format(name, root.id)
      .. outputs_of(root.dir, name)
    for _ in block:gmatch("\n") do lines[#lines + 1] = root.id end
    text[#text + 1] = block
  end
  assert(fs.write(fs.join(dir, "main.tf"), table.concat(text)))
  return lines
end

local function owner(diagnostic, lines)
  local range = diagnostic.range or {}
  local id = (range.filename or ""):match("^(%d+)/")
  if id then return id end
  if range.filename == "main.tf" and range.start then return lines[range.start.line] end
  return (diagnostic.detail or ""):match("module m(%d+)")
    or (diagnostic.address or ""):match("module%.m(%d+)")
end

local function place(diagnostic)
  local range = diagnostic.range
  local text = diagnostic.summary .. ": " .. (diagnostic.detail or "")
  if not range then return text end
  return ("%s:%d:%d: %s"):format(range.filename, range.start.line,
    range.start.column, text)
end

-- What init says of modules that cannot even be loaded.
local function load_errors(init)
  local errors, text = {}, init.stdout .. init.stderr
  for chunk in (text .. "\nError: "):gmatch("(.-)\n[^\n]-Error: ") do
    local id, line = chunk:match("on (%d+)/[^\n]- line (%d+)")
    if id and not errors[id] then
      errors[id] = ("line %s: %s"):format(line, chunk:match("^[^\n]*"))
    end
  end
  return errors, next(errors) == nil and text:sub(-400) or nil
end

-- One init and validate; the errors by module id, or an error that names none.
local function pass(tool, dir, list)
  local lines, errors, nameless = write_root(dir, list), {}, nil
  local init = assert(tool:init(dir, 300))
  if init.code ~= 0 then return load_errors(init) end
  local ok, diagnostics = tool:validate(dir, 900)
  if ok then return errors end
  for _, diagnostic in ipairs(type(diagnostics) == "table" and diagnostics or {}) do
    if diagnostic.severity == "error" then
      local id = owner(diagnostic, lines)
      if id then errors[id] = errors[id] or place(diagnostic) else nameless = place(diagnostic) end
    end
  end
  return errors, nameless or (next(errors) == nil and tostring(diagnostics) or nil)
end

local function without(list, errors, found)
  local rest = {}
  for _, root in ipairs(list) do
    if errors[root.id] then found[root.id] = errors[root.id] else rest[#rest + 1] = root end
  end
  return rest
end

local check

-- An error that names no module is looked for in halves.
local function halves(tool, base, list, found, why)
  if #list == 1 then
    found[list[1].id] = why
    return
  end
  local middle = #list // 2
  check(tool, base, table.move(list, 1, middle, 1, {}), found)
  check(tool, base, table.move(list, middle + 1, #list, 1, {}), found)
end

check = function(tool, base, list, found)
  while #list > 0 do
    local errors, nameless = pass(tool, base, list)
    local rest = without(list, errors, found)
    if #rest == #list then
      if nameless then halves(tool, base, list, found, nameless) end
      return
    end
    list = rest
  end
end

-- As terraform sees it in its own folder.
local function check_alone(tool, root)
  local init = assert(tool:init(root.dir, 300))
  if init.code ~= 0 then return (init.stdout .. init.stderr):sub(-400) end
  local ok, diagnostics = tool:validate(root.dir, 300)
  if ok then return nil end
  for _, diagnostic in ipairs(type(diagnostics) == "table" and diagnostics or {}) do
    if diagnostic.severity == "error" then return place(diagnostic) end
  end
  return tostring(diagnostics)
end

--- Checks roots that lie side by side in `base`, each in a folder named by its id (digits); base
--- itself becomes the root that calls them. What is no valid module, or needs several provider
--- configurations, has a second chance as a root of its own: paths and variables' files differ.
---@param tool table from std.terraform
---@param roots {id: string, dir: string, aliases?: table}[]
---@return table<string, string> errors by id; none means valid
function M.check(tool, base, roots)
  local found, list, alone = {}, {}, {}
  for _, root in ipairs(roots) do
    local own = root.aliases and #root.aliases > 0
    table.insert(own and alone or list, root)
  end
  for first = 1, #list, BATCH do
    check(tool, base, table.move(list, first, math.min(first + BATCH - 1, #list), 1, {}), found)
  end
  for _, root in ipairs(list) do
    if found[root.id] then alone[#alone + 1] = root end
  end
  parallel.map(alone, function(root) found[root.id] = check_alone(tool, root) end, { limit = 2 })
  return found
end

return M
