-- SPDX-License-Identifier: Apache-2.0
-- Checks tests/requirements.tsv: every requirement names at least one test, and every named test
-- is there:
--   lua5.4 tests/lint/requirements.lua
-- Columns, by tabulators: requirement, our words for it, spec file, name of the test. A name that
-- a spec puts together ("wait for " .. x) is named by the part that is written there.

local TABLE <const> = "tests/requirements.tsv"
local WANTED <const> = { FR = 70, SC = 10 }

local problems, seen, files = {}, {}, {}

local function complain(line, ...)
  problems[#problems + 1] = ("%s:%d: %s"):format(TABLE, line, string.format(...))
end

local function content_of(path)
  if files[path] == nil then
    local handle = io.open(path, "r")
    files[path] = handle and handle:read("a") or false
    if handle then handle:close() end
  end
  return files[path]
end

-- A test is a line that calls `it` (or a spec's own `test`) with the name as a text, or with a
-- text that is part of it.
local function has_test(text, name)
  for line in text:gmatch("[^\n]+") do
    local is_test = line:find("%f[%w]it%s*[%(\"]") or line:find("^%s*test%s*[%(\"]")
    local at = is_test and line:find('"' .. name, 1, true)
    local after = at and line:sub(at + #name + 1, at + #name + 1)
    if at and (after == '"' or name:sub(-1) == " ") then return true end
  end
  return false
end

local function check_row(number, line)
  local id, words, spec, name = line:match("^(%u%u%-%d%d%d)\t([^\t]+)\t([^\t]+)\t([^\t]+)$")
  if not id then return complain(number, "not four columns") end
  seen[id] = (seen[id] or 0) + 1
  local text = content_of(spec)
  if not text then return complain(number, "%s: there is no %s", id, spec) end
  if not has_test(text, name) then
    complain(number, "%s (%s): %s has no test '%s'", id, words, spec, name)
  end
end

local function check_all_wanted()
  for kind, count in pairs(WANTED) do
    for i = 1, count do
      local id = ("%s-%03d"):format(kind, i)
      if not seen[id] then complain(0, "%s has no test", id) end
      seen[id] = nil
    end
  end
  for id in pairs(seen) do complain(0, "there is no requirement %s", id) end
end

local number, rows = 0, 0
for line in io.lines(TABLE) do
  number = number + 1
  if line ~= "" and not line:find("^#") then
    rows = rows + 1
    check_row(number, line)
  end
end
check_all_wanted()
table.sort(problems)
for _, problem in ipairs(problems) do print(problem) end
print(("requirements: %d, tests named: %d, problems: %d"):format(WANTED.FR + WANTED.SC, rows,
  #problems))
os.exit(#problems == 0 and 0 or 1)
