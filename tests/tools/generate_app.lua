-- SPDX-License-Identifier: Apache-2.0
-- Writes the app of a Terraform root by the stock rules:
--   lsqm exec tests/tools/generate_app.lua ROOT FOLDER
local fs = require "std.fs"
local generate = require "std.generate"
local resolve = require "std.resolve"

local root, folder = ...
local rules = assert(resolve.load("weekly", "rules.tests"))
local files = assert(generate.read_dir(root))
local app, info = generate.generate { files = files, rules = rules }
if not app then error(info.message or "no rule covers anything in " .. root, 0) end
assert(fs.write_all(folder, app))
print(("%d tests, %d cases, uncovered: %s"):format(info.tests, info.cases,
  table.concat(info.uncovered, " ")))
