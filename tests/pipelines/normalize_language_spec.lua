-- SPDX-License-Identifier: Apache-2.0
-- CloudFormation's language: each function, section and attribute as Terraform says it.
local fs = require "std.fs"
local normalize = require "std.normalize"

-- Converts files (the template is t.yaml or the first argument itself).
local function convert(files)
  if type(files) == "string" then files = { ["t.yaml"] = files } end
  local dir = fs.tempdir("normalize-language")
  assert(fs.write_all(fs.join(dir.path, "in"), files))
  local out = fs.join(dir.path, "out")
  local record = normalize.normalize { path = fs.join(dir.path, "in", "t.yaml"), format = "cfn",
    out = out }
  local function read(name) return fs.read(fs.join(out, name)) or "" end
  return record, read, dir
end

local function reason(record)
  local first = record.unsupported[1]
  return record.error and record.error.message
    or first and ("%s %s: %s"):format(first.id, first.property or "", first.reason)
end

-- What a value becomes as the description of a parameter (a text), with parts around it.
local function value_of(value, before, after)
  local record, read, dir = convert((before or "") .. [==[
Resources:
  B: { Type: AWS::S3::Bucket }
  P:
    Type: AWS::SSM::Parameter
    Properties:
      Name: p
      Type: String
      Value: ]==] .. value .. "\n" .. (after or ""))
  local main = read "main.tf"
  dir:close()
  local problem = reason(record)
  if problem then return problem end
  return (main:match("\n  value += (.-)\n}\n"))
end

local PARAMETERS = [==[
Parameters:
  Name: { Type: String, Default: x }
  Names: { Type: CommaDelimitedList, Default: "a,b" }
  Size: { Type: Number, Default: 3 }
]==]

