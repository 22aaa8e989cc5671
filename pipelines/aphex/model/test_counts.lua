-- SPDX-License-Identifier: Apache-2.0
-- How many tests ran: of JUnit reports that were written, else of what was printed.

local error_of = require "std.error"
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

--- Of JUnit XML; nil where the text is something else, and an error where it is a report that
--- breaks off or cannot be read.
---@param text string
---@return {passed: integer, failed: integer}|nil
---@return lsqm.Error|nil err
function M.junit(text)
  local root, err
  if #text <= MAX_BYTES then root, err = xml.parse(text) end
  if not root then
    local is_report = text:sub(1, 4096):find "<testsuites?[%s>/]"
    return nil, is_report and error_of.new { op = "JUnit", code = "invalid",
      message = err and tostring(err) or "larger than 32 MB" } or nil
  end
  if root.name ~= "testsuites" and root.name ~= "testsuite" then return nil end
  local counts = { passed = 0, failed = 0 }
  of_suite(root, counts)
  return counts
end

local function add(sum, counts)
  sum.passed, sum.failed = sum.passed + counts.passed, sum.failed + counts.failed
end

-- Reports that were written since the tests began, and what is wrong with them.
local function of_files(dir, since)
  local sum, problems = nil, {}
  for _, name in ipairs(fs.walk(dir, { skip = { "node_modules", ".git" } }) or {}) do
    local path = fs.join(dir, name)
    local info = name:find "%.xml$" and fs.stat(path)
    if info and info.mtime >= since then
      local text, why = fs.read(path)
      local counts, err = M.junit(text or "")
      if counts then
        sum = sum or { passed = 0, failed = 0 }
        add(sum, counts)
      end
      err = err or (not text and why)
      if err then problems[#problems + 1] = error_of.wrap(err, name) end
    end
  end
  return sum, problems
end

--- {passed, failed} of a run, and what is wrong with its reports: they may say less than was run.
---@param rules table[] rules/test_reports.lua
---@param options {dir: string, since: number, output: string}
---@return {passed: integer, failed: integer}
---@return lsqm.Error[] problems
function M.of(rules, options)
  local counts, problems = of_files(options.dir, options.since)
  if counts then return counts, problems end
  local sum = { passed = 0, failed = 0 }
  local plain = options.output:gsub("\27%[[%d;]*m", ""):gsub("\r\n", "\n")
  for _, rule in ipairs(rules) do
    local found = rule.find(plain)
    if found then add(sum, found) end
  end
  return sum, problems
end

return M
