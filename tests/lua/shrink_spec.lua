-- SPDX-License-Identifier: Apache-2.0
-- Shrinking a Terraform root by what its text still says.
local shrink = require("std.terraform.shrink").shrink

local ROOT <const> = [[
locals {
  name = "x"
}

resource "aws_iam_role" "r" {
  name = local.name
}

resource "aws_lambda_function" "f" {
  function_name = "f-${aws_iam_role.r.name}"
  role          = aws_iam_role.r.arn
  layers        = ["a", "BAD", "c"]
  tags          = { one = 1, two = aws_iam_role.r.id, "three" = 3 }
  tracing_config {
    mode = "Active"
  }
}

data "aws_region" "here" {}
]]

local function squeezed(files)
  return (files["main.tf"]:gsub("\n\n+", "\n"):gsub("^\n", ""))
end

-- Shows it while all words are there; counts what it is asked.
local function wants(...)
  local words, asked = { ... }, { count = 0, seen = {} }
  return function(files)
    asked.count = asked.count + 1
    local text = files["main.tf"] .. (files["src/x.py"] or "")
    assert.is_nil(asked.seen[text .. (files["zip"] or "")], "asked twice")
    asked.seen[text .. (files["zip"] or "")] = true
    for _, word in ipairs(words) do
      if not text:find(word, 1, true) then return false end
    end
    return true
  end, asked
end

local function root() return { ["main.tf"] = ROOT, ["src/x.py"] = "x", ["zip"] = "z" } end

describe("terraform.shrink", function()
  it("lets a member of a list stay alone, and what it does not refer to go", function()
    local files, complete = shrink(root(), (wants("aws_lambda_function", '"BAD"')))
    assert.is_true(complete)
    assert.equal('resource "aws_lambda_function" "f" {\n  layers = ["BAD", ]\n}\n',
      squeezed(files))
    assert.same({ nil, nil }, { files["src/x.py"], files.zip })
  end)

  it("lets the last member of a list go too, with the comma after it", function()
    local lists = [[
resource "a" "b" {
  one  = ["x", "y",]
  two  = ([["z", ], "w" /* , */ , # , ]
  ])
  map  = { k = "v", }
  maps = {
    m = "v" // ,
    n = <<-E
      text
    E
  }
}
]]
    local function left(...)
      return squeezed(shrink({ ["main.tf"] = lists }, (wants(...))))
    end
    assert.equal('resource "a" "b" {\n  one = []\n}\n', left "one")
    assert.equal('resource "a" "b" {\n  one = ["y", ]\n}\n', left '"y"')
    assert.equal('resource "a" "b" {\n  two = ([])\n}\n', left "two")
    assert.equal('resource "a" "b" {\n  two = ([[], ])\n}\n', left "two = ([[")
    assert.equal('resource "a" "b" {\n  map = {}\n}\n', left "map ")
    assert.equal('resource "a" "b" {\n  maps = {\n  }\n}\n', left "maps")
  end)

  it("puts a plain value in the place of a reference", function()
    local files = shrink(root(), (wants("aws_lambda_function", "role ", "tags", "two")))
    assert.equal([[
resource "aws_lambda_function" "f" {
  role = "arn:aws:iam::000000000000:role/lsqm"
  tags = { two = "lsqm", }
}
]], squeezed(files))
  end)

  it("leaves a template without what it referred to", function()
    local files = shrink(root(), (wants("aws_lambda_function", "function_name", "f-")))
    assert.equal('resource "aws_lambda_function" "f" {\n  function_name = "f-lsqm"\n}\n',
      squeezed(files))
  end)

  it("keeps a template's ARN one of AWS", function()
    local files = shrink({ ["main.tf"] = 'resource "a" "b" {\n  x = "arn:${data.aws_partition.p'
      .. '.partition}:${data.aws_region.r.name}:${data.aws_caller_identity.c.account_id}"\n}\n' },
      (wants("arn:", "x")))
    assert.equal('resource "a" "b" {\n  x = "arn:aws:us-east-1:000000000000"\n}\n',
      squeezed(files))
  end)

  it("asks about no root without the block that it is said to be about", function()
    local shows = wants("aws_lambda_function", "layers")
    shrink(root(), function(candidate)
      assert.is_truthy(candidate["main.tf"]:find('"aws_lambda_function" "f"', 1, true))
      return shows(candidate)
    end, "aws_lambda_function.f")
  end)

  it("keeps the reference where the failure needs it, and the files that it needs", function()
    local files = shrink(root(), (wants("aws_iam_role.r.arn", "x")))
    assert.is_truthy(files["main.tf"]:find('resource "aws_iam_role" "r"', 1, true))
    assert.is_nil(files["main.tf"]:find("locals", 1, true))
    assert.is_nil(files.zip)
  end)

  it("tries first what the failure is said to be about", function()
    local shows, asked = wants("aws_iam_role")
    local first
    local files = shrink(root(), function(candidate)
      first = first or candidate["main.tf"]
      return shows(candidate)
    end, "aws_iam_role.r")
    assert.is_truthy(first:find("locals", 1, true) and first:find('"aws_iam_role" "r"', 1, true))
    assert.is_nil(first:find("aws_lambda_function", 1, true) or first:find("aws_region", 1, true))
    assert.is_nil(first:find("local.name", 1, true))
    assert.equal('resource "aws_iam_role" "r" {\n}\n', squeezed(files))
    assert.is_true(asked.count < 20)
    assert.is_table(shrink(root(), (wants("aws_iam_role")), "aws_no.such"))
  end)

  it("stops when it is told to, with what it has", function()
    local shows, asked = wants("aws_lambda_function")
    local files, complete = shrink(root(), function(candidate)
      if asked.count == 3 then return nil end
      return shows(candidate)
    end)
    assert.is_false(complete)
    assert.is_truthy(files["main.tf"]:find("aws_lambda_function", 1, true))
  end)

  it("says where a root is no Terraform", function()
    local files, err = shrink({ ["main.tf"] = "resource {" }, function() return true end)
    assert.is_nil(files)
    assert.matches("main.tf", tostring(err))
  end)
end)
