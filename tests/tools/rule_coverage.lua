-- SPDX-License-Identifier: Apache-2.0
-- Which properties of CloudFormation's own schemas a rule does not reach:
--   lsqm exec tests/tools/rule_coverage.lua INDEX [TYPE-OR-PREFIX...]
-- INDEX is made by tests/tools/cloudformation_index.py. For each type that has a rule: properties
-- that neither the rule nor a name of the provider's schema answers (the converter calls them
-- unsupported), attributes of GetAtt that lead nowhere, rule entries that name no property,
-- names that lead nowhere in the provider's schema.
local coverage = require "std.normalize.cfn.coverage"
local entries_of = dofile(debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") .. "/entries.lua")
local normalize = require "std.normalize"

local arguments = { ... }
local entries = entries_of(table.remove(arguments, 1) or error("which index?", 0), arguments)

local find, without = normalize.rules(), {}
for _, entry in ipairs(entries) do
  local rule = find(entry.type)
  if not rule then
    without[#without + 1] = entry.type
  else
    local report = coverage.of(entry, rule)
    for _, kind in ipairs { "missing", "attributes", "unknown", "wrong" } do
      for _, path in ipairs(report[kind]) do print(kind, entry.type, path) end
    end
  end
end
if #arguments > 0 then for _, name in ipairs(without) do print("no rule", name) end end
