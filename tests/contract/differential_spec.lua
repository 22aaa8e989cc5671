-- SPDX-License-Identifier: Apache-2.0
-- Four of our samples mean the same as templates and as Terraform: both sides are deployed on
-- emulators and compared. tests/corpus/differential.lua does this for many more.
local CORPUS = debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/../corpus"
local differential = dofile(CORPUS .. "/differential_sides.lua")
local cli_config = require "std.terraform.cli_config"
local tables = require "std.table"
local corpus_of = dofile(CORPUS .. "/corpus.lua")

local NAMES = { "alert-fanout", "contact-form", "invoice-workflow", "stock-keeper" }

local function chosen()
  local wanted, list = tables.set(NAMES), {}
  for _, item in ipairs(corpus_of.templates { samples = true }) do
    if wanted[item.path:match("([^/]+)/template%.")] then list[#list + 1] = item end
  end
  return list
end

local function lines_of(result)
  local list = {}
  for _, d in ipairs(result.differences) do
    if not d.reason then
      list[#list + 1] = ("%s %s %s: %s, %s"):format(d.kind, d.key, d.path, tostring(d.template),
        tostring(d.terraform))
    end
  end
  return list
end

describe("a template and its Terraform", function()
  it("deploy the same", function()
    if not cli_config.find_mirror() then return pending("no mirror of the aws provider") end
    local lab, why = differential.lab {}
    if not lab then return pending(tostring(why)) end
    finally(lab.close)
    local items = chosen()
    assert.equal(#NAMES, #items)
    for _, item in ipairs(items) do
      assert.is_nil(differential.convert(lab, item))
      assert.is_nil(differential.template(lab, item))
    end
    local results, strangers = differential.compare(lab, items)
    assert.same({}, strangers)
    for _, result in ipairs(results) do
      assert.is_truthy(result.differences, result.reason)
      assert.same({}, lines_of(result), result.item.path)
      assert.is_true(result.attributes > 30, result.item.path)
    end
  end)
end)
