-- SPDX-License-Identifier: Apache-2.0
-- The weekly flow on templates that nobody here wrote:
--   build/lsqm exec tests/corpus/weekly.lua table WORKSPACE   statuses and true reasons
--   build/lsqm exec tests/corpus/weekly.lua valid WORKSPACE   which roots an offline
--                                                             `terraform validate` accepts
-- after
--   build/lsqm --config tests/corpus/weekly_config.lua run

local fs = require "std.fs"
local json = require "std.json"
local parallel = require "std.parallel"
local python = require "std.python"
local store_of = require "std.store"
local terraform = require "std.terraform"

local command, workspace = ...
if not workspace then error("usage: weekly.lua table|valid WORKSPACE", 0) end
local store = assert(store_of.open(fs.join(workspace, "artifacts"), { readonly = true }))

local function validate_one(tool, architecture, work)
  local dir <close> = assert(fs.tempdir(fs.join(work, "valid-")))
  local root = fs.join(dir.path, "root")
  assert(fs.copy(store:arch_dir(architecture.hash), root))
  local result = assert(tool:init(root))
  if result.code ~= 0 then
    return { valid = false, reason = terraform.first_error(result.stdout) }
  end
  local valid, diagnostics = tool:validate(root)
  if valid then return { valid = true } end
  for _, diagnostic in ipairs(type(diagnostics) == "table" and diagnostics or {}) do
    if diagnostic.severity == "error" then return { valid = false, reason = diagnostic.summary } end
  end
  return { valid = false, reason = tostring(diagnostics) }
end

local function mark_valid()
  local work = fs.absolute(fs.join(workspace, "tmp"))
  assert(fs.mkdir(work))
  local tool = assert(terraform.find { home = fs.join(work, "terraform"),
    cache = python.cache_dir() })
  local marks, list = {}, {}
  for _, architecture in ipairs(store:architectures()) do
    if not architecture.superseded_by then list[#list + 1] = architecture end
  end
  local count = 0
  parallel.map(list, function(architecture)
    local mark = validate_one(tool, architecture, work)
    mark.name = architecture.name
    marks[architecture.hash] = mark
    if mark.valid then count = count + 1 end
  end, { limit = 3 })
  assert(json.write(fs.join(workspace, "valid.json"), marks))
  print(("%d of %d roots are valid offline"):format(count, #list))
end

local function print_table()
  local marks = json.read(fs.join(workspace, "valid.json")) or {}
  local latest = assert(store:runs { finished = true }[1], "no finished run")
  local rows, counts = {}, {}
  for hash, result in pairs(store:run(latest.run_id):results()) do
    local meta = store:architecture(hash)
    rows[#rows + 1] = { meta.name, result.status, (result.reason or ""):sub(1, 150),
      marks[hash] and (marks[hash].valid and "valid" or "invalid") or "" }
    counts[result.status] = (counts[result.status] or 0) + 1
  end
  table.sort(rows, function(a, b)
    if a[2] ~= b[2] then return a[2] > b[2] end
    return a[1] < b[1]
  end)
  for _, row in ipairs(rows) do
    print(("%-8s %-7s %s | %s"):format(row[2], row[4], row[1], row[3]))
  end
  print(json.encode(counts))
end

if command == "valid" then mark_valid() else print_table() end
return 0
