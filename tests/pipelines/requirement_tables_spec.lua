-- SPDX-License-Identifier: Apache-2.0
-- tests/requirements_PIPELINE.tsv names a test for every entity, rule, state machine and command
-- of validator, aphex and parity, and every test that it names is there.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fs = require "std.fs"
local resolve = require "std.resolve"

local ROOT <const> = here .. "/../../"

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

local function rows_of(pipeline)
  local rows = {}
  local path = ROOT .. "tests/requirements_" .. pipeline .. ".tsv"
  for line in assert(fs.read(path)):gmatch("[^\n]+") do
    if not line:find("^#") then
      local item, words, spec, name = line:match("^([^\t]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)$")
      rows[#rows + 1] = { item = item or line, words = words, spec = spec, name = name }
    end
  end
  return rows
end

-- Named whole, or by a part at its beginning or end where the spec puts the name together.
local function has_test(text, name)
  if name:sub(-1) == " " then return text:find('it("' .. name, 1, true) ~= nil end
  return text:find('it("' .. name, 1, true) ~= nil or text:find(name .. '"', 1, true) ~= nil
end

for pipeline, more in pairs(MORE) do
  describe("the requirements of " .. pipeline, function()
    it("name tests that are there", function()
      for _, row in ipairs(rows_of(pipeline)) do
        assert.is_truthy(row.name, "not four columns: " .. row.item)
        local text = fs.read(ROOT .. row.spec)
        assert.is_true(text ~= nil and has_test(text, row.name), row.spec .. ": " .. row.name)
      end
    end)

    it("cover every entity, rule, state machine and command", function()
      local seen, wanted = {}, {}
      for _, row in ipairs(rows_of(pipeline)) do seen[row.item] = true end
      local records = require("pipelines." .. pipeline .. ".model.records")
      for _, name in ipairs(records.ENTITIES) do wanted["entity:" .. name] = true end
      for _, name in ipairs(resolve.stages(pipeline)) do wanted["command:" .. name] = true end
      more(wanted)
      for item in pairs(wanted) do assert.is_true(seen[item], item) end
    end)
  end)
end
