-- SPDX-License-Identifier: Apache-2.0
-- tests/requirements_parity.tsv names a test for every entity, rule, state machine and command of
-- parity, and every test that it names is there.

local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local fs = require "std.fs"
local records = require "pipelines.parity.model.records"
local resolve = require "std.resolve"

local ROOT <const> = here .. "/../../"

describe("parity's requirements", function()
  local rows = {}
  for line in assert(fs.read(ROOT .. "tests/requirements_parity.tsv")):gmatch("[^\n]+") do
    if not line:find("^#") then
      local item, words, spec, name = line:match("^([^\t]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)$")
      rows[#rows + 1] = { item = item or line, words = words, spec = spec, name = name }
    end
  end

  it("name tests that are there", function()
    for _, row in ipairs(rows) do
      assert.is_truthy(row.name, "not four columns: " .. row.item)
      local text = fs.read(ROOT .. row.spec)
      assert.is_truthy(text and text:find('it("' .. row.name, 1, true)
        or text and text:find(row.name .. '"', 1, true), row.spec .. ": " .. row.name)
    end
  end)

  it("cover every entity, validation rule, state machine and command", function()
    local seen = {}
    for _, row in ipairs(rows) do seen[row.item] = true end
    for _, name in ipairs(records.ENTITIES) do assert.is_true(seen["entity:" .. name], name) end
    local source = assert(fs.read(assert(resolve.find("parity", "model.validate"))))
    for rule in source:gmatch('add%(problems, "([%w-]+)"') do
      assert.is_true(seen["rule:" .. rule], rule)
    end
    for kind, value in pairs(assert(resolve.load("parity", "rules.workflow"))) do
      if value.uninitialized then assert.is_true(seen["states:" .. kind], kind) end
    end
    for _, name in ipairs(resolve.stages "parity") do
      assert.is_true(seen["command:" .. name], name)
    end
  end)
end)
