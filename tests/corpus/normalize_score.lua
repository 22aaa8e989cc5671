-- SPDX-License-Identifier: Apache-2.0
-- Scores normalising on a corpus of public templates (INDEX.tsv; skipped where it is absent):
--   lsqm exec tests/corpus/normalize_score.lua [CORPUS] [validate] [reasons=N] [only=FORMAT]
--     [records=FILE]
-- validate puts all results as modules into one root, so that terraform loads its provider once;
-- TF_CLI_CONFIG_FILE says where providers come from.
local fs = require "std.fs"
local hcl = require "std.hcl"
local json = require "std.json"
local parallel = require "std.parallel"
local process = require "std.process"

local options = { corpus = nil, reasons = 25 }
for _, word in ipairs { ... } do
  local reasons = word:match("^reasons=(%d+)$")
  if word == "validate" then options.validate = true
  elseif word:find("^only=") then options.only = word:sub(6)
  elseif word:find("^records=") then options.records = word:sub(9)
  elseif reasons then options.reasons = tonumber(reasons)
  else options.corpus = word end
end
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local corpus = options.corpus or HERE .. "/../../../shared/corpus"

local FORMATS = { cfn = "cfn", ["cdk-cfn"] = "cdk", sam = "sam", serverless = "serverless",
  terraform = "terraform" }

local function read_index()
  local jobs, formats, seen = {}, {}, {}
  local text = fs.read(fs.join(corpus, "INDEX.tsv"))
  if not text then return nil end
  for line in text:gmatch("[^\n]+") do
    local repo, _, path, format, _, _, role = table.unpack((function()
      local fields = {}
      for field in (line .. "\t"):gmatch("([^\t]*)\t") do fields[#fields + 1] = field end
      return fields
    end)())
    local full = fs.join(corpus, (repo:gsub("/", "+")), path)
    if format == "terraform" then full = fs.dirname(full) end
    local wanted = FORMATS[format] and (not options.only or options.only == format)
    if role == "main" and wanted and not seen[full] then
      seen[full] = true
      jobs[#jobs + 1] = { path = full, format = FORMATS[format] }
      formats[#jobs] = format
    end
  end
  return jobs, formats
end

-- "path:line:col" below the corpus.
local function place_of(entry)
  local file = (entry.file or "?"):gsub("^.*/corpus/", "")
  return ("%s:%s:%s"):format(file, entry.line or "-", entry.col or "-")
end

local function count(outcomes, formats)
  local table_of, reasons = {}, {}
  for n, outcome in ipairs(outcomes) do
    local row = table_of[formats[n]] or { total = 0, normalized = 0, unsupported = 0, failed = 0 }
    local record = outcome.ok and outcome.value
      or { status = "failed", error = { message = tostring(outcome.err) }, unsupported = {} }
    table_of[formats[n]] = row
    row.total, row[record.status] = row.total + 1, row[record.status] + 1
    local seen = {}
    for _, entry in ipairs(record.unsupported) do
      local reason = ("%s %s: %s"):format(entry.type or "", entry.property or "", entry.reason)
      local known = reasons[reason] or { times = 0, place = place_of(entry) }
      reasons[reason] = known
      if not seen[reason] then known.times = known.times + 1 end
      seen[reason] = true
    end
    if record.error then print("failed", place_of(record.error), record.error.message) end
  end
  return table_of, reasons
end

-- A root reads its variables' values from files, a module does not: null is enough to validate.
local function arguments(dir)
  local lines = {}
  for _, entry in ipairs(fs.list(dir) or {}) do
    local body = entry.name:find("%.tf$") and hcl.parse(fs.read(fs.join(dir, entry.name)) or "")
    for _, block in ipairs(body and body.items or {}) do
      local has_default = block.type ~= "variable"
      for _, item in ipairs(block.body and block.body.items or {}) do
        has_default = has_default or item.name == "default"
      end
      if not has_default then lines[#lines + 1] = "  " .. block.labels[1] .. " = null\n" end
    end
  end
  return table.concat(lines)
end

local function validate(outcomes, formats, dir)
  local modules, format_of = {}, {}
  for n, outcome in ipairs(outcomes) do
    if outcome.ok and outcome.value.status == "normalized" then
      modules[#modules + 1] = ("module \"m%d\" {\n  source = \"./%d\"\n%s}\n"):format(n, n,
        arguments(fs.join(dir, tostring(n))))
      format_of[tostring(n)] = formats[n]
    end
  end
  fs.write(fs.join(dir, "main.tf"), table.concat(modules, "\n"))
  local env = { TF_CLI_CONFIG_FILE = os.getenv "TF_CLI_CONFIG_FILE" }
  local init = assert(process.run { argv = { "terraform", "init", "-no-color" }, cwd = dir,
    env = env, timeout = 300 })
  if init.code ~= 0 then print(init.stdout, init.stderr) end
  local result = assert(process.run { argv = { "terraform", "validate", "-json" }, cwd = dir,
    env = env, timeout = 900, max_output = 64 << 20 })
  local bad = {}
  for _, diagnostic in ipairs(json.decode(result.stdout).diagnostics or {}) do
    local file = diagnostic.range and diagnostic.range.filename or ""
    if diagnostic.severity == "error" then
      local n = file:match("^%.?/?(%d+)/") or "?"
      bad[n] = true
      print("invalid", n, file, diagnostic.summary, diagnostic.detail)
    end
  end
  local valid = {}
  for n, format in pairs(format_of) do
    valid[format] = (valid[format] or 0) + (bad[n] and 0 or 1)
  end
  return valid
end

local jobs, formats = read_index()
if not jobs then
  print("no corpus at " .. corpus .. ": skipped")
  return
end
local out = fs.tempdir("normalize-score")
for n, job in ipairs(jobs) do job.out = fs.join(out.path, tostring(n)) end
local started = os.clock()
local outcomes = parallel.cpu_map("std.normalize", jobs, { fn = "normalize", collect = true })
local rows, reasons = count(outcomes, formats)
if options.records then
  local records = {}
  for n, outcome in ipairs(outcomes) do records[n] = outcome.value end
  assert(json.write(options.records, json.array(records)))
end
local valid = options.validate and validate(outcomes, formats, out.path) or {}
print(("%-12s %6s %11s %12s %7s %6s"):format("format", "total", "normalized", "unsupported",
  "failed", "valid"))
for format in pairs(FORMATS) do
  local row = rows[format]
  if row then
    print(("%-12s %6d %11d %12d %7d %6s"):format(format, row.total, row.normalized,
      row.unsupported, row.failed, valid[format] or "-"))
  end
end
local list = {}
for reason, known in pairs(reasons) do
  list[#list + 1] = { reason, known.times, known.place }
end
table.sort(list, function(a, b) return a[2] > b[2] or a[2] == b[2] and a[1] < b[1] end)
for n = 1, math.min(#list, options.reasons) do
  print(list[n][2], list[n][1], list[n][3])
end
print(("%.1f s of processor time in this process"):format(os.clock() - started))
out:close()
