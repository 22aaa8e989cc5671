-- SPDX-License-Identifier: Apache-2.0
-- Sections, attributes of resources, nested stacks: what becomes of each.
local fs = require "std.fs"
local normalize = require "std.normalize"

local function convert(files)
  if type(files) == "string" then files = { ["t.yaml"] = files } end
  local dir <close> = fs.tempdir("normalize-sections")
  assert(fs.write_all(fs.join(dir.path, "in"), files))
  local out = fs.join(dir.path, "out")
  local record = normalize.normalize { path = fs.join(dir.path, "in", "t.yaml"), format = "cfn",
    out = out }
  local texts = {}
  for _, name in ipairs(fs.is_dir(out) and fs.walk(out) or {}) do
    texts[name] = fs.read(fs.join(out, name)):gsub(" +", " ")
  end
  record.all = table.concat(record.assumptions, "\n")
  return record, texts
end

local has = assert.contains

local function reasons(record)
  local list = {}
  for i, entry in ipairs(record.unsupported) do
    list[i] = ("%s %s: %s"):format(entry.id, entry.property or "", entry.reason)
  end
  return list
end

describe("normalize attributes", function()
  it("names what has no meaning in Terraform, with the reason", function()
    local record = convert [==[
Metadata: { a: b }
Resources:
  A:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    UpdateReplacePolicy: Delete
    UpdatePolicy: { AutoScalingRollingUpdate: {} }
    CreationPolicy: { ResourceSignal: { Count: 1 } }
    Metadata: { AWS::CloudFormation::Init: {} }
  B: { Type: AWS::SQS::Queue, Metadata: { x: y } }
]==]
    assert.equal("normalized", record.status)
    for _, text in ipairs { "section Metadata is left out", "A.DeletionPolicy Retain is left out: "
      .. "destroying the root has to remove everything", "A.UpdatePolicy is left out",
      "A.CreationPolicy is left out", "A.Metadata is left out: cfn-init has no stack",
      "Metadata of resources is left out" } do
      has(record.all, text)
    end
    assert.is_nil(record.all:find("UpdateReplacePolicy", 1, true))
  end)

  it("names sections, attributes, macros and kinds of types that it cannot do", function()
    local record = convert [==[
Hooks: {}
Transform: [AWS::LanguageExtensions, Shout]
Resources:
  A: { Type: AWS::SQS::Queue, Count: 3 }
  M: { Type: AWS::CloudFormation::Macro }
  C: { Type: AWS::CloudFormation::CustomResource }
  R: { Type: "Org::Svc::Thing::MODULE" }
Outputs: { O: { Description: nothing } }
]==]
    local list = reasons(record)
    table.sort(list)
    assert.same({ "A Count: attribute of the resource", "C : custom resource",
      "M : a macro that a template defines", "O : not an output: it has no Value",
      "R : module of a CloudFormation registry", "nil Hooks: section of the template",
      "nil Transform: macro Shout" }, list)
    for _, entry in ipairs(record.unsupported) do assert.is_number(entry.line) end
  end)

  it("takes booleans as CloudFormation does, and joins what is waited for", function()
    local record, texts = convert [==[
Resources:
  T: { Type: AWS::SNS::Topic }
  B:
    Type: AWS::S3::Bucket
    DependsOn: T
    Properties:
      AccessControl: Private
      OwnershipControls: { Rules: [{ ObjectOwnership: ObjectWriter }] }
  Q: { Type: AWS::SQS::Queue, Properties: { FifoQueue: 'True', QueueName: q.fifo } }
]==]
    assert.equal("normalized", record.status)
    has(texts["main.tf"], "fifo_queue = true")
    has(texts["main.tf"], "depends_on = [\n aws_s3_bucket_ownership_controls.b_ownership,\n "
      .. "aws_sns_topic.t,\n ]")
  end)

  it("makes a block for each item of a list that is known later", function()
    local record, texts = convert [==[
Parameters: { Patterns: { Type: CommaDelimitedList, Default: "a,b" } }
Resources:
  R:
    Type: AWS::WAFv2::RegexPatternSet
    Properties: { Name: n, Scope: REGIONAL, RegularExpressionList: !Ref Patterns }
]==]
    assert.equal("normalized", record.status)
    has(texts["main.tf"], 'dynamic "regular_expression" {\n for_each = var.patterns\n content {\n '
      .. "regex_string = regular_expression.value")
  end)

  it("makes a resource for each item of a list that is known later", function()
    local record, texts = convert [==[
Parameters: { Arns: { Type: CommaDelimitedList, Default: "arn:aws:iam::aws:policy/A" } }
Conditions: { C: !Equals [a, b] }
Resources:
  R:
    Type: AWS::IAM::Role
    Properties: { AssumeRolePolicyDocument: {}, ManagedPolicyArns: !Ref Arns }
  S:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      ManagedPolicyArns: !If [C, !Ref Arns, !Split [",", "arn:a,arn:b"]]
]==]
    assert.equal("normalized", record.status, table.concat(reasons(record), "\n"))
    has(texts["main.tf"], '"r_managed" {\n count = length(var.arns)\n role = aws_iam_role.r.name\n '
      .. "policy_arn = var.arns[count.index]")
    has(texts["main.tf"], "count = local.if_c ? length(var.arns) : 0")
    has(texts["main.tf"], 'count = !local.if_c ? 1 : 0\n role = aws_iam_role.s.name\n policy_arn = '
      .. '"arn:b"')
  end)

  it("waits for everything of what it depends on, through what is left out", function()
    local record, texts = convert [==[
Resources:
  H: { Type: AWS::CloudFormation::WaitConditionHandle }
  W: { Type: AWS::CloudFormation::WaitCondition, DependsOn: [B], Properties: { Handle: !Ref H } }
  B: { Type: AWS::S3::Bucket, Properties: { VersioningConfiguration: { Status: Enabled } } }
  Q: { Type: AWS::SQS::Queue, DependsOn: [W, B] }
]==]
    assert.equal("normalized", record.status)
    has(texts["main.tf"], "depends_on = [\n aws_s3_bucket.b,\n "
      .. "aws_s3_bucket_versioning.b_versioning,\n ]")
    has(record.all, "W (AWS::CloudFormation::WaitCondition) is left out")
    record = convert("Resources:\n  H: { Type: AWS::CloudFormation::WaitConditionHandle }\n"
      .. "  Q: { Type: AWS::SQS::Queue, Properties: { QueueName: !Ref H } }\n")
    assert.same({ "Q QueueName: refers to H, which is not converted" }, reasons(record))
  end)

  it("says rules as checks and exports as outputs", function()
    local record, texts = convert [==[
Parameters: { Env: { Type: String, Default: dev }, Size: { Type: String, Default: s } }
Rules:
  Sizes:
    RuleCondition: !Equals [!Ref Env, prod]
    Assertions:
      - { Assert: { "Fn::Contains": [[m, l], !Ref Size] }, AssertDescription: production is large }
  Asks: { Assertions: [{ Assert: { "Fn::EachMemberIn": [{ "Fn::ValueOfAll": [a, b] }, [c]] } }] }
  CheckBootstrapVersion: { Assertions: [] }
Resources: { Q: { Type: AWS::SQS::Queue } }
Outputs: { Arn: { Value: !GetAtt Q.Arn, Export: { Name: !Sub "${Env}-arn" } } }
]==]
    has(texts["main.tf"], 'check "sizes" {\n assert {\n condition = !(var.env == "prod") || '
      .. 'contains(["m", "l"], var.size)\n error_message = "production is large"')
    has(record.all, "rule Asks is left out: Fn::ValueOfAll asks the account")
    has(record.all, "rule CheckBootstrapVersion is left out")
    has(record.all, "export dev-arn is the output arn")
  end)
end)

