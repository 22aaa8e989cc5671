-- SPDX-License-Identifier: Apache-2.0
-- Templates that are wrong in any way: what becomes of them has a name and a place, and comes soon.
local fs = require "std.fs"
local json = require "std.json"
local normalize = require "std.normalize"
local time = require "std.time"
local yaml = require "std.yaml"

local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local wrong = dofile(HERE .. "/wrong_templates.lua")

-- One template may take so many seconds, also on a slow machine under a sanitizer.
local SOON <const> = 10

local STACK = [=[
Transform: AWS::LanguageExtensions
Parameters:
  Env: { Type: String, Default: dev, AllowedValues: [dev, prod] }
  Zones: { Type: CommaDelimitedList, Default: "a,b" }
Mappings: { Sizes: { dev: { Type: t3.micro }, prod: { Type: m5.large } } }
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Both: !And [!Condition Prod, !Not [!Equals [!Ref Env, x]]]
Rules: { R: { Assertions: [{ Assert: !Contains [[dev, prod], !Ref Env] }] } }
Resources:
  Fn::ForEach::Topics: [Name, !Ref Zones, { "Topic${Name}": { Type: AWS::SNS::Topic } }]
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  Net: { Type: AWS::EC2::Subnet, Properties: { VpcId: !Ref Vpc,
    CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]] } }
  Group: { Type: AWS::EC2::SecurityGroup, Properties: { GroupDescription: g, VpcId: !Ref Vpc,
    SecurityGroupIngress: [{ IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0 }] } }
  Machine:
    Type: AWS::EC2::Instance
    Condition: Both
    Properties: { ImageId: ami-1, InstanceType: !FindInMap [Sizes, !Ref Env, Type],
      SubnetId: !Ref Net, UserData: { Fn::Base64: !Sub "run ${Queue} ${Queue.Arn}" },
      Tags: [{ Key: Name, Value: !Join ["-", [!Ref Env, m]] }] }
  Queue: { Type: AWS::SQS::Queue, DependsOn: Bucket,
    Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 } } }
  Dead: { Type: AWS::SQS::Queue }
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    Properties:
      VersioningConfiguration: !If [Prod, { Status: Enabled }, !Ref AWS::NoValue]
      LifecycleConfiguration: { Rules: [{ Status: Enabled, ExpirationInDays: 1 }] }
      NotificationConfiguration: { QueueConfigurations: [{ Event: "s3:*", Queue: !GetAtt
        Dead.Arn }] }
  Role: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { Statement: [] },
    Policies: [{ PolicyName: p, PolicyDocument: { Statement: [{ Effect: Allow }] } }] } }
  F: { Type: AWS::Lambda::Function, Properties: { Runtime: python3.12, Handler: index.f,
    Role: !GetAtt Role.Arn, Code: { ZipFile: "def f(e, c): pass" } } }
  Table: { Type: AWS::DynamoDB::Table, Properties: { BillingMode: PAY_PER_REQUEST,
    AttributeDefinitions: [{ AttributeName: k, AttributeType: S }],
    KeySchema: [{ AttributeName: k, KeyType: HASH }] } }
Outputs: { Q: { Value: !Ref Queue, Export: { Name: !Sub "${AWS::StackName}-q" } } }
]=]

local SERVICE = [[
service: shop
custom: { table: "t-${sls:stage}", tags: { a: "${self:service}" } }
provider: { name: aws, runtime: nodejs20.x, environment: { T: "${self:custom.table}" },
  iam: { role: { statements: [{ Effect: Allow, Action: "dynamodb:*", Resource: "*" }] } } }
package: { patterns: ["!node_modules/**"] }
functions:
  list: { handler: a.list, events: [{ http: { path: /a, method: get, cors: true } },
    { schedule: rate(1 hour) }, { sqs: { arn: !GetAtt Q.Arn } }] }
  put: { handler: a.put, timeout: 9, events: [{ httpApi: "POST /b" }, { s3: pictures },
    { sns: news }, { stream: { arn: "arn:aws:kinesis:us-east-1:000000000000:stream/s" } },
    { eventBridge: { pattern: { source: [x] } } }] }
resources: { Resources: { Q: { Type: AWS::SQS::Queue } }, Outputs: { O: { Value: !Ref Q } } }
]]

local ROOT = [[
variable "names" {
  type    = map(object({ size = number }))
  default = { a = { size = 1 } }
}
locals { all = { for name, item in var.names : name => item.size if item.size > 0 } }
resource "aws_sqs_queue" "q" {
  for_each = local.all
  name     = "${each.key}-${each.value}"
}
resource "aws_security_group" "g" {
  dynamic "ingress" {
    for_each = [80, 443]
    content {
      from_port = ingress.value
      to_port   = ingress.value
      protocol  = "tcp"
    }
  }
}
output "urls" { value = values(aws_sqs_queue.q)[*].url }
]]

