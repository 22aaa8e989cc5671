-- SPDX-License-Identifier: Apache-2.0
-- A folder made by `lsqm init`: editing one rule and one section of the report changes what the
-- same binary does, and deleting the copy brings the stock file back.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local fs = require "std.fs"
local program = require "lsqm.program"
local sha256 = require "std.sha256"
local uv = require "luv"

describe("an own folder", function()
  local lab, own
  before_each(function()
    lab = lab_of.new()
    own = lab.path .. "/own"
    assert.equal(0, lab:run({ "init", own }).code)
    lab:put("a", { tests = "3 1 0" })
  end)
  after_each(function() lab:close() end)

  local function lsqm(...)
    local result = lab:run({ ... }, { cwd = own })
    assert.equal(0, result.code, result.stderr)
    return result
  end

  local function status()
    lsqm "validate"
    local _, results = lab:latest()
    return results.a.status, results.a.reason
  end

  local function report()
    lsqm "report"
    return assert(fs.read(lab.repo .. "/reports/latest/index.html"))
  end

  it("changes the verdict and the report without a rebuild", function()
    local binary = assert(sha256.file(uv.exepath()))
    assert.equal("PARTIAL", (status()))
    local stock = report()
    -- the rule: three of four is good enough here
    local rule = own .. "/pipelines/weekly/rules/status.lua"
    local text, n = assert(fs.read(rule)):gsub(
      'return passed > 0 and "PARTIAL" or "FAILED", reason',
      'return passed >= 3 * bad and "PASSED" or "FAILED", "our rule: " .. reason')
    assert.equal(1, n)
    assert(fs.write(rule, text))
    local verdict, reason = status()
    assert.same({ "PASSED", "our rule: 1 of 4 tests failed" }, { verdict, reason })
    -- one section of the report, copied and edited
    local section = own .. "/pipelines/weekly/report/sections/footer.lua"
    assert(fs.mkdir(fs.dirname(section)))
    local footer = assert(fs.read(program.share .. "/pipelines/weekly/report/sections/footer.lua"))
    footer, n = footer:gsub('"A trend moves', '"Made for the storage team. A trend moves')
    assert.equal(1, n)
    assert(fs.write(section, footer))
    local page = report()
    assert.contains(page, "Made for the storage team")
    assert.is_nil(stock:find("Made for the storage team", 1, true))
    assert.contains(lsqm("which", "rules.status").stdout, rule)
    -- without the copies: the stock behaviour
    assert(fs.remove(rule))
    assert(fs.remove(section))
    assert.equal("PARTIAL", (status()))
    assert.is_nil(report():find("Made for the storage team", 1, true))
    assert.equal(binary, sha256.file(uv.exepath()))
  end)

  it("may ask the stock rule and change only what it says", function()
    local rule = own .. "/pipelines/weekly/rules/status.lua"
    assert(fs.write(rule, [[
local stock = require("std.resolve").load_stock("weekly", "rules.status")
return function(facts)
  local status, reason = stock(facts)
  if status == "PARTIAL" and facts.tests.passed >= 3 * facts.tests.failed then
    return "PASSED", "good enough: " .. reason
  end
  return status, reason
end
]]))
    local verdict, reason = status()
    assert.same({ "PASSED", "good enough: 1 of 4 tests failed" }, { verdict, reason })
    lab:put("a", { tests = "2 2 0" })
    assert.equal("PARTIAL", (status()))
    assert(fs.write(rule, "local stock = require('std.resolve').load_stock('weekly', 'rules.x')\n"
      .. "return stock\n"))
    local broken = lab:run({ "validate" }, { cwd = own })
    assert.equal(2, broken.code)
    assert.contains(broken.stderr, "status.lua:1: there is no stock file pipelines/weekly/rules/x")
  end)

  it("shows the place of a broken rule and loses no result", function()
    assert.equal("PARTIAL", (status()))
    local first = lab:latest()
    local rule = own .. "/pipelines/weekly/rules/status.lua"
    assert(fs.write(rule, "return function(facts)\n  return facts.tests.nothing.at.all\nend\n"))
    local result = lab:run({ "validate" }, { cwd = own })
    assert.equal(2, result.code)
    assert.contains(result.stderr:match("^[^\n]*"), "rules/status.lua:2:")
    assert.is_true(lab:store():runs({ finished = true })[1].run_id == first.run_id)
    assert.same({}, lab:running())
    assert(fs.write(rule, "return function(\n"))
    result = lab:run({ "validate" }, { cwd = own })
    assert.equal(2, result.code)
    assert.contains(result.stderr, "rules/status.lua:2:")
  end)
end)
