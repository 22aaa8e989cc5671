-- SPDX-License-Identifier: Apache-2.0
-- The files that hold the CloudFormation rules to the published schemas, made anew:
--   python3 tests/tools/cloudformation_index.py DIR/cfnlint/data/schemas > ALL
--   lsqm exec tests/tools/cloudformation_contract.lua [ALL]
-- cloudformation.idx          the schemas of the types that have a rule (only with ALL)
-- cloudformation_missing.tsv  what a rule does not answer and why; a reason once written is kept
-- cloudformation_types.tsv    what each type becomes and what Ref gives
-- Read the difference of the two tables before it is committed: they are reviewed by hand.
local coverage = require "std.normalize.cfn.coverage"
local fs = require "std.fs"
local names = require "std.normalize.names"
local normalize = require "std.normalize"
local provider = require "std.normalize.provider"
local resolve = require "std.resolve"

local M = {}

local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local FOLDER = HERE .. "/../contract/"

M.INDEX = FOLDER .. "cloudformation.idx"
M.MISSING = FOLDER .. "cloudformation_missing.tsv"
M.TYPES = FOLDER .. "cloudformation_types.tsv"

---@return table<string, string> file of each CloudFormation type that the stock rules name
function M.ruled()
  local found, folder = {}, "rules/cloudformation"
  local dir = assert(resolve.find("weekly", folder .. "/iam.lua")):match("^(.*)/")
  for _, item in ipairs(assert(fs.list(dir))) do
    local name = type(item) == "table" and item.name or item
    local rules = name:find("%.lua$") and assert(resolve.load("weekly", folder .. "/" .. name))
    for cfn_type in pairs(rules or {}) do
      if cfn_type ~= "include" then found[cfn_type] = name end
    end
  end
  return found
end

M.entries = dofile(HERE .. "/entries.lua")

-- Types share tables: a key is unknown where no type that shares its table has it.
local function used_keys(reports)
  local used = {}
  for _, report in ipairs(reports) do
    for specs, keys in pairs(report.used) do
      used[specs] = used[specs] or {}
      for key in pairs(keys) do used[specs][key] = true end
    end
  end
  return used
end

---What the rules of these types do not answer.
---@return table[] rows {type, kind, path}; kind "property", "attribute", "unknown" or "wrong"
function M.gaps(entries)
  local find, rows, reports = normalize.rules(), {}, {}
  for i, entry in ipairs(entries) do
    reports[i] = coverage.of(entry, assert(find(entry.type), entry.type))
  end
  local used = used_keys(reports)
  for i, entry in ipairs(entries) do
    local report = reports[i]
    local function add(kind, path) rows[#rows + 1] = { entry.type, kind, path } end
    for _, path in ipairs(report.missing) do add("property", path) end
    for _, path in ipairs(report.attributes) do add("attribute", path) end
    for _, path in ipairs(report.unknown) do
      local specs, key = table.unpack(report.origin[path])
      if not used[specs][key] then add("unknown", path) end
    end
    for _, path in ipairs(report.wrong) do add("wrong", path) end
  end
  return rows
end

-- Terraform types in the order in which a rule names them.
local function types_of(rule)
  local list, seen, visited = {}, {}, {}
  local function add(name)
    if name and not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  local function visit(specs)
    if visited[specs or false] then return end
    visited[specs or false] = true
    for _, key in ipairs(names.sorted_keys(specs or {})) do
      local spec = specs[key]
      if type(spec) == "table" then
        add(spec.separate)
        visit(spec.props)
      end
    end
  end
  add(rule.type)
  visit(rule.props)
  for _, name in ipairs(rule.makes or {}) do add(name) end
  return #list > 0 and table.concat(list, " ") or "(left out)"
end

local function ref_of(rule)
  if type(rule.ref) == "function" then return "(expression)" end
  if type(rule.ref) == "table" then return table.concat(rule.ref, " | ") end
  return rule.ref == false and "(none)" or rule.ref or "id"
end

---One row for each type: what it becomes, what Ref gives.
---@return string[] lines
function M.types(entries)
  local find, lines = normalize.rules(), {}
  for _, entry in ipairs(entries) do
    local rule = assert(find(entry.type), entry.type)
    for _, one in ipairs(rule.variants or { rule }) do
      lines[#lines + 1] = table.concat({ entry.type, types_of(one),
        rule.drop and "" or ref_of(one) }, "\t")
    end
  end
  return lines
end

---@return string[][] rows of a table of this folder
function M.rows(path)
  local rows = {}
  for line in (fs.read(path) or ""):gmatch("[^\n]+") do
    local row = {}
    for field in (line .. "\t"):gmatch("([^\t]*)\t") do row[#row + 1] = field end
    if line:sub(1, 1) ~= "#" then rows[#rows + 1] = row end
  end
  return rows
end

local function write_index(path)
  local ruled, lines = M.ruled(), {}
  for line in assert(fs.read(path)):gmatch("[^\n]+") do
    if ruled[line:match('^{"type":"([^"]+)"')] then lines[#lines + 1] = line end
  end
  assert(fs.write(M.INDEX, table.concat(lines, "\n") .. "\n"))
end

local function write_missing(entries)
  local reasons, lines = {}, { "# type\tkind\tname\treason" }
  for _, row in ipairs(M.rows(M.MISSING)) do
    reasons[table.concat(row, "\t", 1, 3)] = row[4]
  end
  for _, row in ipairs(M.gaps(entries)) do
    local key = table.concat(row, "\t")
    if row[2] == "unknown" or row[2] == "wrong" then
      print(key)
    else
      if not reasons[key] then print("new", key) end
      lines[#lines + 1] = key .. "\t" .. (reasons[key] or "not in provider " .. provider.version())
    end
  end
  assert(fs.write(M.MISSING, table.concat(lines, "\n") .. "\n"))
end

local arguments = { ... }
if arguments[1] ~= "module" then
  if arguments[1] then write_index(arguments[1]) end
  local entries = M.entries(M.INDEX)
  write_missing(entries)
  assert(fs.write(M.TYPES, "# type\tbecomes\tRef\n" .. table.concat(M.types(entries), "\n")
    .. "\n"))
end

return M
