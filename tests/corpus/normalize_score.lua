-- SPDX-License-Identifier: Apache-2.0
-- Scores normalising on a corpus of public templates (skipped by name where it is absent):
--   lsqm exec tests/corpus/normalize_score.lua [corpus=DIR] [novalidate] [reasons=N] [list=FILE]
--     [kind=cfn|cdk-cfn|sam|serverless|serverless-nonaws|terraform]
-- An input counts as valid when `terraform validate` accepts its root and every resource of the
-- input is in the record (represented.lua). classes.lua says which inputs nothing could convert.
-- `list` gets one line per input. Exit 1: a share below what issue 4 asks for.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local classes = dofile(HERE .. "/classes.lua")
local corpus_of = dofile(HERE .. "/corpus.lua")
local fs = require "std.fs"
local parallel = require "std.parallel"
local python = require "std.python"
local represented = dofile(HERE .. "/represented.lua")
local terraform = require "std.terraform"
local time = require "std.time"
local validity = dofile(HERE .. "/validity.lua")

local KINDS = { "cfn", "cdk-cfn", "sam", "serverless", "serverless-nonaws", "terraform" }
local GOALS = {
  { name = "cfn + cdk-cfn + sam", kinds = { "cfn", "cdk-cfn", "sam" }, share = 0.90 },
  { name = "serverless (aws)", kinds = { "serverless" }, share = 0.85 },
  { name = "terraform", kinds = { "terraform" }, share = 0.90 },
}

local function normalize_all(inputs, out)
  local jobs = {}
  for n, input in ipairs(inputs) do
    jobs[n] = { path = input.path, format = input.format, out = fs.join(out, tostring(n)) }
  end
  local outcomes = parallel.cpu_map("std.normalize", jobs, { fn = "normalize", collect = true })
  for n, outcome in ipairs(outcomes) do
    local input = inputs[n]
    input.id = tostring(n)
    input.record = outcome.ok and outcome.value or { status = "failed", unsupported = {},
      resources = {}, assumptions = {}, error = { message = tostring(outcome.err) } }
    input.class, input.why = classes.of(input.kind, input.record)
  end
end

local function validate_all(inputs, out)
  local home <close> = assert(fs.tempdir("normalize-score-tool"))
  local tool = assert(terraform.find { home = home.path, cache = python.cache_dir() })
  local roots = {}
  for _, input in ipairs(inputs) do
    if input.record.status == "normalized" then
      roots[#roots + 1] = { id = input.id, dir = fs.join(out, input.id),
        aliases = input.record.provider_aliases }
    end
  end
  return validity.check(tool, out, roots)
end

