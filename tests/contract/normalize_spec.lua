-- SPDX-License-Identifier: Apache-2.0
-- What we assume of Terraform: it accepts what the whole language becomes. Skipped by name where
-- there is no terraform, or where it cannot get the provider.
local fs = require "std.fs"
local json = require "std.json"
local normalize = require "std.normalize"
local python = require "std.python"
local terraform = require "std.terraform"

local CHILD = [==[
Parameters:
  Name: { Type: String, AllowedPattern: "[a-z-]+" }
  Zones: { Type: List<AWS::EC2::AvailabilityZone::Name> }
  Secret: { Type: String, NoEcho: true, MinLength: 8 }
Conditions: { Safe: !Not [!Equals [!Ref Secret, ""]] }
Resources:
  Q: { Type: AWS::SQS::Queue, Condition: Safe, Properties: { QueueName: !Ref Name } }
  P: { Type: AWS::SSM::Parameter, Properties: { Type: String, Name: n, Value: !Ref Secret } }
Outputs:
  Arn: { Condition: Safe, Value: !GetAtt Q.Arn }
  Value: { Value: !GetAtt P.Value }
  Zone: { Value: !Select [0, !Ref Zones] }
]==]

local TEMPLATE = [==[
Transform: AWS::LanguageExtensions
Description: every part of the language
Parameters:
  Env: { Type: String, AllowedValues: [dev, prod], Default: dev, ConstraintDescription: which }
  Mail: { Type: String, AllowedPattern: "[^\\s@]+@[^\\s@]+\\.[a-z]{2,}" }
  Count: { Type: Number, MinValue: 1, MaxValue: 5, Default: 2 }
  Names: { Type: CommaDelimitedList, Default: "a,b" }
  Vpc: { Type: AWS::EC2::VPC::Id }
  Subnets: { Type: List<AWS::EC2::Subnet::Id> }
  Groups: { Type: List<AWS::EC2::SecurityGroup::Id> }
  Key: { Type: AWS::EC2::KeyPair::KeyName }
  Ami: { Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /aws/service/x }
  Password: { Type: String, NoEcho: true, MinLength: 8, MaxLength: 41, AllowedPattern: "[\\w-]*" }
Mappings:
  Sizes:
    dev: { days: 1, "on": false, list: [a, b] }
    prod: { days: 14, "on": true, list: [c] }
Rules:
  R: { RuleCondition: !Equals [!Ref Env, prod],
    Assertions: [{ Assert: { "Fn::Contains": [[a, b], !Ref Env] }, AssertDescription: no }] }
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Has: !Not [!Equals [!Ref Password, ""]]
  On: !Equals [!FindInMap [Sizes, !Ref Env, "on"], "true"]
  Any: !Or [!Condition Prod, !And [!Condition Has, !Not [!Condition On]]]
Resources:
  Fn::ForEach::Topics:
    - Name
    - !Ref Names
    - "Topic${Name}": { Type: AWS::SNS::Topic, Properties: { DisplayName: !Ref Name } }
  Secret: { Type: AWS::SecretsManager::Secret, Properties: { SecretString: !Ref Password } }
  Inner:
    Type: AWS::CloudFormation::Stack
    Condition: Any
    Properties:
      TemplateURL: https://s3.amazonaws.com/bucket/child.yaml
      Parameters: { Name: !Sub "${Env}-q", Zones: !Join [",", !GetAZs ""], Secret: !Ref Password }
  Dead: { Type: AWS::SQS::Queue, Condition: Prod }
  Queue:
    Type: AWS::SQS::Queue
    DependsOn: [Dead, Inner]
    Properties:
      QueueName: !Join
        - "-"
        - [q, !Select [1, !Split ["-", !Ref AWS::StackName]], !If [Any, x, !Ref AWS::NoValue]]
      MessageRetentionPeriod: !FindInMap [Sizes, !Ref Env, days]
      RedrivePolicy: !If
        - Prod
        - { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }
        - !Ref AWS::NoValue
      Tags: !If
        - Has
        - [{ Key: a, Value: !Ref Mail }, { Key: !Ref Env, Value: b }]
        - !Ref AWS::NoValue
  Text:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Name: !Sub ["/${X}/${!Literal}/${AWS::Region}", { X: !Select [0, !Cidr [10.0.0.0/16, 2, 8]] }]
      Value: !Sub "${Vpc}-${Key}-${Ami}-{{resolve:secretsmanager:${Secret}:SecretString:k}}"
  Numbers:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Description: "{{resolve:ssm:/a}}"
      Value:
        Fn::ToJsonString: { n: { "Fn::Length": !Ref Subnets }, g: !Ref Groups, c: !Ref Count }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: !If [Prod, PROVISIONED, PAY_PER_REQUEST]
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      ProvisionedThroughput: !If
        - Prod
        - { ReadCapacityUnits: 1, WriteCapacityUnits: 1 }
        - !Ref AWS::NoValue
Outputs:
  Arn: { Value: !GetAtt Queue.Arn, Export: { Name: !Sub "${AWS::StackName}-arn" } }
  Inner: { Condition: Any, Value: !GetAtt Inner.Outputs.Arn }
  Secret: { Value: !Join [":", [!Ref Password, !GetAtt Text.Value]] }
  Zone: { Value: !Select [0, !FindInMap [Sizes, !Ref Env, list]] }
  Imported: { Value: !ImportValue other-stack-export }
]==]

describe("normalised templates", function()
  it("are valid for terraform, all of the language at once", function()
    local dir <close> = fs.tempdir("normalize-contract")
    local tool = terraform.find { home = fs.join(dir.path, "home"), cache = python.cache_dir() }
    if not tool then return pending "terraform is not installed" end
    fs.write(fs.join(dir.path, "child.yaml"), CHILD)
    fs.write(fs.join(dir.path, "t.yaml"), TEMPLATE)
    local out = fs.join(dir.path, "out")
    local record = normalize.normalize { path = fs.join(dir.path, "t.yaml"), format = "cfn",
      out = out }
    assert.equal("normalized", record.status, json.encode(record))
    local function run(...)
      return assert(tool:run { args = { ... }, dir = out, timeout = 300 })
    end
    local init = tool:init(out, 300)
    if not init or init.code ~= 0 then return pending "terraform cannot get the provider" end
    local result = json.decode(run("validate", "-json").stdout)
    local problems = {}
    for i, entry in ipairs(result.diagnostics or {}) do
      problems[i] = ("%s: %s %s"):format(entry.severity, entry.summary, entry.detail)
    end
    assert.equal("", table.concat(problems, "\n"))
    assert.is_true(result.valid)
    assert.equal(0, run("fmt", "-check", "-recursive").code)
  end)
end)
