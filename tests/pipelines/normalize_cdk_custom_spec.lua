-- SPDX-License-Identifier: Apache-2.0
-- Custom resources that the CDK makes by itself.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local kit = dofile(HERE .. "/normalize_kit.lua")

local has, normalized, reasons, resources = kit.has, kit.normalized, kit.reasons, kit.resources

-- The function behind a custom resource, by its logical id.
local function handler(id)
  return ("  %s:\n    Type: AWS::Lambda::Function\n    Properties: { Runtime: nodejs20.x, "
    .. "Handler: index.handler, Role: 'arn:aws:iam::000000000000:role/r', "
    .. "Code: { ZipFile: 'exports.handler = 1' } }\n"):format(id)
end

local BUCKET = "  B: { Type: AWS::S3::Bucket, Properties: { BucketName: docs } }\n"

describe("custom resources of the CDK", function()
  it("empty a bucket before it goes", function()
    local record, main = resources(BUCKET .. [[
  Empty:
    Type: Custom::S3AutoDeleteObjects
    DependsOn: [Policy]
    Properties: { ServiceToken: !GetAtt CustomS3AutoDeleteObjectsProvider1.Arn,
      BucketName: !Ref B }
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties: { Bucket: !Ref B, PolicyDocument: { Statement: [] } }
]] .. handler "CustomS3AutoDeleteObjectsProvider1")
    normalized(record)
    has(main, 'bucket = "docs"\n force_destroy = true')
    assert.same({ "aws_s3_bucket.b" }, record.resources.Empty)
  end)

  it("take the rules from a network's default group", function()
    local record, main = resources([[
  Vpc: { Type: AWS::EC2::VPC, Properties: { CidrBlock: 10.0.0.0/16 } }
  Strict:
    Type: Custom::VpcRestrictDefaultSG
    Properties: { ServiceToken: !GetAtt CustomVpcRestrictDefaultSGProvider1.Arn,
      DefaultSecurityGroupId: !GetAtt Vpc.DefaultSecurityGroup, Account: !Ref AWS::AccountId }
]] .. handler "CustomVpcRestrictDefaultSGProvider1")
    normalized(record)
    has(main, 'resource "aws_default_security_group" "strict" {\n vpc_id = aws_vpc.vpc.id\n}')
  end)

  it("keep a function's log group for some days", function()
    local record, main = resources([[
  Logs:
    Type: Custom::LogRetention
    Properties: { ServiceToken: !GetAtt LogRetention1.Arn, RetentionInDays: 7,
      LogGroupName: /aws/lambda/f, LogGroupRegion: !Ref AWS::Region, SdkRetry: { maxRetries: 5 } }
  Alarm: { Type: AWS::SSM::Parameter, Properties: { Type: String,
    Value: !GetAtt Logs.LogGroupName } }
]] .. handler "LogRetention1")
    normalized(record)
    has(main, 'name = "/aws/lambda/f"\n retention_in_days = 7',
      "value = aws_cloudwatch_log_group.logs.name")
  end)

  it("name what a bucket notifies", function()
    local record, main = resources(BUCKET .. [[
  Notes:
    Type: Custom::S3BucketNotifications
    Properties:
      ServiceToken: !GetAtt BucketNotificationsHandler1.Arn
      BucketName: !Ref B
      Managed: true
      SkipDestinationValidation: false
      NotificationConfiguration:
        EventBridgeConfiguration: {}
        QueueConfigurations:
          - { QueueArn: !GetAtt Q.Arn, Events: ["s3:ObjectCreated:*"], Id: one, Filter: { Key: {
              FilterRules: [{ Name: suffix, Value: .pdf }, { Name: prefix, Value: in/ }] } } }
  Q: { Type: AWS::SQS::Queue }
]] .. handler "BucketNotificationsHandler1")
    normalized(record)
    has(main, "bucket = aws_s3_bucket.b.id", "eventbridge = true", "queue {",
      'events = ["s3:ObjectCreated:*"]', 'filter_suffix = ".pdf"', 'filter_prefix = "in/"',
      "queue_arn = aws_sqs_queue.q.arn")
  end)

  it("are refused where another one manages the bucket or made the resource", function()
    local record = resources(BUCKET .. [[
  Notes:
    Type: Custom::S3BucketNotifications
    Properties: { ServiceToken: !GetAtt BucketNotificationsHandler1.Arn, BucketName: !Ref B,
      Managed: false, NotificationConfiguration: {} }
  Other:
    Type: Custom::LogRetention
    Properties: { ServiceToken: !GetAtt Own.Arn, LogGroupName: g }
  Elsewhere:
    Type: Custom::VpcRestrictDefaultSG
    Properties: { ServiceToken: !GetAtt CustomVpcRestrictDefaultSGProvider1.Arn,
      DefaultSecurityGroupId: sg-1, Account: "0" }
]] .. handler "BucketNotificationsHandler1" .. handler "Own"
      .. handler "CustomVpcRestrictDefaultSGProvider1")
    assert.equal("unsupported", record.status)
    has(reasons(record), "Notes Managed: value false", "Other : custom resource",
      "Elsewhere DefaultSecurityGroupId: the default group of another network")
  end)
end)
