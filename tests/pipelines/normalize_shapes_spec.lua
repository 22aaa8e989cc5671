-- SPDX-License-Identifier: Apache-2.0
-- Values in the shapes that templates give them: an If around a whole structure, empty lists,
-- names where Terraform takes ARNs.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local kit = dofile(HERE .. "/normalize_kit.lua")

local has, normalized, reasons = kit.has, kit.normalized, kit.reasons
local resources, run = kit.resources, kit.run

local HEAD = [[
Parameters: { Env: { Type: String, Default: dev } }
Conditions:
  Prod: !Equals [!Ref Env, prod]
  Dev: !Equals [!Ref Env, dev]
Resources:
]]

describe("an If", function()
  it("around all properties is one around each, also an If within", function()
    local record, main = run(HEAD .. [[
  Q:
    Type: AWS::SQS::Queue
    Properties: !If
      - Prod
      - { QueueName: big, DelaySeconds: 5 }
      - !If [Dev, { QueueName: small }, !Ref AWS::NoValue]
]])
    normalized(record)
    has(main, 'name = (local.if_prod ? "big" : (local.if_dev ? "small" : null))',
      "delay_seconds = (local.if_prod ? 5 : null)")
  end)

  it("around all properties is refused where an arm is known only at deploy time", function()
    local record = run(HEAD .. "  Q:\n    Type: AWS::SQS::Queue\n"
      .. "    Properties: !If [Prod, !Ref Env, { QueueName: small }]\n")
    has(reasons(record), "Q : properties known only at deploy time")
  end)

  it("around the machine of a route is one around its interface", function()
    local record, main = run(HEAD .. [[
  Nat: { Type: AWS::EC2::Instance, Properties: { ImageId: ami-1 } }
  R:
    Type: AWS::EC2::Route
    Properties: { RouteTableId: rtb-1, DestinationCidrBlock: 0.0.0.0/0,
      InstanceId: !If [Prod, !Ref Nat, !Ref AWS::NoValue],
      NatGatewayId: !If [Prod, !Ref AWS::NoValue, nat-1] }
]])
    normalized(record)
    has(main, "network_interface_id = (local.if_prod ? "
      .. "aws_instance.nat.primary_network_interface_id : null)")
  end)

  it("around the market of machines goes with one around the bid", function()
    local group = "{ InstanceCount: 1, InstanceType: m4.large, Market: %s, BidPrice: %s }"
    local function cluster(market, bid)
      return (run(HEAD .. "  C:\n    Type: AWS::EMR::Cluster\n    Properties: { Name: c, "
        .. "JobFlowRole: p, ServiceRole: r, ReleaseLabel: emr-5, Instances: { "
        .. "MasterInstanceGroup: " .. group:format(market, bid) .. " } }\n"))
    end
    normalized(cluster("!If [Prod, SPOT, ON_DEMAND]", "!If [Prod, 1, !Ref AWS::NoValue]"))
    for _, bad in ipairs { { "!If [Dev, SPOT, ON_DEMAND]", "!If [Prod, 1, !Ref AWS::NoValue]" },
      { "SPOT", "!Ref AWS::NoValue" }, { "ON_DEMAND", "1" } } do
      has(reasons(cluster(bad[1], bad[2])), "a market without a bid")
    end
  end)
end)

