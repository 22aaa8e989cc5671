-- SPDX-License-Identifier: Apache-2.0
-- Checks tests/requirements*.tsv: every test that they name is there, and every requirement of the
-- first one names at least one (tests/pipelines/requirement_tables_spec.lua knows what the others
-- have to have):
--   lua5.4 tests/lint/requirements.lua
-- Columns, by tabulators: requirement, our words for it, spec file, name of the test. A name that
-- a spec puts together ("wait for " .. x) is named by the part that is written there.

local TABLE <const> = "tests/requirements.tsv"
local OTHERS <const> = { "aphex", "parity", "validator" }
local WANTED <const> = { FR = 70, SC = 10 }

local problems, files = {}, {}

local function complain(path, line, ...)
  problems[#problems + 1] = ("%s:%d: %s"):format(path, line, string.format(...))
end

local function content_of(path)
  if files[path] == nil then
    local handle = io.open(path, "r")
    files[path] = handle and handle:read("a") or false
    if handle then handle:close() end
  end
  return files[path]
end

-- A test is a line that calls `it` (or a spec's own `test` or `case`) with the name as a text, or
-- with a text that is part of it.
local function has_test(text, name)
  for line in text:gmatch("[^\n]+") do
    local is_test = line:find("%f[%w]it%s*[%(\"]") or line:find("^%s*test%s*[%(\"]")
      or line:find("^%s*case%s*[%(\"]")
    local at = is_test and line:find('"' .. name, 1, true)
    local after = at and line:sub(at + #name + 1, at + #name + 1)
    if at and (after == '"' or name:sub(-1) == " ") then return true end
  end
  return false
end

local function check_row(path, number, line)
  local id, words, spec, name = line:match("^([^\t]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)$")
  if not id then return complain(path, number, "not four columns") end
  local text = content_of(spec)
  if not text then
    complain(path, number, "%s: there is no %s", id, spec)
  elseif not has_test(text, name) then
    complain(path, number, "%s (%s): %s has no test '%s'", id, words, spec, name)
  end
  return id
end

---@return table<string, boolean> ids that it has
---@return integer rows
local function check_table(path)
  local number, rows, seen = 0, 0, {}
  for line in io.lines(path) do
    number = number + 1
    if line ~= "" and not line:find("^#") then
      rows = rows + 1
      local id = check_row(path, number, line)
      if id then seen[id] = true end
    end
  end
  return seen, rows
end

local function check_all_wanted(seen)
  for kind, count in pairs(WANTED) do
    for i = 1, count do
      local id = ("%s-%03d"):format(kind, i)
      if not seen[id] then complain(TABLE, 0, "%s has no test", id) end
      seen[id] = nil
    end
  end
  for id in pairs(seen) do complain(TABLE, 0, "there is no requirement %s", id) end
end

local seen, rows = check_table(TABLE)
check_all_wanted(seen)
for _, pipeline in ipairs(OTHERS) do
  rows = rows + select(2, check_table(("tests/requirements_%s.tsv"):format(pipeline)))
end
table.sort(problems)
for _, problem in ipairs(problems) do print(problem) end
print(("tables: %d, tests named: %d, problems: %d"):format(1 + #OTHERS, rows, #problems))
os.exit(#problems == 0 and 0 or 1)