describe("normalize functions", function()
  it("knows every form of Ref, GetAtt and Sub", function()
    local cases = {
      { "!Ref Name", "var.name" }, { "!GetAtt B.Arn", "aws_s3_bucket.b.arn" },
      { "!GetAtt [B, Arn]", "aws_s3_bucket.b.arn" },
      { "{ 'Fn::GetAtt': B.Arn }", "aws_s3_bucket.b.arn" },
      { "!Sub 'a-${Name}-${!Literal}'", '"a-${var.name}-$${Literal}"' },
      { "!Sub '${B.Arn}/*'", '"${aws_s3_bucket.b.arn}/*"' },
      { "!Sub ['${V}-${Name}', { V: !Ref Size }]", '"${var.size}-${var.name}"' },
      { "!Sub plain", '"plain"' },
      { "!Sub '${AWS::Region}.${AWS::URLSuffix}'",
        '"${data.aws_region.current.name}.${data.aws_partition.current.dns_suffix}"' },
      { "!Ref AWS::StackName", "var.stack_name" },
      { "!Sub '${Gone}'", "P Value: Ref to 'Gone', which the template does not declare" },
      { "!GetAtt B.Nothing", "P Value: attribute Nothing of AWS::S3::Bucket has no counterpart" },
    }
    for _, case in ipairs(cases) do assert.equal(case[2], value_of(case[1], PARAMETERS)) end
  end)

  it("works out strings and lists that are known, and says the others", function()
    local cases = {
      { "!Join ['-', [a, !Ref Name, 3]]", '"a-${var.name}-3"' },
      { "!Join [',', !Ref Names]", 'join(",", var.names)' },
      { "!Join [',', [x, !Ref Names]]", 'join(",", flatten(["x", var.names]))' },
      { "!Join [',', [a, !Ref AWS::NoValue]]", '"a"' },
      { "!Select [1, !Split ['.', a.b.c]]", '"b"' },
      { "!Select [0, !Split ['.', !Ref Name]]", 'element(split(".", var.name), 0)' },
      { "!Select [!Ref Size, !Ref Names]", "element(var.names, tonumber(var.size))" },
      { "!Select [5, [a]]", "P Value: Select index is out of range" },
      { "!Select [0, !GetAZs '']", "element(data.aws_availability_zones.current.names, 0)" },
      { "!Select [1, !GetAZs us-west-2]", '"us-west-2b"' },
      { "!Base64 text", 'base64encode("text")' },
      { "!Select [0, !Cidr [10.0.0.0/16, 2, 8]]",
        'element([for i in range(2) : cidrsubnet("10.0.0.0/16", 32 - 8 - tonumber(split("/", '
        .. '"10.0.0.0/16")[1]), i)], 0)' },
      { "!Sub ['${N}', { N: { 'Fn::Length': !Ref Names } }]", "length(var.names)" },
      { "!Sub ['${N}', { N: { 'Fn::Length': [1, 2] } }]", '"2"' },
      { "{ 'Fn::ToJsonString': [1, !Ref Name] }", "jsonencode([1, var.name])" },
      { "{ 'Fn::Nothing': 1 }", "P Value: Fn::Nothing is not a function" },
      { "!Join 3", "P Value: Join takes a list" },
      { "!Select [0]", "P Value: Select takes a list" },
    }
    for _, case in ipairs(cases) do assert.equal(case[2], value_of(case[1], PARAMETERS)) end
  end)

  it("keeps conditions at every level", function()
    local conditions = PARAMETERS .. "Conditions:\n  Big: !Not [!Equals [!Ref Size, 3]]\n"
      .. "  Both: !And [!Condition Big, !Or [!Equals [!Ref Name, x], !Condition Big]]\n"
    assert.equal('(local.if_big ? "a" : var.name)', value_of("!If [Big, a, !Ref Name]", conditions))
    assert.equal('"x-${(local.if_both ? "a" : "")}"',
      value_of("!Sub ['x-${V}', { V: !If [Both, a, !Ref AWS::NoValue] }]", conditions))
    assert.equal('join("-", flatten([for item in ["a", (local.if_big ? "b" : null)] : item if '
      .. "item != null]))",
      value_of("!Join ['-', [a, !If [Big, b, !Ref AWS::NoValue]]]", conditions))
    assert.equal("P Value: If takes a condition and two values",
      value_of("!If [Big, a]", conditions))
    local record, read = convert(conditions .. [==[
Resources:
  Q: { Type: AWS::SQS::Queue, Condition: Both }
Outputs:
  O: { Condition: Both, Value: !GetAtt Q.Arn }
]==])
    assert.is_nil(reason(record))
    assert.truthy(read("main.tf"):find('if_big  = !(tostring(var.size) == "3")', 1, true))
    assert.truthy(read("main.tf"):find(
      'if_both = (local.if_big && ((var.name == "x") || local.if_big))', 1, true))
    assert.truthy(read("main.tf"):find("count = local.if_both ? 1 : 0", 1, true))
    assert.truthy(read("outputs.tf"):find("(local.if_both ? one(aws_sqs_queue.q[*].arn) : null)", 1,
      true))
  end)

  it("looks up mappings with any keys, and names those that nothing uses", function()
    local mappings = PARAMETERS .. "Mappings:\n  M: { x: { 'on': true, list: [1, 2] }, "
      .. "y: { 'on': false, list: [3] } }\n  Spare: { a: { b: c } }\n"
    assert.equal('local.mappings["M"][var.name]["on"]',
      value_of("!FindInMap [M, !Ref Name, 'on']", mappings))
    assert.equal('element(local.mappings["M"]["y"]["list"], 0)',
      value_of("!Select [0, !FindInMap [M, y, list]]", mappings))
    assert.equal('try(local.mappings["M"][var.name]["no"], "d")',
      value_of("!FindInMap [M, !Ref Name, 'no', { DefaultValue: d }]", mappings))
    assert.equal("P Value: mapping M has no x.gone", value_of("!FindInMap [M, x, gone]", mappings))
    assert.equal("P Value: FindInMap of 'N', which the template does not declare",
      value_of("!FindInMap [N, x, gone]", mappings))
    local record, read = convert(mappings .. "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n"
      .. "    Properties: { FifoQueue: !FindInMap [M, x, 'on'] }\n")
    assert.truthy(read("main.tf"):find('on   = "true"', 1, true))
    assert.truthy(table.concat(record.assumptions, "\n"):find(
      "mapping Spare is left out: nothing refers to it", 1, true))
  end)
end)