describe("a template", function()
  it("that lists no policies makes none", function()
    local record, main = resources [[
  R:
    Type: AWS::IAM::Role
    Properties: { AssumeRolePolicyDocument: { Statement: [] }, Policies: [],
      ManagedPolicyArns: [] }
]]
    normalized(record)
    assert.same({ "aws_iam_role.r" }, record.resources.R)
    assert.falsy(main:find("aws_iam_role_policy", 1, true))
  end)

  it("that names Batch's role gives its ARN", function()
    local environment = "  %s:\n    Type: AWS::Batch::ComputeEnvironment\n"
      .. "    Properties: { Type: UNMANAGED, ServiceRole: %s }\n"
    local head = "Parameters: { Given: { Type: String, Default: mine } }\nResources:\n"
      .. "  Role: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: { } } }\n"
    local record, main = run(head .. environment:format("A", "!Ref Role")
      .. environment:format("B", "batch") .. environment:format("C", "!GetAtt Role.Arn")
      .. environment:format("D", "arn:aws:iam::000000000000:role/x")
      .. environment:format("E", "!Ref Given") .. environment:format("F", "!Sub 'own-${Given}'"))
    normalized(record)
    local _, of_role = main:gsub("service_role = aws_iam_role%.role%.arn\n", "")
    assert.equal(2, of_role)
    has(main, ":role/batch\"", ":role/own-${var.given}\"",
      'service_role = (startswith(var.given, "arn:") ? var.given : "arn:',
      'service_role = "arn:aws:iam::000000000000:role/x"')
  end)

  it("that names Batch's profile of machines gives its ARN", function()
    local environment = "  %s:\n    Type: AWS::Batch::ComputeEnvironment\n    Properties: { Type: "
      .. "MANAGED, ComputeResources: { Type: EC2, MaxvCpus: 1, Subnets: [subnet-1], "
      .. "InstanceTypes: [optimal], InstanceRole: %s } }\n"
    local record, main = resources("  P: { Type: AWS::IAM::InstanceProfile, Properties: { "
      .. "Roles: [r] } }\n" .. environment:format("A", "!Ref P") .. environment:format("B", "own"))
    normalized(record)
    has(main, "instance_role = aws_iam_instance_profile.p.arn", ":instance-profile/own\"")
  end)

  it("that names keys and roles has their ARNs where Terraform takes nothing else", function()
    local record, main = run [==[
Parameters: { E: { Type: String, Default: prod } }
Conditions: { Prod: !Equals [!Ref E, prod] }
Resources:
  K: { Type: AWS::KMS::Key, Condition: Prod, Properties: { KeyPolicy: {} } }
  L: { Type: AWS::KMS::Alias, Properties: { AliasName: alias/l, TargetKeyId: key-1 } }
  R: { Type: AWS::IAM::Role, Properties: { AssumeRolePolicyDocument: {} } }
  A: { Type: AWS::EFS::FileSystem, Properties: { KmsKeyId: !If [Prod, !Ref K, !Ref L] } }
  B: { Type: AWS::EC2::Volume, Properties: { AvailabilityZone: a, Size: 1,
    KmsKeyId: alias/aws/ebs } }
  C: { Type: AWS::SecretsManager::Secret, Properties: { KmsKeyId: !Ref K, SecretString: s } }
  D: { Type: AWS::ECS::TaskDefinition, Properties: { TaskRoleArn: !Ref R,
    ContainerDefinitions: [] } }
  P: { Type: AWS::CodeBuild::Project, Properties: { ServiceRole: !Ref R, Artifacts: { Type:
    NO_ARTIFACTS }, Environment: { Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL,
    Image: i }, Source: { Type: NO_SOURCE, BuildSpec: b } } }
]==]
    normalized(record)
    has(main, "kms_key_id = (local.if_prod ? one(aws_kms_key.k[*].arn) : aws_kms_alias.l.arn)",
      ":kms:", ":alias/aws/ebs\"", "kms_key_id = one(aws_kms_key.k[*].key_id)",
      "task_role_arn = aws_iam_role.r.arn", "service_role = aws_iam_role.r.arn")
  end)

  it("that subscribes in its own region leaves it out, another one is refused", function()
    local topic = "  S:\n    Type: AWS::SNS::Subscription\n    Properties: { Protocol: email, "
      .. "Endpoint: a@b.c, TopicArn: 'arn:aws:sns:us-east-1:000000000000:t', Region: %s }\n"
    local record = resources(topic:format("!Ref AWS::Region"))
    normalized(record)
    assert.same({ "S.Region is left out: it is the region of the stack" }, record.assumptions)
    has(reasons((resources(topic:format("eu-west-1")))), "S Region: another region")
  end)

  it("that gives a user a password leaves it to the provider, and says so", function()
    local record, main = resources [[
  U:
    Type: AWS::IAM::User
    Properties: { UserName: u, LoginProfile: { Password: secret, PasswordResetRequired: true } }
]]
    normalized(record)
    has(main, 'resource "aws_iam_user_login_profile" "u_login" {\n user = aws_iam_user.u.name\n'
      .. " password_reset_required = true")
    has(table.concat(record.assumptions, "\n"), "U.LoginProfile.Password is left out")
  end)

  it("that says a pool's messages twice has them once, if they are the same", function()
    local pool = "  P:\n    Type: AWS::Cognito::UserPool\n    Properties: { "
      .. "EmailVerificationMessage: %s, SmsVerificationMessage: sms, "
      .. "VerificationMessageTemplate: { EmailMessage: mail, EmailSubject: s } }\n"
    local record, main = resources(pool:format("mail"))
    normalized(record)
    has(main, 'email_message = "mail"', 'sms_verification_message = "sms"')
    assert.falsy(main:find("email_verification_message", 1, true))
    has(table.concat(record.assumptions, "\n"), "P.EmailVerificationMessage is left out")
    has(reasons((resources(pool:format("other")))),
      "P EmailVerificationMessage: another text than in VerificationMessageTemplate")
  end)

  it("that gives a group zones beside its subnets keeps the subnets", function()
    local group = "  G:\n    Type: AWS::AutoScaling::AutoScalingGroup\n    Properties: { "
      .. "MinSize: 1, MaxSize: 1, LaunchConfigurationName: l, AvailabilityZones: [us-east-1a], "
      .. "VPCZoneIdentifier: %s }\n"
    local record, main = resources(group:format "[subnet-1]")
    normalized(record)
    assert.falsy(main:find("availability_zones", 1, true))
    has(table.concat(record.assumptions, "\n"), "G.AvailabilityZones is left out")
    record, main = run(HEAD .. group:format "!If [Prod, [subnet-1], !Ref AWS::NoValue]")
    normalized(record)
    has(main, 'availability_zones = ["us-east-1a"]')
  end)

  it("that says no type of machine gets CloudFormation's own", function()
    local machine = "  M: { Type: AWS::EC2::Instance, Properties: { ImageId: ami-1%s } }\n"
    local record, main = resources(machine:format "")
    normalized(record)
    has(main, 'instance_type = "m1.small"')
    assert.same({ "M has no instance_type: m1.small" }, record.assumptions)
    local _, other = resources(machine:format
      ", LaunchTemplate: { LaunchTemplateId: lt-1, Version: 1 }")
    assert.falsy(other:find("instance_type", 1, true))
  end)

  it("that gives long ids has a name for each, however they begin", function()
    local id = ("Construct"):rep(8)
    local record, main = resources(("  %sOne: { Type: AWS::IAM::Group }\n"
      .. "  %sTwo: { Type: AWS::IAM::Group }\n"):format(id, id))
    normalized(record)
    local names = {}
    for name in main:gmatch(' name = "([^"]+)"') do names[#names + 1] = name end
    assert.equal(2, #names)
    assert.not_equal(names[1], names[2])
    for _, name in ipairs(names) do assert.truthy(#name <= 64 and name:find("%-%x+$"), name) end
  end)

  it("that names a folder as code has it packed", function()
    local record = run([[
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties: { Runtime: python3.12, Handler: app.main, Code: app.zip,
      Role: "arn:aws:iam::000000000000:role/r" }
]], { ["app.zip"] = "not looked into" })
    normalized(record)
    assert.falsy(table.concat(record.assumptions, "\n"):find("stub", 1, true))
    record = run("Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: { Runtime: "
      .. "python3.12, Handler: app.main, Code: gone/, Role: 'arn:aws:iam::000000000000:role/r' }\n")
    has(table.concat(record.assumptions, "\n"), "F: package gone/ replaced by a stub handler")
  end)
end)