local function judge(what, options)
  local began = time.monotonic()
  local ok, record = pcall(normalize.normalize, options)
  assert.is_true(ok, what .. ": " .. tostring(record))
  assert.is_true(time.monotonic() - began < SOON, what .. " takes long")
  if record.status == "unsupported" then
    assert.is_true(#record.unsupported > 0, what .. " names nothing")
    for _, entry in ipairs(record.unsupported) do
      assert.is_string(entry.reason, what)
      assert.falsy(entry.reason:find("table: 0x", 1, true), what .. ": " .. entry.reason)
    end
  elseif record.status == "failed" then
    assert.is_string(record.error.message, what)
    assert.is_number(record.error.line, what)
  else
    assert.equal("normalized", record.status, what)
    for _, name in ipairs(fs.walk(options.out)) do
      local text = fs.read(fs.join(options.out, name))
      assert.falsy(text:find("table: 0x", 1, true), what .. ": an address in " .. name)
      assert.falsy(text:find("userdata: ", 1, true), what .. ": an address in " .. name)
    end
  end
  return record
end

local function tree_of(text)
  return assert(yaml.decode(text, { file = "seed", tags = "cloudformation" }))
end

-- The statuses of `count` templates made wrong.
local function statuses(count, format, name, make)
  local seen = {}
  local dir <close> = fs.tempdir("normalize-wrong")
  for seed = 1, count do
    local path = fs.join(dir.path, name)
    fs.write(path, make(seed))
    local record = judge(("seed %d of %s"):format(seed, format), { path = path, format = format,
      out = fs.join(dir.path, "out") })
    seen[record.status] = true
  end
  return seen
end

local ALL = { failed = true, normalized = true, unsupported = true }

describe("a template made wrong", function()
  it("is converted, refused by name or an error with its place: CloudFormation", function()
    local tree = tree_of(STACK)
    assert.same(ALL, statuses(250, "cfn", "t.json", function(seed)
      return json.encode(wrong.of(tree, seed))
    end))
  end)

  it("is the same for a service", function()
    local tree = tree_of(SERVICE)
    assert.same(ALL, statuses(120, "serverless", "serverless.yml", function(seed)
      return json.encode(wrong.of(tree, seed))
    end))
  end)

  it("is the same for a Terraform root", function()
    assert.same(ALL, statuses(80, "terraform", "main.tf", function(seed)
      return wrong.text(ROOT, seed)
    end))
  end)
end)

local TOPIC = "Resources: { T: { Type: AWS::SNS::Topic } }\n"

local function run(text, format)
  local dir <close> = fs.tempdir("normalize-wrong")
  local path = fs.join(dir.path, format == "terraform" and "main.tf" or "t.yaml")
  fs.write(path, text)
  return judge(text:sub(1, 60), { path = path, format = format or "cfn",
    out = fs.join(dir.path, "out") })
end

describe("what is no template", function()
  it("is told by the section that is no map", function()
    for _, name in ipairs { "Parameters", "Mappings", "Conditions", "Outputs", "Rules" } do
      for _, value in ipairs { "5", "[x]", "text" } do
        local record = run(TOPIC .. name .. ": " .. value .. "\n")
        assert.equal(name .. " is not a map of names", record.error.message)
        assert.equal(2, record.error.line)
      end
      assert.equal("normalized", run(TOPIC .. name .. ":\n").status)
    end
    assert.equal("Resources is not a map of names", run("Resources: [1]\n").error.message)
  end)

  it("is told by what is no part of a resource, parameter or template", function()
    for text, why in pairs {
      ["Resources: { A: { Type: AWS::SNS::Topic, Properties: 5 } }"] = "not a map of names",
      ["Resources: { A: { Type: AWS::SNS::Topic, DependsOn: { B: 1 } } }"] = "not a list of names",
      ["Resources: { A: { Type: AWS::SNS::Topic, Condition: [x] } }"] =
        "condition a value is not declared",
      ["Resources: { A: { Type: AWS::SNS::Topic, DependsOn: [null] } }"] =
        "'a value' is not declared",
      [TOPIC .. "Parameters: { A: { Type: String, Default: { b: 1 } } }"] =
        "not in the form of a parameter",
      [TOPIC .. "Parameters: { A: { Type: String, AllowedValues: [a, [b]] } }"] =
        "not in the form of a parameter",
      [TOPIC .. "Parameters: { A: { Default: 1 } }"] = "not a parameter: it has no Type",
      [TOPIC .. "Mappings: { A: { B: { C: 1 }, D: 1 } }\nOutputs: { O: { Value: !FindInMap [A, B, "
        .. "!Ref AWS::Region] } }"] = "not a map of names",
      [TOPIC .. "Globals: { Function: { Timeout: 3 } }"] = "section of the template",
    } do
      local record = run(text .. "\n")
      assert.equal("unsupported", record.status, text)
      assert.equal(why, record.unsupported[1].reason, text)
    end
  end)

  it("is told by a zero byte, which no file's name has", function()
    local record = run("Resources:\n  T:\n    Type: AWS::SNS::Topic\n"
      .. "    Properties: { TopicName: \"a\\0b\" }\n")
    assert.equal("a text with a zero byte", record.error.message)
    assert.equal(4, record.error.line)
    for _, zero in ipairs { "\0", "\\u0000" } do
      record = run('\nmodule "m" {\n  source = "./a' .. zero .. '"\n}\n', "terraform")
      assert.equal("a text with a zero byte", record.error.message)
      assert.equal(3, record.error.line)
    end
  end)

  it("is not told by what only looks like a zero byte in Terraform", function()
    local record = run('# no \\u0000\nresource "aws_sqs_queue" "q" {\n  name = "a"\n'
      .. '  tags = { a = "b\\\\u0000" }\n  policy = <<EOT\n{"pattern": "[^\\u0000]"}\nEOT\n}\n',
      "terraform")
    assert.equal("normalized", record.status, record.error and record.error.message)
  end)

  it("is told by a type of Terraform that names no provider", function()
    assert.equal("provider of ''", run('resource "" "x" {}\n', "terraform").unsupported[1].reason)
  end)

  it("is not looked at for long where a text is", function()
    local record = run(TOPIC .. "Outputs: { O: { Value: " .. ("x"):rep(300000) .. " } }\n")
    assert.equal("normalized", record.status)
  end)
end)