-- "FILE:LINE:COL: what" for what is not valid.
local function complaint(input)
  local record = input.record
  if record.error then
    local e = record.error
    return ("%s:%s:%s: %s"):format(e.file or input.path, e.line or "?", e.col or "?", e.message)
  end
  local words = {}
  for _, entry in ipairs(record.unsupported) do
    local word = ("%s:%s:%s: %s %s%s: %s"):format(input.path, entry.line or 1, entry.col or 1,
      entry.id or "", entry.type or "", entry.property and "." .. entry.property or "",
      entry.reason)
    words[#words + 1] = word
  end
  return table.concat(words, " | ")
end

local function judge(inputs, errors)
  for _, input in ipairs(inputs) do
    if input.record.status ~= "normalized" then
      input.verdict, input.text = input.record.status, complaint(input)
    else
      local missing = represented.missing(input, input.record)
      if #missing > 0 then
        input.verdict = "incomplete"
        input.text = input.path .. ":1:1: not represented: " .. table.concat(missing, ", ")
      elseif errors and errors[input.id] then
        input.verdict, input.text = "invalid", input.path .. ": " .. errors[input.id]
      else
        input.verdict, input.text = errors and "valid" or "normalized", input.path
      end
    end
  end
end

local function count(inputs)
  local rows = {}
  for _, kind in ipairs(KINDS) do
    rows[kind] = { total = 0, excluded = 0, eligible = 0, normalized = 0, valid = 0, failed = 0 }
  end
  for _, input in ipairs(inputs) do
    local row = rows[input.kind]
    row.total = row.total + 1
    local group = input.class and "excluded" or "eligible"
    row[group] = row[group] + 1
    if input.record.status == "normalized" then row.normalized = row.normalized + 1 end
    if input.verdict == "valid" then row.valid = row.valid + 1 end
    if input.record.status == "failed" then row.failed = row.failed + 1 end
  end
  return rows
end

local function print_table(rows)
  print(("%-18s %6s %9s %9s %11s %7s %6s %6s"):format("format", "total", "excluded", "eligible",
    "normalized", "failed", "valid", "share"))
  for _, kind in ipairs(KINDS) do
    local row = rows[kind]
    if row.total > 0 then
      print(("%-18s %6d %9d %9d %11d %7d %6d %5.1f%%"):format(kind, row.total, row.excluded,
        row.eligible, row.normalized, row.failed, row.valid,
        row.eligible > 0 and 100 * row.valid / row.eligible or 0))
    end
  end
end

local function print_excluded(inputs)
  local counts, order = {}, {}
  for _, input in ipairs(inputs) do
    local key = input.class and ("%s: %s"):format(input.kind, input.class)
    if key and not counts[key] then order[#order + 1] = key end
    if key then counts[key] = (counts[key] or 0) + 1 end
  end
  table.sort(order)
  for _, key in ipairs(order) do print(("excluded %4d %s"):format(counts[key], key)) end
end

local function print_reasons(inputs, most)
  local times, list = {}, {}
  for _, input in ipairs(inputs) do
    local seen = {}
    for _, entry in ipairs(input.class and {} or input.record.unsupported) do
      local reason = ("%s %s: %s"):format(entry.type or "", entry.property or "", entry.reason)
      if not seen[reason] then times[reason] = (times[reason] or 0) + 1 end
      seen[reason] = true
    end
  end
  for reason in pairs(times) do list[#list + 1] = reason end
  table.sort(list, function(a, b)
    return times[a] > times[b] or times[a] == times[b] and a < b
  end)
  for n = 1, math.min(#list, most) do print(("%4d %s"):format(times[list[n]], list[n])) end
end

local function goals_met(rows)
  local met = true
  for _, goal in ipairs(GOALS) do
    local eligible, valid = 0, 0
    for _, kind in ipairs(goal.kinds) do
      eligible, valid = eligible + rows[kind].eligible, valid + rows[kind].valid
    end
    if eligible > 0 then
      local reached = valid / eligible >= goal.share
      met = met and reached
      print(("%-22s %d of %d = %.1f%%, %.0f%% wanted: %s"):format(goal.name, valid, eligible,
        100 * valid / eligible, 100 * goal.share, reached and "reached" or "NOT REACHED"))
    end
  end
  return met
end

local function write_list(path, inputs)
  local lines = {}
  for n, input in ipairs(inputs) do
    local note = input.class and ("excluded (%s: %s)"):format(input.class, input.why)
      or input.verdict
    lines[n] = ("%s\t%s\t%s\n"):format(input.kind, note, (input.text:gsub("%s+", " ")))
  end
  assert(fs.write(path, table.concat(lines)))
end

local function print_failures(inputs)
  for _, input in ipairs(inputs) do
    local bad = input.verdict == "invalid" or input.verdict == "incomplete"
      or input.verdict == "failed"
    if bad and not input.class then print(input.verdict, (input.text:gsub("%s+", " "))) end
  end
end

local function main(...)
  local options = corpus_of.options({ reasons = 25 }, ...)
  local dir = corpus_of.find(options.corpus)
  if not dir then
    print("skipped: no corpus at " .. tostring(options.corpus or "../shared/corpus"))
    return 0
  end
  local inputs = {}
  for _, input in ipairs(corpus_of.inputs(dir)) do
    if not options.kind or input.kind == options.kind then inputs[#inputs + 1] = input end
  end
  local out <close> = assert(fs.tempdir("normalize-score"))
  local began = time.monotonic()
  normalize_all(inputs, out.path)
  local seconds = time.monotonic() - began
  judge(inputs, not options.novalidate and validate_all(inputs, out.path) or nil)
  print_failures(inputs)
  print_reasons(inputs, options.reasons)
  print_excluded(inputs)
  local rows = count(inputs)
  print_table(rows)
  if options.list then write_list(options.list, inputs) end
  print(("%d inputs normalised in %.1f s"):format(#inputs, seconds))
  if options.novalidate then return 0 end
  return goals_met(rows) and 0 or 1
end

os.exit(main(...))
