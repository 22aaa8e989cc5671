-- SPDX-License-Identifier: Apache-2.0
-- Input that cannot be converted: each thing says where and why, the others of a batch go on.
local fs = require "std.fs"
local json = require "std.json"
local normalize = require "std.normalize"
local process = require "std.process"

local QUEUE = "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n"

local function write(dir, files)
  assert(fs.write_all(dir.path, files))
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

-- "line:col message" of a failure.
local function failure(record)
  assert.equal("failed", record.status)
  assert.truthy(record.error.file)
  return ("%d:%d %s"):format(record.error.line, record.error.col, record.error.message)
end

local function resources(n, line)
  local lines = { "Resources:" }
  for i = 1, n do lines[i + 1] = line:format(i, i) end
  return table.concat(lines, "\n") .. "\n"
end

-- Each kind of bad input: a name, the text, what the failure says.
local DEEP = "Resources: " .. ("["):rep(200) .. ("]"):rep(200) .. "\n"
local BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
  .. "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
  .. "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]\n"
local CYCLE = "Resources:\n  A:\n    Type: AWS::SQS::Queue\n    DependsOn: B\n  B:\n"
  .. "    Type: AWS::SQS::Queue\n    Properties: { QueueName: !Sub 'x-${A.QueueName}' }\n"
local BAD = {
  { "truncated YAML", "Resources:\n  Q:\n    Type: 'AWS::SQS", "^3:" },
  { "truncated JSON", '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"', "^2:1 missing comma" },
  { "wrong indentation", "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n   X: 1\n", "^4:" },
  { "a duplicate key", QUEUE .. "  Q:\n    Type: AWS::SNS::Topic\n", "^4:3 duplicate key \"Q\"" },
  { "a duplicate section", QUEUE .. QUEUE, "^4:1 duplicate key" },
  { "not UTF-8", "Resources:\n  Q: \"\xff\xfe\"\n", "^2:7 byte 0xff is not UTF%-8" },
  { "an empty file", "", "^1:1 the file is empty" },
  { "only a text", "hello\n", "^1:1 no template of a known kind" },
  { "a list", "- 1\n", "^1:1 no template of a known kind" },
  { "deep nesting", DEEP, "^1:%d+ nested deeper than 128 levels" },
  { "an alias bomb", BOMB, "aliases expand to more than" },
  { "an alias of itself", "a: &a [*a]\n", "^1:%d+ " },
  { "a circle of resources", CYCLE, "^2:3 circular reference: A %-> B %-> A" },
  { "a resource of itself", "Resources:\n  A:\n    Type: AWS::SQS::Queue\n    DependsOn: [A]\n",
    "^2:3 circular reference: A %-> A" },
  { "a circle of conditions",
    "Conditions:\n  X: !Not [!Condition Y]\n  Y: !And [!Condition X, "
    .. "!Condition X]\n" .. QUEUE, "^2:3 circular reference: X %-> Y %-> X" },
  { "no Resources", "AWSTemplateFormatVersion: 1\nParameters: { A: { Type: AWS::SNS::Topic } }\n",
    "^1:1 no template of a known kind" },
  { "too large", "a: " .. ("x"):rep(17 << 20), "^1:1 " },
}