local CHILD = [==[
Parameters: { Name: { Type: String }, Zones: { Type: CommaDelimitedList }, Plain: { Type: String } }
Resources: { Q: { Type: AWS::SQS::Queue, Properties: { QueueName: !Ref Name } } }
Outputs: { Arn: { Value: !GetAtt Q.Arn } }
]==]

local SECRET_CHILD = "Parameters: { P: { Type: String, NoEcho: true, Default: x } }\nResources: "
  .. "{ Q: { Type: AWS::SQS::Queue } }\nOutputs: { O: { Value: !Ref P } }\n"

describe("normalize nested stacks", function()
  it("makes modules of templates beside the first", function()
    local record, texts = convert { ["parts/child.yaml"] = CHILD, ["t.yaml"] = [==[
Parameters: { Bucket: { Type: String, Default: b }, Go: { Type: String, Default: "yes" } }
Conditions: { Go: !Equals [!Ref Go, "yes"] }
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Condition: Go
    Properties:
      TemplateURL: !Sub https://${Bucket}.s3.amazonaws.com/some/parts/child.yaml
      TimeoutInMinutes: 5
      Parameters: { Name: !Sub "${Bucket}-q", Zones: "a,b", Plain: !GetAZs "" }
  T:
    Type: AWS::SNS::Topic
    DependsOn: Inner
    Properties: { DisplayName: !GetAtt Inner.Outputs.Arn }
]==] }
    assert.equal("normalized", record.status, table.concat(reasons(record), "\n"))
    has(texts["main.tf"], 'module "inner" {\n source = "./modules/inner"\n count = local.if_go ? 1 '
      .. ': 0\n name = "${var.bucket}-q"\n plain = join(",", '
      .. 'data.aws_availability_zones.current.names)\n zones = split(",", "a,b")')
    has(texts["main.tf"], "display_name = one(module.inner[*].arn)")
    has(texts["main.tf"], "depends_on = [\n module.inner,")
    has(texts["modules/inner/variables.tf"], 'variable "name" {\n type = string\n}')
    has(texts["modules/inner/main.tf"], "name = var.name")
    assert.same({ "module.inner.aws_sqs_queue.q" }, { table.unpack(record.resources.Inner) })
    assert.equal(2, record.resource_count)
    has(record.all, "Inner.TimeoutInMinutes is left out")
  end)

  it("passes secrets on as secrets", function()
    local record, texts = convert { ["child.yaml"] = SECRET_CHILD, ["t.yaml"] = "Resources:\n"
      .. "  S: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: child.yaml } }\n"
      .. "Outputs: { O: { Value: !GetAtt S.Outputs.O } }\n" }
    assert.equal("normalized", record.status)
    has(texts["outputs.tf"], "value = module.s.o\n sensitive = true")
  end)

  it("names files that are not there, what they cannot do, and refuses circles", function()
    local stack = "Resources:\n  S:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n"
      .. "      TemplateURL: %s\n"
    local record = convert(stack:format "https://s3.amazonaws.com/b/gone.yaml")
    assert.same({ "S TemplateURL: missing file gone.yaml" }, reasons(record))
    assert.equal(5, record.unsupported[1].line)
    record = convert { ["t.yaml"] = stack:format "child.yaml",
      ["child.yaml"] = "Resources:\n  X: { Type: AWS::No::Thing }\n" }
    assert.same({ "S.X : no rule for this type" }, reasons(record))
    has(record.unsupported[1].file, "child.yaml")
    assert.equal(2, record.unsupported[1].line)
    record = convert { ["t.yaml"] = stack:format "a/b.yaml", ["a/b.yaml"] = stack:format "t.yaml" }
    assert.equal("failed", record.status)
    assert.equal("nested stacks in a circle: t.yaml -> b.yaml -> t.yaml", record.error.message)
    has(record.error.file, "a/b.yaml")
    assert.equal(5, record.error.line)
    record = convert { ["t.yaml"] = stack:format "child.yaml", ["child.yaml"] = "Resources: [" }
    assert.equal("failed", record.status)
    has(record.error.file, "child.yaml")
  end)
end)
