-- SPDX-License-Identifier: Apache-2.0
-- How rules are found and compared with the schemas. (All rules are compared by
-- tests/contract/cloudformation_rules_spec.lua.)
local coverage = require "std.normalize.cfn.coverage"
local rules = require "std.normalize.cfn.rules"

describe("a rule of a CloudFormation type", function()
  it("is found in the further files of its service, once", function()
    local one = { type = "aws_sqs_queue" }
    local files = { first = { include = { "second" }, ["AWS::First::A"] = one },
      second = { ["AWS::First::B"] = one } }
    local find = rules.finder(function(name) return files[name] end)
    assert.equal(one, find "AWS::First::B")
    assert.is_nil(find "AWS::Other::B")
    files.second["AWS::First::A"] = one
    find = rules.finder(function(name) return files[name] end)
    assert.error_matches(function() find "AWS::First::A" end, "two rules of AWS::First::A")
  end)

  it("says why a property is left out", function()
    local find = rules.finder(function()
      return { ["AWS::First::A"] = { type = "aws_sqs_queue", props = {
        Inner = { to = "inner", props = { Silent = false } } } } }
    end)
    assert.error_matches(function() find "AWS::First::A" end,
      "rule of AWS::First::A: Silent is false, a property that is left out says why %(drop%)")
  end)

  it("names what leads nowhere", function()
    local report = coverage.of({ type = "AWS::SQS::Queue", get = { "Arn" },
      props = { Size = "n", Kind = "s", Tags = { { Key = "s" } } } },
      { type = "aws_sqs_queue", ref = "nothing", props = { Size = "big", Old = "name" } })
    assert.same({ "Ref: no nothing", "Size: cannot set big" }, report.wrong)
    assert.same({ "Kind" }, report.missing)
    assert.same({ "Old" }, report.unknown)
  end)
end)