describe("normalize bad input", function()
  for _, case in ipairs(BAD) do
    it("says where and why for " .. case[1], function()
      assert.truthy(failure(of(case[2], "auto")):find(case[3]), failure(of(case[2], "auto")))
    end)
  end

  it("takes what is only large", function()
    local started = os.clock()
    local record = of(resources(10000, "  Q%d: { Type: AWS::SQS::Queue, Properties: "
      .. "{ QueueName: !Sub '${AWS::Region}-%d' } }"))
    assert.equal("normalized", record.status)
    assert.equal(10000, record.resource_count)
    record = of(resources(10000, "  Q%d: { Type: AWS::SQS::Queue, Properties: { Colour: %d } }"))
    assert.equal(10000, #record.unsupported)
    assert.equal(10000, record.unsupported[10000].line)
    local chain = resources(10000, "  Q%d: { Type: AWS::SQS::Queue, DependsOn: Q%d }")
    chain = chain:gsub("DependsOn: Q(%d+)", function(n)
      return n == "10000" and "Condition: C" or "DependsOn: Q" .. math.tointeger(n + 1)
    end)
    record = of("Conditions: { C: !Equals [a, b] }\n" .. chain)
    assert.equal("normalized", record.status)
    record = of(QUEUE .. "    Properties: { QueueName: \"" .. ("y"):rep(8 << 20) .. "\" }\n")
    assert.equal("normalized", record.status)
    assert.is_true(os.clock() - started < 30)
  end)

  it("takes anything for any part of a template", function()
    local values = { "3", "text", "[1, 2]", "{ a: b }", "null", "!Ref X", "{ Ref: [1] }",
      "!GetAtt 3", "{ 'Fn::Sub': [] }", "{ 'Fn::If': {} }", "!Join []", "{ 'Fn::Join': 1 }",
      "{ 'Fn::Select': {} }", "{ 'Fn::FindInMap': x }", "{ 'Fn::Equals': 1 }", "true", "!Split a",
      "{ 'Fn::Transform': [] }", "{ 'Fn::ForEach::A': 3 }", "!Cidr x", "!ImportValue [a]" }
    local parts = { "Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Rules",
      "Metadata", "Transform", "Parameters.A", "Mappings.A", "Mappings.A.B", "Mappings.A.B.C",
      "Conditions.A", "Resources.A", "Outputs.A", "Outputs.A.Value", "Outputs.A.Export", "Rules.A",
      "Rules.A.Assertions", "Parameters.A.Default", "Parameters.A.AllowedValues",
      "Parameters.A.AllowedPattern", "Parameters.A.Type", "Resources.Q.Properties",
      "Resources.Q.DependsOn", "Resources.Q.Condition", "Resources.Q.Properties.Tags",
      "Resources.Q.Properties.RedrivePolicy", "Resources.Q.Metadata", "Resources.Q.Type" }
    for _, part in ipairs(parts) do
      for _, value in ipairs(values) do
        local lines, depth = {}, 0
        for word in part:gmatch("[^.]+") do
          lines[#lines + 1] = ("  "):rep(depth) .. word .. ":"
          depth = depth + 1
        end
        lines[#lines] = lines[#lines] .. " " .. value
        if part:find("^Resources%.Q%.") and not part:find("Type$") then
          table.insert(lines, 3, "    Type: AWS::SQS::Queue")
        elseif not part:find("^Resources") then
          lines[#lines + 1] = QUEUE
        end
        local ok, record = pcall(of, table.concat(lines, "\n") .. "\n")
        assert.is_true(ok, part .. " = " .. value .. "\n" .. tostring(record))
        assert.truthy(record.status)
      end
    end
  end)
end)

describe("the normalize command", function()
  local function command(dir, words)
    local argv = { os.getenv "LSQM_BIN" or "build/lsqm", "normalize", table.unpack(words) }
    return process.run { argv = argv, timeout = 60, env = { LSQM_PATH = os.getenv "LSQM_PATH" } },
      dir
  end

  it("goes on with the others, and says so in its exit code", function()
    local dir <close> = fs.tempdir("normalize-command")
    write(dir, { ["a/template.yaml"] = QUEUE, ["b/a/template.yaml"] = QUEUE, ["bad.yaml"] = "a: [",
      ["part.yaml"] = "Resources:\n  X:\n    Type: AWS::No::Thing\n" })
    local out = fs.join(dir.path, "out")
    local function path(name) return fs.join(dir.path, name) end
    local result = command(dir, { "--json", "-o", out, path "bad.yaml", path "a/template.yaml",
      path "part.yaml", path "b/a/template.yaml" })
    assert.equal(1, result.code)
    local records = {}
    for line in result.stdout:gmatch("[^\n]+") do records[#records + 1] = json.decode(line) end
    assert.same({ "failed", "normalized", "unsupported", "normalized" }, (function()
      local list = {}
      for i, record in ipairs(records) do list[i] = record.status end
      return list
    end)())
    assert.not_equal(records[2].out, records[4].out)
    for _, name in ipairs { "input", "format", "status", "out", "resources", "unsupported",
      "assumptions", "services", "resource_count", "complexity" } do
      assert.not_nil(records[2][name], name)
    end
    assert.same({ "aws_sqs_queue.q" }, { table.unpack(records[2].resources.Q) })
    local entry = records[3].unsupported[1]
    assert.same({ "X", "AWS::No::Thing", "no rule for this type", 2, 3 },
      { entry.id, entry.type, entry.reason, entry.line, entry.col })
    assert.is_number(records[1].error.line)
    assert.truthy(records[1].error.file:find("bad.yaml", 1, true))
    for _, name in ipairs(fs.walk(out)) do
      local formatted = process.run { argv = { os.getenv "LSQM_BIN" or "build/lsqm", "fmt",
        "--check", fs.join(out, name) } }
      assert.equal(0, formatted.code, name)
    end
  end)

  it("ends with 0 when all are normalised and 2 on wrong usage", function()
    local dir <close> = fs.tempdir("normalize-command")
    write(dir, { ["a.yaml"] = QUEUE })
    local input, out = fs.join(dir.path, "a.yaml"), fs.join(dir.path, "out")
    local result = command(dir, { "--from", "cfn", "-o", out, input })
    assert.equal(0, result.code)
    assert.truthy(result.stdout:find("^normalized "))
    assert.equal(2, command(dir, { "--from", "perl", "-o", out, input }).code)
    assert.equal(2, command(dir, { input }).code)
    result = command(dir, { "-o", out, fs.join(dir.path, "gone.yaml") })
    assert.equal(1, result.code)
    assert.truthy(result.stdout:find("gone.yaml:1:1: ", 1, true))
  end)
end)
