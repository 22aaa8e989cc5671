-- SPDX-License-Identifier: Apache-2.0
-- reduce and bisect as a user runs them, with pretended tools.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/lab.lua")
local fs = require "std.fs"

local MAIN = [[
# fake: fail-if NO_SUCH creating KMS Key: ValidationException
variable "name" {
  default = "x"
}
resource "aws_sqs_queue" "one" {
  name = var.name
}
resource "aws_sns_topic" "two" {
  name         = aws_sqs_queue.one.name
  display_name = "a name"
}
resource "aws_kms_key" "three" {
  description = "some words"
  key_usage   = "NO_SUCH"
  tags = {
    a = "b"
  }
}
output "topic" {
  value = aws_sns_topic.two.arn
}
]]

describe("lsqm reduce", function()
  local lab
  before_each(function() lab = lab_of.new() end)
  after_each(function() lab:close() end)

  it("leaves the one resource and attribute that fails", function()
    lab:put("a", { files = { ["main.tf"] = MAIN } })
    local out = lab.path .. "/out"
    local result = lab:run { "reduce", "arch-a", "-o", out }
    assert.equal(0, result.code, result.stderr)
    assert.matches("reduced to 4 lines", result.stdout)
    assert.equal("# fake: fail-if NO_SUCH creating KMS Key: ValidationException\n"
      .. 'resource "aws_kms_key" "three" {\n  key_usage = "NO_SUCH"\n}\n',
      (assert(fs.read(out .. "/main.tf")):gsub("\n\n+", "\n")))
    assert.same({}, lab:running())
  end)

  it("keeps what the emulator answered, not only that it refused", function()
    lab:put("a", { files = { ["main.tf"] = MAIN:gsub("^[^\n]*", "# fake: refuse NO_SUCH") } })
    local out = lab.path .. "/out"
    local result = lab:run { "reduce", "arch-a", "-o", out }
    assert.equal(0, result.code, result.stderr)
    assert.matches("shows: FAILED KMS: CreateKey[^\n]*: Malformed: bad", result.stdout)
    assert.equal('# fake: refuse NO_SUCH\n\nresource "aws_kms_key" "three" {\n'
      .. '  key_usage = "NO_SUCH"\n}\n', (assert(fs.read(out .. "/main.tf"))))
  end)

  it("keeps a drift that is asked for, and does not test", function()
    lab:put("a", { files = { ["main.tf"] = "# fake: drift\n" .. MAIN } })
    local out = lab.path .. "/out"
    local result = lab:run { "reduce", "arch-a", "--drift", "aws_ssm_parameter.tier", "-o", out }
    assert.equal(0, result.code, result.stderr)
    assert.matches("shows: drift of aws_ssm_parameter.tier", result.stdout)
    assert.equal("# fake: drift\n", (fs.read(out .. "/main.tf"):match("^[^\n]*\n")))
    result = lab:run { "reduce", "arch-a", "--drift", "aws_ssm_parameter.name" }
    assert.equal(3, result.code)
    assert.matches("no drift of aws_ssm_parameter.name", result.stderr)
  end)

  it("takes another emulator than the configuration's", function()
    lab:put("a", { files = { ["main.tf"] = MAIN } })
    local result = lab:run { "reduce", "arch-a", "--emulator", "ministuck" }
    assert.equal(2, result.code)
    assert.matches("did you mean 'ministack'", result.stderr)
    assert.matches("is no emulator", lab:run({ "reduce", "arch-a", "--emulator", "!a" }).stderr)
  end)

  it("has nothing to reduce where all passes", function()
    lab:put("a")
    local result = lab:run { "reduce", "arch-a" }
    assert.equal(3, result.code)
    assert.matches("ends PASSED now", result.stderr)
  end)

  it("stops after the tries it was given", function()
    lab:put("a", { files = { ["main.tf"] = MAIN } })
    local result = lab:run { "reduce", "arch-a", "--tries", "3" }
    assert.equal(0, result.code, result.stderr)
    assert.matches("after 3 tries %(stopped there", result.stdout)
  end)
end)

describe("lsqm bisect", function()
  local lab
  before_each(function()
    lab = lab_of.new()
    lab:put("a")
  end)
  after_each(function() lab:close() end)

  it("refuses versions in the wrong order, and what is not good at the good end", function()
    local result = lab:run { "bisect", "arch-a", "--good", "1.10.0", "--bad", "1.9.0",
      "--versions", "1.9.5" }
    assert.equal(2, result.code)
    assert.matches("must be older than", result.stderr)
    result = lab:run { "bisect", "arch-a", "--good", "1.9.0", "--bad", "1.10.0",
      "--versions", "1.9.5,2.0" }
    assert.equal(2, result.code, result.stderr)
    assert.matches("3 versions of ministack: 1.9.0 1.9.5 1.10.0", result.stdout)
    assert.matches("version 1.10.0 is good, not bad", result.stderr)
  end)
end)
