-- SPDX-License-Identifier: Apache-2.0
-- A Terraform root, made to deploy by itself and the same way each time: without backends, helper
-- providers, remote modules and version constraints, with the values and packages that it lacks.
local blocks = require "std.normalize.terraform.blocks"
local error_of = require "std.error"
local file_calls = require "std.normalize.terraform.file_calls"
local files = require "std.normalize.terraform.files"
local fs = require "std.fs"
local hcl = require "std.hcl"
local helpers = require "std.normalize.terraform.helpers"
local json = require "std.json"
local modules = require "std.normalize.terraform.modules"
local names = require "std.normalize.names"
local packages = require "std.normalize.terraform.packages"
local placeholders = require "std.normalize.terraform.placeholders"
local resolve = require "std.resolve"
local schema = require "std.normalize.terraform.schema"
local special = require "std.normalize.terraform.special"
local tree = require "std.normalize.terraform.tree"
local unit_of = require "std.normalize.terraform.unit"
local variables = require "std.normalize.terraform.variables"

local M = {}

local PIPELINE <const> = "weekly"

-- --- state -----------------------------------------------------------------------------------

local State <const> = {}
State.__index = State

function State:assume(format, ...)
  local text = format:format(...)
  if self.said[text] then return end
  self.said[text] = true
  self.assumptions[#self.assumptions + 1] = text
end

---Names what cannot be represented. `entry` is a resource or data source, else file and item say
---where the node stands.
function State:refuse(unit, entry, node, reason, file, item)
  item = item or entry and entry.item or { type = "root", labels = {} }
  file = file or entry and entry.file
  local id = entry and entry.address or table.concat(item.labels or {}, ".")
  local problem = { id = unit:address(id), type = entry and entry.type or item.type or item.name,
    reason = reason, file = file and file.path, line = node.line, col = node.col,
    property = entry and node.name or nil }
  local key = ("%s:%s:%s:%s"):format(problem.id, reason, problem.file, problem.line)
  if self.said[key] then return end
  self.said[key] = true
  self.problems[#self.problems + 1] = problem
end

-- A region that is only known later is no matter for an emulator: it serves them all.
function State:alias(name, region)
  local plain = type(region) == "string" and region:find("^[%l%d-]+$") and region
  self.aliases[name] = plain or "us-east-1"
end

local function alias_list(aliases)
  local list = {}
  for _, name in ipairs(names.sorted_keys(aliases)) do
    list[#list + 1] = { name = name, region = aliases[name] }
  end
  return list
end

---Runs once all units are known.
function State:later(action) self.actions[#self.actions + 1] = action end

local function load_rules(name)
  local rules, why = resolve.load(PIPELINE, "rules." .. name)
  if rules == nil then error(why, 0) end
  return rules
end

local function new_state(root, out)
  return setmetatable({ root = root, out = out and fs.absolute(out), rules = load_rules "terraform",
    keys = load_rules "terraform_keys", special =
    special, added = {}, readable = { files.repository(root) },
    repository = files.repository(root), units = {}, files = {}, copies = {},
    packages = {}, resources = {}, assumptions = {}, said = {}, problems = {}, aliases = {},
    values = {}, folders = {}, tf_folders = {}, listed = {}, brought = {}, file_names = {},
    moved = {}, package_names = {}, actions = {} }, State)
end

-- --- values that Terraform reads by itself ---------------------------------------------------

local function tfvars(unit, path)
  local body, err = hcl.parse(fs.read(path) or "", { file = path })
  if not body then return nil, err end
  local values = {}
  for _, item in ipairs(body.items) do
    if item.name then values[item.name] = unit:value(item.expr) end
  end
  return values
end

-- In the order in which one replaces another.
local function given_values(unit)
  local lists = {}
  for _, pattern in ipairs { "^terraform%.tfvars$", "^terraform%.tfvars%.json$",
    "%.auto%.tfvars$", "%.auto%.tfvars%.json$" } do
    for _, name in ipairs(unit.others) do
      if name:find(pattern) then lists[#lists + 1] = name end
    end
  end
  for _, name in ipairs(lists) do
    local path = fs.join(unit.dir, name)
    local values, err
    if name:find("%.json$") then values, err = json.read(path)
    else values, err = tfvars(unit, path) end
    if type(values) ~= "table" then return nil, err end
    for key, value in pairs(values) do
      if unit.variables[key] then unit.given[key] = value end
    end
  end
  return true
end

-- --- passes ----------------------------------------------------------------------------------

local function load_units(state)
  local root, err = unit_of.read { dir = state.root, to = "" }
  if not root then return nil, err end
  state.units[1] = root
  local ok
  ok, err = given_values(root)
  if not ok then return nil, err end
  variables.fill(state, root)
  local at = 1
  while state.units[at] do
    local unit = state.units[at]
    packages.announce(unit)
    helpers.prepare(state, unit)
    ok, err = modules.load(state, unit)
    if not ok then return nil, err end
    files.copy_auxiliary(state, unit)
    at = at + 1
  end
  return true
end

local function write_unit(state, unit)
  for _, file in ipairs(unit.files) do
    local text, err = hcl.format(tree.edit(file.text, file.edits), { file = file.path })
    if not text then return nil, err end
    state.files[unit.to == "" and file.name or unit.to .. "/" .. file.name] = text
  end
  return true
end

local READS_ACCOUNT = "must exist where it is deployed"
local PURE <const> = { aws_iam_policy_document = true, aws_caller_identity = true,
  aws_region = true, aws_partition = true, aws_availability_zones = true, aws_arn = true,
  aws_canonical_user_id = true, aws_default_tags = true, aws_service_principal = true,
  aws_elb_service_account = true, aws_cloudfront_log_delivery_canonical_user_id = true }

local function list_account_data(state, unit)
  for _, key in ipairs(names.sorted_keys(unit.data)) do
    local entry = unit.data[key]
    local refers = false
    tree.attributes(entry.item.body, function(attribute, bound)
      tree.references(attribute.expr, bound, function(ref)
        refers = refers or ref.kind == "resource" or ref.kind == "module"
      end)
    end)
    if entry.type:find("^aws_") and not PURE[entry.type] and not refers then
      state:assume("%s: %s", unit:address(entry.address), READS_ACCOUNT)
    end
  end
end

local function record_resources(state, unit)
  for _, key in ipairs(names.sorted_keys(unit.resource)) do
    local entry = unit.resource[key]
    local address = unit:address(key)
    local helper = unit.helpers[entry.address]
    state.resources[address] = helper and {} or { address }
    blocks.check_provider(state, unit, entry)
  end
  local remote = unit.data
  for _, key in ipairs(names.sorted_keys(remote)) do
    if remote[key].type == "terraform_remote_state" then
      state:refuse(unit, remote[key], remote[key].item, "another root's state")
    end
  end
end

local function write_units(state)
  for at = #state.units, 1, -1 do
    local unit = state.units[at]
    placeholders.replace(state, unit)
    packages.missing(state, unit)
  end
  for _, action in ipairs(state.actions) do action() end
  for at = #state.units, 1, -1 do
    local unit = state.units[at]
    helpers.write(state, unit)
    blocks.write(state, unit)
  end
  for at = #state.units, 1, -1 do
    local unit = state.units[at]
    schema.check(state, unit)
    file_calls.check(state, unit)
    record_resources(state, unit)
    list_account_data(state, unit)
  end
  for _, unit in ipairs(state.units) do
    local ok, err = write_unit(state, unit)
    if not ok then return nil, err end
  end
  state.files["lsqm_provider.tf"] = blocks.providers_file(state)
  return true
end

-- The store keeps its own metadata.json beside the root's files, so the root has none. A text that
-- may mean that file (also as a match of fileset) is refused rather than left without it.
local RESERVED <const> = "metadata.json"
local MENTIONS <const> = { "%f[%w_.-]metadata%.json",
  'fileset%(%s*"%$?{?%s*path%.%a+%s*}?/?"?%s*,', 'fileset%(%s*path%.%a+%s*,',
  'fileset%(%s*"%./?"%s*,' }

local function reserve(state)
  if not state.copies[RESERVED] then return end
  state.copies[RESERVED] = nil
  for _, name in ipairs(names.sorted_keys(state.files)) do
    for _, pattern in ipairs(MENTIONS) do
      if state.files[name]:find(pattern) then
        return state:refuse(state.units[1], nil, { line = 1, col = 1 }, name .. " refers to "
          .. RESERVED .. ", a name that the store keeps", { path = fs.join(state.root, name) },
          { type = RESERVED, labels = { RESERVED } })
      end
    end
  end
end

local function by_place(a, b)
  if (a.file or "") ~= (b.file or "") then return (a.file or "") < (b.file or "") end
  if (a.line or 0) ~= (b.line or 0) then return (a.line or 0) < (b.line or 0) end
  return (a.col or 0) < (b.col or 0)
end

---@param job {path: string, out: string|nil}
---@return table? converted see std.normalize.result
---@return table? err
function M.convert(job)
  local root, err = fs.realpath(job.path)
  if not root then return nil, err end
  unit_of.forget()
  local state = new_state(root, job.out)
  local ok
  ok, err = load_units(state)
  if ok then ok, err = write_units(state) end
  if not ok then return nil, error_of.from(err) end
  reserve(state)
  if next(state.values) then
    state.files["lsqm.auto.tfvars.json"] = json.encode(state.values, { pretty = true })
  end
  table.sort(state.problems, by_place)
  return { files = state.files, copies = state.copies, packages = state.packages,
    resources = state.resources, unsupported = state.problems, assumptions = state.assumptions,
    provider_aliases = alias_list(state.aliases) }
end

return M
