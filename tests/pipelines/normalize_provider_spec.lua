-- SPDX-License-Identifier: Apache-2.0
-- Every rule names things that the provider has: its type, what Ref and GetAtt lead to, what it
-- sets without being asked. (Properties are compared by tests/tools/rule_coverage.lua, which
-- needs CloudFormation's schemas.)
local coverage = require "std.normalize.cfn.coverage"
local fs = require "std.fs"

local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$") or "."
local FOLDER = HERE .. "/../../pipelines/weekly/rules/cloudformation"

local function file_of(name) return dofile(fs.join(FOLDER, name .. ".lua")) end

local function of_names(report) return table.concat(report.wrong, "; ") end

describe("a rule of a CloudFormation type", function()
  for _, entry in ipairs(assert(fs.list(FOLDER))) do
    local name = entry.name:match("^(.*)%.lua$")
    it("leads to names of the provider: " .. tostring(name), function()
      local count = 0
      for cfn_type, rule in pairs(file_of(name)) do
        if cfn_type ~= "include" then
          count = count + 1
          local report = coverage.of({ type = cfn_type, get = {}, props = {} }, rule)
          assert.equal("", of_names(report), cfn_type)
        end
      end
      assert.is_true(count > 0)
    end)
  end
end)
