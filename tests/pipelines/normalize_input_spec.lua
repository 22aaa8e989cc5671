-- SPDX-License-Identifier: Apache-2.0
-- Input that cannot be converted: each thing is named with its place.
local fs = require "std.fs"
local normalize = require "std.normalize"

local QUEUE = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n"

local function write(dir, files)
  for name, text in pairs(files) do
    local path = fs.join(dir.path, name)
    fs.mkdir(fs.dirname(path))
    fs.write(path, text)
  end
end

local function of(text, format, name)
  local dir <close> = fs.tempdir("normalize-input")
  name = name or "t.yaml"
  write(dir, { [name] = text })
  return normalize.normalize { path = fs.join(dir.path, name), format = format or "cfn",
    out = fs.join(dir.path, "out") }
end

local function places(record)
  local list = {}
  for i, entry in ipairs(record.unsupported) do
    list[i] = ("%s:%s %s"):format(entry.line, entry.col, entry.property or entry.id)
  end
  return list
end

describe("normalize places", function()
  it("names tags of preprocessors with their lines, not as a failure", function()
    local record = of(QUEUE .. "  R:\n    Type: !Rain::Module x.yaml\n    More: !Foo [1]\n")
    assert.equal("unsupported", record.status)
    assert.same({ "5:11 !Rain::Module", "6:11 !Foo" }, places(record))
  end)

  it("gives each thing unsupported its line and column", function()
    local record = of(QUEUE .. [[
    Properties: { Colour: red }
  B:
    Type: AWS::S3::Bucket
    Properties:
      LifecycleConfiguration:
        Rules:
          - Status: Enabled
            Id: one
            Speed: 3
  N:
    Type: AWS::Nothing::Here
Outputs:
  O:
    Value: !Ref Missing
]])
    assert.same({ "4:19 Colour", "12:13 LifecycleConfiguration.Rules.0.Speed",
      "13:3 N", "16:3 O" }, (function()
        local list = places(record)
        table.sort(list, function(a, b)
          return tonumber(a:match("^%d+")) < tonumber(b:match("^%d+"))
        end)
        return list
      end)())
  end)

  it("finds what a translator or a service named", function()
    local record = of("service: x\nprovider:\n  name: aws\n  runtime: python3.12\nfunctions:\n"
      .. "  a:\n    handler: a.b\n    events:\n      - telepathy: yes\n", "serverless",
      "serverless.yml")
    assert.equal("unsupported", record.status)
    assert.equal(9, record.unsupported[1].line)
    record = of("service: x\nprovider:\n  name: aws\nplugins:\n  - serverless-lift\n"
      .. "functions:\n  a: { handler: a.b, description: \"${env:NOWHERE_AT_ALL}\" }\n",
      "serverless", "serverless.yml")
    for _, entry in ipairs(record.unsupported) do
      assert.equal(entry.reason == "plugin" and 5 or 7, entry.line)
    end
  end)
end)
