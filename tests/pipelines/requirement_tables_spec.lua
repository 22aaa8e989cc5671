-- SPDX-License-Identifier: Apache-2.0
-- tests/requirements_PIPELINE.tsv names a test for every entity, rule, state machine and command
-- of validator, aphex and parity. That the tests are there, tests/lint/requirements.lua sees.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fs = require "std.fs"
local resolve = require "std.resolve"

local function rules_of_parity(wanted)
  local source = assert(fs.read(assert(resolve.find("parity", "model.validate"))))
  for rule in source:gmatch('add%(problems, "([%w-]+)"') do wanted["rule:" .. rule] = true end
  for kind, value in pairs(assert(resolve.load("parity", "rules.workflow"))) do
    if value.uninitialized then wanted["states:" .. kind] = true end
  end
end

local function listed(...)
  local names = { ... }
  return function(wanted)
    for _, name in ipairs(names) do wanted[name] = true end
  end
end

-- What the documents have besides entities, which are the records, and commands, the stages.
local MORE <const> = {
  parity = rules_of_parity,
  validator = listed("rule:source-id", "rule:source-url", "rule:source-sha",
    "rule:architecture-id", "rule:architecture-services", "rule:architecture-complexity",
    "rule:architecture-hash", "rule:app-files", "rule:app-requirements", "rule:app-compiles",
    "rule:run-id", "rule:run-times", "rule:run-pass-rate", "rule:result-status",
    "rule:tracker-count", "rule:tracker-issue", "rule:schemas", "states:architecture",
    "states:result", "states:tracker", "must:2"),
  aphex = listed("rule:version", "rule:build-commands", "rule:environments", "rule:region",
    "rule:account", "rule:stacks", "rule:test-commands", "rule:unique-names",
    "rule:credentials", "rule:context", "rule:tools", "rule:schemas", "storage:cloudwatch-logs",
    "storage:cloudwatch-metrics", "storage:s3-artifacts", "storage:dynamodb",
    "storage:s3-metadata", "flow:configuration", "flow:artifact", "flow:metadata", "flow:event",
    "must:3"),
}

local function items_of(pipeline)
  local items = {}
  local path = here .. "/../requirements_" .. pipeline .. ".tsv"
  for line in assert(fs.read(path)):gmatch("[^\n]+") do
    local item = not line:find("^#") and line:match("^[^\t]+")
    if item then items[item] = true end
  end
  return items
end

for pipeline, more in pairs(MORE) do
  describe("the requirements of " .. pipeline, function()
    it("cover every entity, rule, state machine and command", function()
      local seen, wanted = items_of(pipeline), {}
      local records = require("pipelines." .. pipeline .. ".model.records")
      for _, name in ipairs(records.ENTITIES) do wanted["entity:" .. name] = true end
      for _, name in ipairs(resolve.stages(pipeline)) do wanted["command:" .. name] = true end
      more(wanted)
      for item in pairs(wanted) do assert.is_true(seen[item], item) end
    end)
  end)
end
