-- SPDX-License-Identifier: Apache-2.0
-- Checks the size habits on every tracked C and Lua file and prints what breaks them:
--   lua5.4 tests/lint/sizes.lua
-- Limits and the reasons for them are in CONTRIBUTING.md.

local WIDTH = 100
local LIMITS = {
  c = { file = 600, fn = 80, p95 = 40 },
  lua = { file = 400, fn = 60, p95 = 35 },
}
local WORDS = { "TO" .. "DO", "FIX" .. "ME", "XX" .. "X" }

local problems = {}

local function complain(file, line, text)
  problems[#problems + 1] = string.format("%s:%d: %s", file, line, text)
end

local function output_lines(command)
  local pipe = assert(io.popen(command))
  local lines = {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  pipe:close()
  return lines
end

local function read_lines(file)
  local lines = {}
  for line in io.lines(file) do lines[#lines + 1] = line end
  return lines
end

-- A C function opens with a brace alone in the first column and ends with one; its signature
-- starts after the last blank line, comment, or line that ends a declaration.
local function signature_start(lines, open)
  local at = open - 1
  while at > 1 do
    local above = lines[at - 1]
    if above == "" or above:find "[;}/]%s*$" or above:find "^[#/ ]%*?" and above:find "%*/%s*$"
      or above:find "^#" then
      break
    end
    at = at - 1
  end
  return at
end

local function c_functions(lines)
  local found, open = {}, nil
  for number, line in ipairs(lines) do
    if line == "{" then
      open = number
    elseif open and line:find "^}" then
      local first = signature_start(lines, open)
      if line == "}" and lines[open - 1]:find "%)%s*$" then
        found[#found + 1] = { line = first, size = number - first + 1 }
      end
      open = nil
    end
  end
  return found
end

-- The compiler's own listing says where each Lua function begins and ends.
local function lua_functions(file)
  local found = {}
  for _, line in ipairs(output_lines("luac5.4 -l -p '" .. file .. "'")) do
    local first, last = line:match "^function <.*:(%d+),(%d+)>"
    if first then
      found[#found + 1] = { line = tonumber(first), size = last - first + 1 }
    end
  end
  return found
end

local function check_lines(file, lines)
  local head = table.concat(lines, "\n", 1, math.min(2, #lines))
  if not head:find("SPDX-License-Identifier", 1, true) then
    complain(file, 1, "the SPDX line is missing")
  end
  for number, line in ipairs(lines) do
    if (utf8.len(line) or #line) > WIDTH then
      complain(file, number, "wider than " .. WIDTH .. " columns")
    end
    for _, word in ipairs(WORDS) do
      if line:find("%f[%w_]" .. word .. "%f[^%w_]") then complain(file, number, "has " .. word) end
    end
  end
end

local function percentile_95(functions)
  table.sort(functions, function(a, b) return a.size < b.size end)
  local at = functions[math.max(1, math.ceil(#functions * 0.95))]
  return at and at.size or 0
end

local function check_functions(file, functions, limit)
  for _, fn in ipairs(functions) do
    if fn.size > limit.fn then
      complain(file, fn.line, string.format("function of %d lines (limit %d)", fn.size, limit.fn))
    end
  end
end

local function check_file(file, kind, all)
  local lines = read_lines(file)
  local limit = LIMITS[kind].file
  check_lines(file, lines)
  if #lines > limit then
    complain(file, 1, string.format("file of %d lines (limit %d)", #lines, limit))
  end
  -- Specs are lists of cases under nested functions.
  if file:find("_spec%.lua$") then return end
  local functions = kind == "c" and c_functions(lines) or lua_functions(file)
  check_functions(file, functions, LIMITS[kind])
  table.move(functions, 1, #functions, #all + 1, all)
end

local function check_kind(kind, globs)
  local files = output_lines("git ls-files " .. globs)
  local functions = {}
  for _, file in ipairs(files) do check_file(file, kind, functions) end
  local p95 = percentile_95(functions)
  print(string.format("%s: %d files, %d functions, p95 %d lines", kind, #files, #functions, p95))
  if p95 > LIMITS[kind].p95 then
    complain(kind, 0, string.format("p95 of function lengths is %d (limit %d)", p95,
      LIMITS[kind].p95))
  end
end

check_kind("c", "'*.c' '*.h'")
check_kind("lua", "'*.lua'")
for _, problem in ipairs(problems) do print(problem) end
os.exit(#problems == 0 and 0 or 1)