describe("normalize expansion", function()
  it("expands loops over lists, parameters and mappings, one inside another", function()
    local record, read = convert([==[
Transform: AWS::LanguageExtensions
Parameters: { Zones: { Type: CommaDelimitedList, Default: "a-1,b-2" } }
Mappings: { M: { x: { list: [one, two] } } }
Resources:
  Fn::ForEach::Queues:
    - Zone
    - !Ref Zones
    - "Q&{Zone}":
        Type: AWS::SQS::Queue
        Properties: { QueueName: !Sub "q-${Zone}-${AWS::Region}" }
  Fn::ForEach::Outer:
    - X
    - !FindInMap [M, x, list]
    - Fn::ForEach::Inner:
        - Y
        - [p, q]
        - "T${X}${Y}": { Type: AWS::SNS::Topic, Properties: { DisplayName: !Ref Y } }
Outputs:
  Fn::ForEach::Arns:
    - Zone
    - !Ref Zones
    - "Arn&{Zone}": { Value: !GetAtt ["Q&{Zone}", Arn] }
]==])
    assert.is_nil(reason(record))
    local ids = {}
    for id in pairs(record.resources) do ids[#ids + 1] = id end
    table.sort(ids)
    assert.same({ "Qa1", "Qb2", "Tonep", "Toneq", "Ttwop", "Ttwoq" }, ids)
    assert.truthy(read("main.tf"):find('"q-a-1-${data.aws_region.current.name}"', 1, true))
    assert.truthy(read("outputs.tf"):find("aws_sqs_queue.qb2.arn", 1, true))
    assert.equal("loops over parameter Zones are expanded for a-1,b-2", record.assumptions[1])
  end)

  it("expands loops over what parameters and the trial's region choose", function()
    local head = "Transform: AWS::LanguageExtensions\n"
      .. "Parameters: { Env: { Type: String, Default: prod }, Name: { Type: String%s } }\n"
      .. "Mappings: { M: { prod: { list: [a, b] } }, R: { us-east-1: { list: [c] } } }\n"
    local text = head .. [==[
Resources:
  Fn::ForEach::One: [I, !FindInMap [M, !Ref Env, list], { "A${I}": { Type: AWS::SNS::Topic } }]
  Fn::ForEach::Two: [I, !FindInMap [R, !Ref "AWS::Region", list],
    { "B${I}": { Type: AWS::SNS::Topic } }]
  Fn::ForEach::None: [I, [], { "D${I}": { Type: AWS::SNS::Topic } }]
  Fn::ForEach::Three: [I, [x, !Ref Name], { "C${I}": { Type: AWS::SNS::Topic } }]
]==]
    local record = convert(text:format ", Default: y")
    assert.is_nil(reason(record))
    local ids = {}
    for id in pairs(record.resources) do ids[#ids + 1] = id end
    table.sort(ids)
    assert.same({ "Aa", "Ab", "Bc", "Cx", "Cy" }, ids)
    assert.equal("loops over AWS::Region are expanded for us-east-1", record.assumptions[3])
    record = convert(text:format ", AllowedValues: [z]")
    assert.is_truthy(record.resources.Cz)
    assert.equal("Resource Fn::ForEach::One: a collection known only at deploy time",
      (reason(convert((text:format(""):gsub("prod: {", "other: {")))):gsub("^ ", "Resource ")))
  end)

  it("bounds loops and names collections that are not known", function()
    local loop = "Resources:\n  Fn::ForEach::L: [I, %s, { \"Q${I}\": { Type: AWS::SQS::Queue } }]\n"
    local record = convert(loop:format("!GetAtt A.B"))
    assert.equal(" Fn::ForEach::L: a collection known only at deploy time", reason(record))
    assert.equal(2, record.unsupported[1].line)
    local items = {}
    for i = 1, 10001 do items[i] = tostring(i) end
    assert.equal(" Fn::ForEach::L: loops make more than 10000 items",
      reason(convert(loop:format("[" .. table.concat(items, ",") .. "]"))))
  end)

  it("takes files of AWS::Include from beside the template only", function()
    local template = "Parameters: { Bucket: { Type: String, Default: b } }\nResources:\n"
      .. "  Fn::Transform: { Name: AWS::Include, Parameters: { Location: %s } }\n"
    local record = convert { ["t.yaml"] = template:format '!Sub "s3://${Bucket}/x/parts/q.yaml"',
      ["parts/q.yaml"] = "Q:\n  Type: AWS::SQS::Queue\n" }
    assert.is_nil(reason(record))
    assert.same({ "aws_sqs_queue.q" }, { table.unpack(record.resources.Q) })
    record = convert { ["t.yaml"] = template:format "../../../../../../../etc/passwd" }
    assert.equal("unsupported", record.status)
    record = convert { ["t.yaml"] = template:format "gone.yaml" }
    assert.equal(" Fn::Transform: missing file gone.yaml of AWS::Include", reason(record))
    record = convert { ["t.yaml"] = template:format "bad.yaml", ["bad.yaml"] = "a: [" }
    assert.truthy(record.unsupported[1].file:find("bad.yaml", 1, true))
  end)

  it("names macros", function()
    assert.equal("P Value: macro Upper",
      value_of("{ 'Fn::Transform': { Name: Upper, Parameters: {} } }"))
    assert.equal("Transform: macro Count",
      (reason(convert("Transform: Count\nResources: { Q: { Type: AWS::SQS::Queue } }\n"))
        :match("Transform.*")))
  end)
end)
