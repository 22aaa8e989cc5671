-- SPDX-License-Identifier: Apache-2.0
-- Tests by rules: from a Terraform root to a pytest app that exercises what it deploys. The same
-- input gives the same bytes. No key, no network.

local emit = require "std.generate.emit"
local fs = require "std.fs"
local model = require "std.generate.model"
local plan = require "std.generate.plan"
local tables = require "std.table"

local M = {}

---@class generate.Info
---@field tests integer       test functions
---@field cases integer       test functions times their addresses
---@field covered string[]    resource types with at least one check
---@field uncovered string[]  resource types without a rule, and modules that cannot be read

local function summary(found, made, options)
  local uncovered, covered, cases = tables.set(made.uncovered), {}, 0
  for _, resource in ipairs(found.resources) do
    if options.rules[resource.type] and not uncovered[resource.type] then
      covered[resource.type] = true
    end
  end
  for _, check in ipairs(made.checks) do cases = cases + #check.addresses end
  return { tests = #made.checks, cases = cases, covered = tables.sorted_keys(covered),
    uncovered = made.uncovered }
end

--- Generates an app. `files` is nil (with info) when no rule covers anything in the root.
---@param options { files: table<string, string>, rules: table }  relative path → text, and rules
---@return table<string, string>? files  conftest.py, app.py, test_app.py, requirements.txt
---@return generate.Info|table info_or_err  the info, or the parser's error (it has `message`)
function M.generate(options)
  if type(options) ~= "table" or type(options.files) ~= "table" then
    error("files: table expected", 2)
  end
  if type(options.rules) ~= "table" then error("rules: table expected", 2) end
  local found, err = model.read(options.files)
  if not found then return nil, err end
  local made = plan.make(found, options.rules)
  local info = summary(found, made, options)
  if #made.checks == 0 then return nil, info end
  return emit.files(made), info
end

--- Reads the Terraform files below a directory, links not followed.
---@param dir string
---@return table<string, string>? files, table? err
function M.read_dir(dir)
  return fs.read_all(dir, { include = { "**/*.tf", "**/*.tf.json" } })
end

return M
