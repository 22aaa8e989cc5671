-- SPDX-License-Identifier: Apache-2.0
-- How many tests ran: of JUnit reports that were written, else of what was printed.

local fs = require "std.fs"
local xml = require "std.xml"

local M = {}

local MAX_BYTES <const> = 32 << 20

-- Of a <testsuite>; sums of <testsuites> are their children's.
local function of_suite(suite, counts)
  local tests = xml.all(suite, "testcase")
  for _, case in ipairs(tests) do
    if xml.find(case, "failure") or xml.find(case, "error") then
      counts.failed = counts.failed + 1
    elseif not xml.find(case, "skipped") then
      counts.passed = counts.passed + 1
    end
  end
end

--- Of JUnit XML; nil where the text is something else.
---@param text string
---@return {passed: integer, failed: integer}|nil
function M.junit(text)
  if #text > MAX_BYTES then return nil end
  local root = xml.parse(text)
  if not root or (root.name ~= "testsuites" and root.name ~= "testsuite") then return nil end
  local counts = { passed = 0, failed = 0 }
  of_suite(root, counts)
  return counts
end

local function add(sum, counts)
  sum.passed, sum.failed = sum.passed + counts.passed, sum.failed + counts.failed
end

-- Reports that were written since the tests began.
local function of_files(dir, since)
  local sum = nil
  for _, name in ipairs(fs.walk(dir, { skip = { "node_modules", ".git" } }) or {}) do
    local path = fs.join(dir, name)
    local info = name:find "%.xml$" and fs.stat(path)
    if info and info.mtime >= since then
      local counts = M.junit(fs.read(path) or "")
      if counts then
        sum = sum or { passed = 0, failed = 0 }
        add(sum, counts)
      end
    end
  end
  return sum
end

--- {passed, failed} of a run.
---@param rules table[] rules/test_reports.lua
---@param options {dir: string, since: number, output: string}
function M.of(rules, options)
  local counts = of_files(options.dir, options.since)
  if counts then return counts end
  local sum = { passed = 0, failed = 0 }
  for _, rule in ipairs(rules) do
    local found = rule.find(options.output)
    if found then add(sum, found) end
  end
  return sum
end

return M
