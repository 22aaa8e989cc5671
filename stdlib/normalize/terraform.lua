-- SPDX-License-Identifier: Apache-2.0
-- A Terraform root as it is: its files and those of the local modules it calls, without backends
-- and aws provider blocks (the deploying side writes its own), and with the values it lacks.
local error_of = require "std.error"
local expr = require "std.normalize.expr"
local fs = require "std.fs"
local json = require "std.json"
local names = require "std.normalize.names"
local params = require "std.normalize.cfn.params"
local policy = require "std.normalize.terraform_policy"
local scan = require "std.normalize.scan"

local M = {}

local MAX_AUX = 4 << 20

local function tf_files(dir)
  local list, err = fs.list(dir)
  if not list then return nil, err end
  local files, others = {}, {}
  for _, entry in ipairs(list) do
    if entry.type == "file" then
      local into = entry.name:find("%.tf$") and files or others
      into[#into + 1] = entry.name
    end
  end
  table.sort(files)
  return files, others
end

-- --- one file --------------------------------------------------------------------------------

local function cut(text, item, edits)
  local stop = text:match("^[ \t]*\n()", item.stop) or item.stop
  edits[#edits + 1] = { begin = item.begin, stop = stop, text = "" }
end

local handlers = {}

function handlers.terraform(state, item, edits, text)
  for _, inner in ipairs(item.items) do
    if inner.name == "backend" or inner.name == "cloud" then cut(text, inner, edits) end
    if inner.name == "required_version" then cut(text, inner, edits) end
    if inner.name == "required_providers" then policy.providers(state, inner, edits) end
  end
end

function handlers.provider(state, item, edits, text)
  if item.labels[1] ~= "aws" then return policy.provider(state, item) end
  local alias = scan.plain(scan.get(item.items, "alias"))
  if alias and not state.in_module then
    state.aliases[#state.aliases + 1] = alias
  end
  cut(text, item, edits)
end

local function vendor(state, source, item, edits)
  local target = fs.realpath(fs.join(state.dir, source))
  local info = target and fs.stat(target)
  if not info or info.type ~= "dir" then
    return state:unsupported(item, "module folder " .. source .. " is missing")
  end
  local folder = state.modules[target]
  if not folder then
    folder = names.unique(state.folders, names.identifier(fs.basename(target)))
    state.modules[target] = folder
    state.queue[#state.queue + 1] = { dir = target, to = "modules/" .. folder }
  end
  local attribute = scan.get(item.items, "source")
  local prefix = state.in_module and "../" or "./modules/"
  edits[#edits + 1] = { begin = attribute.at, stop = attribute.stop,
    text = expr.quote(prefix .. folder) }
end

function handlers.module(state, item, edits)
  local source = scan.plain(scan.get(item.items, "source"))
  if not source then return state:unsupported(item, "a module without a plain source") end
  if not source:find("^%.%.?/?") then
    return state:unsupported(item, "remote module " .. source)
  end
  vendor(state, source, item, edits)
  if not state.in_module then
    state.counted["module." .. (item.labels[1] or "")] = true
  end
end

function handlers.resource(state, item)
  policy.resource(state, item)
  local address = table.concat(item.labels, ".")
  local prefix = state.in_module and "module." .. state.folder .. "." or ""
  state.resources[prefix .. address] = { prefix .. address }
end

function handlers.data(state, item) policy.data(state, item) end

local function default_value(name, kind)
  kind = kind or "string"
  if kind:find("^number") then return 1 end
  if kind:find("^bool") then return false end
  if kind:find("^list%(string") or kind:find("^set%(string") then
    return json.array { params.stand_in(name, {}) }
  end
  if kind:find("^list") or kind:find("^set") or kind:find("^tuple") then return json.array {} end
  if kind:find("^map") then return {} end
  if kind:find("^object") then return nil end
  return params.stand_in(name, {})
end

function handlers.variable(state, item)
  local has_value = scan.get(item.items, "default") or state.given[item.labels[1]]
  if state.in_module or has_value then return end
  local name, kind = item.labels[1], scan.get(item.items, "type")
  local value = default_value(name, kind and kind.value)
  if value == nil then
    return state:unsupported(item, "no value can be made up for an object")
  end
  state.values[name] = value
  state.assumptions[#state.assumptions + 1] = ("variable %s has no default: %s"):format(name,
    json.encode(value))
end

local function convert_file(state, dir, name)
  local path = fs.join(dir, name)
  local text, err = fs.read(path)
  if not text then return nil, err end
  text = text:gsub("^\239\187\191", "")
  local items, problem = scan.items(text)
  if not items then
    return nil, error_of.new { op = "normalize terraform", code = "syntax", file = path,
      line = problem.line, col = problem.col, message = problem.message }
  end
  local edits = {}
  state.file = path
  for _, item in ipairs(items) do
    local handle = item.labels and handlers[item.name]
    if handle then handle(state, item, edits, text) end
  end
  policy.paths(state, text)
  return scan.edit(text, edits)
end

-- --- the root --------------------------------------------------------------------------------

local SKIPPED = { ["%.tfstate"] = true, ["%.tfstate%.backup"] = true, ["%.lock%.hcl"] = true }

local function is_auxiliary(name)
  for ending in pairs(SKIPPED) do
    if name:find(ending .. "$") then return false end
  end
  return not name:find("^%.") and not name:find("^README") and not name:find("^LICENSE")
end

-- Files beside the root that it may refer to: everything in it but other Terraform folders.
local function copy_auxiliary(state, dir, to)
  for _, name in ipairs(fs.walk(dir) or {}) do
    local folder = name:match("^(.*)/[^/]+$")
    local other_root = folder and state.tf_folder(fs.join(dir, folder))
    if not name:find("%.tf$") and not name:find("%.terraform/", 1) and not other_root
        and is_auxiliary(name) then
      local info = fs.stat(fs.join(dir, name))
      if info and info.type == "file" and info.size <= MAX_AUX then
        local target = to == "" and name or to .. "/" .. name
        state.copies[target] = fs.join(dir, name)
      end
    end
  end
end

local function tf_folder_check()
  local known = {}
  return function(dir)
    if known[dir] == nil then
      local files = tf_files(dir)
      known[dir] = files ~= nil and #files > 0
    end
    return known[dir]
  end
end

-- terraform.tfvars and *.auto.tfvars give values that Terraform reads by itself.
local function given_values(dir, others)
  local given = {}
  for _, name in ipairs(others) do
    if name == "terraform.tfvars" or name:find("%.auto%.tfvars$") then
      local items = scan.items(fs.read(fs.join(dir, name)) or "")
      for _, item in ipairs(items or {}) do given[item.name] = true end
    end
  end
  return given
end

local function convert_folder(state, part)
  local files, others = tf_files(part.dir)
  if not files then return nil, others end
  state.dir, state.in_module = part.dir, part.to ~= ""
  state.folder = part.to:match("[^/]+$")
  if not state.in_module then state.given = given_values(part.dir, others) end
  for _, name in ipairs(files) do
    local text, err = convert_file(state, part.dir, name)
    if not text then return nil, err end
    state.files[part.to == "" and name or part.to .. "/" .. name] = text
  end
  copy_auxiliary(state, part.dir, part.to)
  return true
end

-- The store keeps its own metadata.json beside the root's files, so the root has none. A text that
-- may mean that file (also as a match of fileset) is refused rather than left without it.
local RESERVED = "metadata.json"
local MENTIONS = { "%f[%w_.-]metadata%.json", 'fileset%(%s*"?%$?{?%s*path%.%a+%s*}?/?"?%s*,',
  'fileset%(%s*"%./?"%s*,' }

local function reserve(state)
  if not state.copies[RESERVED] then return end
  state.copies[RESERVED] = nil
  for _, name in ipairs(names.sorted_keys(state.files)) do
    for _, pattern in ipairs(MENTIONS) do
      if state.files[name]:find(pattern) then
        return state:unsupported({ name = RESERVED },
          name .. " refers to " .. RESERVED .. ", a name that the store keeps")
      end
    end
  end
end

local function new_state(root)
  return { root = root, files = {}, copies = {}, resources = {}, assumptions = {}, aliases = {},
    problems = {}, modules = { [root] = "root" }, folders = { root = true }, counted = {},
    queue = { { dir = root, to = "" } }, values = {}, given = {}, tf_folder = tf_folder_check(),
    unsupported = function(self, item, reason)
      self.problems[#self.problems + 1] = { id = item.labels and table.concat(item.labels, ".")
        or item.name, type = item.name, reason = reason }
    end }
end

---@param job {path: string}
---@return table? converted see std.normalize.result
---@return table? err
function M.convert(job)
  local root, err = fs.realpath(job.path)
  if not root then return nil, err end
  local state, at = new_state(root), 1
  while state.queue[at] do
    local ok
    ok, err = convert_folder(state, state.queue[at])
    if not ok then return nil, err end
    at = at + 1
  end
  reserve(state)
  if next(state.resources) == nil and next(state.counted) == nil then
    state:unsupported({ name = "root" }, "declares no resource and calls no module")
  end
  if next(state.values) then
    state.files["lsqm.auto.tfvars.json"] = json.encode(state.values, { pretty = true })
  end
  return { files = state.files, copies = state.copies, resources = state.resources,
    unsupported = state.problems, assumptions = state.assumptions,
    provider_aliases = state.aliases }
end

return M
