-- SPDX-License-Identifier: Apache-2.0
-- Every CloudFormation rule against the schemas that CloudFormation and the provider publish. A
-- changed rule shows in the two reviewed tables; tests/tools/cloudformation_contract.lua makes
-- them again.
local contract = assert(loadfile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
  .. "/../tools/cloudformation_contract.lua"))("module")
local cfn = require "std.normalize.cfn"
local normalize = require "std.normalize"
local provider = require "std.normalize.provider"

local AGAIN = "lsqm exec tests/tools/cloudformation_contract.lua"

local function keys(rows)
  local set = {}
  for _, row in ipairs(rows) do
    if row[2] == "property" or row[2] == "attribute" then
      set[table.concat(row, "\t", 1, 3)] = true
    end
  end
  return set
end

local function only_in(a, b)
  local list = {}
  for key in pairs(a) do if not b[key] then list[#list + 1] = key end end
  table.sort(list)
  return table.concat(list, "\n")
end

-- All properties of a type, with `value` for everything below `depth`.
local function filled(shape, value, depth)
  if depth == 0 or type(shape) ~= "table" then return value end
  if shape[1] ~= nil then return { filled(shape[1], value, depth - 1) } end
  local out = {}
  for key, inner in pairs(shape) do
    out[key == "{}" and "k" or key] = filled(inner, value, depth - 1)
  end
  return out
end

local ODD = { true, {}, { Ref = "P" } }

local function convert_odd(entry, find)
  for depth = 1, 3 do
    for _, value in ipairs(ODD) do
      local ok, why = pcall(cfn.convert, { Parameters = { P = { Type = "String" } },
        Resources = { R = { Type = entry.type, Properties = filled(entry.props, value, depth) } } },
        { rules = find, stack_name = "s", job = { path = "t.yaml" },
          local_package = function() end })
      if not ok then return ("%s, depth %d: %s"):format(entry.type, depth, why) end
    end
  end
end

describe("CloudFormation rules", function()
  local entries = contract.entries(contract.INDEX)

  it("are for types that CloudFormation has", function()
    local known, unknown = {}, {}
    for _, entry in ipairs(entries) do known[entry.type] = true end
    for name, file in pairs(contract.ruled()) do
      -- serverless.lua has names of our own, for what the framework does without CloudFormation;
      -- custom.lua has the CDK's, which no schema knows.
      if not known[name] and file ~= "serverless.lua" and not name:find "^Custom::" then
        unknown[#unknown + 1] = file .. ": " .. name
      end
      assert.truthy(normalize.rules()(name), name .. " is in " .. file .. ", where no one finds it")
    end
    assert.same({}, unknown)
  end)

  it("name types, properties and attributes that exist", function()
    local bad = {}
    for _, row in ipairs(contract.gaps(entries)) do
      if row[2] == "unknown" or row[2] == "wrong" then bad[#bad + 1] = table.concat(row, " ") end
    end
    assert.same({}, bad)
    for _, row in ipairs(contract.rows(contract.TYPES)) do
      for name in row[2]:gmatch("aws_[%w_]+") do assert.truthy(provider.resource(name), name) end
    end
  end)

  it("survive values of any kind", function()
    local find, bad = normalize.rules(), {}
    for _, entry in ipairs(entries) do
      bad[#bad + 1] = convert_odd(entry, find)
    end
    assert.same({}, bad)
  end)

  it("leave unanswered what the reviewed list says, with a reason", function()
    local listed = contract.rows(contract.MISSING)
    local now, then_ = keys(contract.gaps(entries)), keys(listed)
    assert.equal("", only_in(now, then_), "not on the list: read it, then " .. AGAIN)
    assert.equal("", only_in(then_, now), "answered by now: " .. AGAIN)
    for _, row in ipairs(listed) do
      assert.truthy(row[4] and #row[4] > 3, table.concat(row, " ") .. " has no reason")
    end
  end)

  it("become the types of the reviewed table", function()
    local listed = {}
    for _, row in ipairs(contract.rows(contract.TYPES)) do
      listed[#listed + 1] = table.concat(row, "\t")
    end
    assert.same(listed, contract.types(entries))
  end)
end)
