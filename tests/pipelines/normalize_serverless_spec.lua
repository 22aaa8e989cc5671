-- SPDX-License-Identifier: Apache-2.0
-- Functions, resources and packages of serverless.yml.
local fs = require "std.fs"
local normalize = require "std.normalize"

local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local kit = dofile(HERE .. "/serverless_kit.lua")

local HEAD, expand, refusals, resources = kit.HEAD, kit.expand, kit.refusals, kit.resources

describe("normalize serverless functions", function()
  it("gives functions, roles and log groups the framework's ids and defaults", function()
    local made = resources("      - schedule: rate(1 hour)\n")
    local fn = made.HelloDashworldLambdaFunction.Properties
    assert.same({ "my-svc-dev-hello-world", 1024, 6 }, { fn.FunctionName, fn.MemorySize,
      fn.Timeout })
    assert.equal("/aws/lambda/my-svc-dev-auth", made.AuthLogGroup.Properties.LogGroupName)
    assert.equal("AWS::Lambda::Version", made.AuthLambdaVersion.Type)
    local role = made.IamRoleLambdaExecution.Properties
    assert.same({ "my-svc", "dev", { Ref = "AWS::Region" }, "lambdaRole" },
      role.RoleName["Fn::Join"][2])
    assert.same({ "logs:PutLogEvents" }, role.Policies[1].PolicyDocument.Statement[2].Action)
  end)

  it("hands settings of functions and of the provider on", function()
    local built = assert(expand(HEAD .. [[
  vpc: { securityGroupIds: [sg-1], subnetIds: [subnet-1] }
  environment: { A: 1, B: x }
  tags: { team: a }
  tracing: { lambda: true }
  architecture: arm64
  iam:
    role:
      name: named
      managedPolicies: [arn:aws:iam::aws:policy/ReadOnlyAccess]
      statements: [{ Effect: Allow, Action: "s3:*", Resource: "*" }]
functions:
  f:
    handler: a.b
    environment: { B: y, C: null }
    tags: { own: b }
    ephemeralStorageSize: 1024
    onError: arn:aws:sns:us-east-1:000000000000:t
    kmsKeyArn: arn:aws:kms:us-east-1:000000000000:key/k
    fileSystemConfig: { arn: arn:aws:elasticfilesystem:x, localMountPath: /mnt/a }
    reservedConcurrency: 2
    provisionedConcurrency: 3
    maximumRetryAttempts: 1
    destinations: { onFailure: g }
    url: { cors: true, invokeMode: RESPONSE_STREAM }
    layers: [{ Ref: LibsLambdaLayer }]
    logRetentionInDays: 7
    condition: Yes1
    dependsOn: Bucket
  g: { handler: a.b, role: CustomRole, versionFunction: false, disableLogs: true }
layers:
  libs: { path: libs, compatibleRuntimes: [nodejs20.x], allowedAccounts: ["*"] }
]]))
    local made = built.template.Resources
    local props = made.FLambdaFunction.Properties
    assert.same({ Variables = { A = "1", B = "y" } }, props.Environment)
    assert.same({ { Key = "own", Value = "b" }, { Key = "team", Value = "a" } }, props.Tags)
    assert.same({ "arm64" }, props.Architectures)
    assert.same({ SecurityGroupIds = { "sg-1" }, SubnetIds = { "subnet-1" } }, props.VpcConfig)
    assert.same({ 1024, "Active", 2, "/mnt/a" }, { props.EphemeralStorage.Size,
      props.TracingConfig.Mode, props.ReservedConcurrentExecutions,
      props.FileSystemConfigs[1].LocalMountPath })
    assert.same({ "FLogGroup", "Bucket" }, made.FLambdaFunction.DependsOn)
    assert.equal("Yes1", made.FLambdaFunction.Condition)
    assert.equal(7, made.FLogGroup.Properties.RetentionInDays)
    assert.equal(3, made.FProvConcLambdaAlias.Properties.ProvisionedConcurrencyConfig
      .ProvisionedConcurrentExecutions)
    assert.equal("RESPONSE_STREAM", made.FLambdaFunctionUrl.Properties.InvokeMode)
    assert.equal("lambda:InvokeFunctionUrl", made.FLambdaPermissionFnUrl.Properties.Action)
    assert.equal("provisioned", made.FLambdaEvConf.Properties.Qualifier)
    assert.equal("AWS::Lambda::LayerVersionPermission", made.LibsWildLambdaLayerPermission.Type)
    assert.same({ ["Fn::GetAtt"] = { "CustomRole", "Arn" } },
      made.GLambdaFunction.Properties.Role)
    assert.is_nil(made.GLambdaVersion)
    assert.is_nil(made.GLogGroup)
    local role = made.IamRoleLambdaExecution.Properties
    assert.equal("named", role.RoleName)
    assert.equal(2, #role.ManagedPolicyArns)
  end)

  it("takes images, and lets one stand for an image built from sources", function()
    local built = assert(expand(HEAD .. [[
  ecr: { images: { own: { path: . } } }
functions:
  a: { image: { name: own, command: [x] } }
  b: { image: "000000000000.dkr.ecr.us-east-1.amazonaws.com/r:1" }
]]))
    local made = built.template.Resources
    assert.same({ Command = { "x" } }, made.ALambdaFunction.Properties.ImageConfig)
    assert.equal("000000000000.dkr.ecr.us-east-1.amazonaws.com/r:1",
      made.BLambdaFunction.Properties.Code.ImageUri)
    assert.truthy(table.concat(built.assumptions, "\n"):find("image own is built", 1, true))
  end)

  it("gives a function with own statements its own role", function()
    local built = assert(expand(HEAD .. [[
functions:
  f:
    handler: a.b
    iamRoleStatements: [{ Effect: Allow, Action: "s3:Get*", Resource: "*" }]
    events: [{ sqs: "arn:aws:sqs:us-east-1:000000000000:q" }]
plugins: [serverless-iam-roles-per-function]
]]))
    local statements = built.template.Resources.FIamRoleLambdaExecution.Properties.Policies[1]
      .PolicyDocument.Statement
    assert.equal("s3:Get*", statements[3].Action)
    assert.equal("sqs:ReceiveMessage", statements[4].Action[1])
    assert.is_nil(built.template.Resources.IamRoleLambdaExecution)
  end)
end)

describe("normalize serverless resources", function()
  it("merges the section and its extensions into what the functions made", function()
    local built = assert(expand(HEAD .. [[
functions: { f: { handler: a.b } }
resources:
  - Resources:
      FLambdaFunction: { Type: AWS::Lambda::Function, Properties: { Timeout: 77 } }
      Q: { Type: AWS::SQS::Queue }
    Conditions: { C: !Equals [a, a] }
  - Outputs: { O: { Value: x } }
    extensions: { FLogGroup: { Properties: { RetentionInDays: 3 } } }
]]))
    local template = built.template
    assert.same({ 77, "my-svc-dev-f" }, { template.Resources.FLambdaFunction.Properties.Timeout,
      template.Resources.FLambdaFunction.Properties.FunctionName })
    assert.equal(3, template.Resources.FLogGroup.Properties.RetentionInDays)
    assert.equal("x", template.Outputs.O.Value)
    assert.is_table(template.Conditions.C)
  end)

  it("refuses plugins that are not in the table, and lists those that are", function()
    assert.same({ "plugins serverless-lift: plugin" }, refusals(HEAD
      .. "plugins: [serverless-lift, serverless-offline]\nfunctions: { f: { handler: a.b } }\n"))
    local built = assert(expand(HEAD .. "plugins: [serverless-offline]\n"
      .. "functions: { f: { handler: a.b } }\n"))
    assert.truthy(table.concat(built.assumptions):find("plugin serverless-offline is left out", 1,
      true))
  end)

  it("refuses programs by name, and reads JSON", function()
    local dir = fs.tempdir("serverless-program")
    for _, name in ipairs { "serverless.ts", "serverless.js" } do
      fs.write(fs.join(dir.path, name), "module.exports = { service: 'x' };\n")
      local record = normalize.normalize { path = fs.join(dir.path, name),
        out = fs.join(dir.path, "out") }
      assert.same({ "unsupported", name }, { record.status, record.unsupported[1].property })
    end
    fs.write(fs.join(dir.path, "serverless.json"), '{"service": "my-svc", "provider": {"name": '
      .. '"aws"}, "functions": {"f": {"handler": "a.b"}}}')
    local record = normalize.normalize { path = fs.join(dir.path, "serverless.json"),
      out = fs.join(dir.path, "out") }
    assert.equal("normalized", record.status, record.error and record.error.message)
  end)

  it("keeps names within what EventBridge takes", function()
    local built = assert(expand("service: " .. ("s"):rep(50) .. "\nprovider: { name: aws, "
      .. "runtime: nodejs20.x }\nfunctions:\n  f:\n    handler: a.b\n    events:\n"
      .. "      - eventBridge: { schedule: rate(1 day) }\n"))
    for _, resource in pairs(built.template.Resources) do
      if resource.Type == "AWS::Events::Rule" then
        assert.is_true(#resource.Properties.Name <= 64)
        assert.is_true(#resource.Properties.Targets[1].Id <= 64)
      end
    end
  end)

  it("refuses a structure where a text has to be, by the place", function()
    local head = "service: s\nfunctions: { f: { handler: a.b, events: [{ http: get / }, "
      .. "{ httpApi: { path: %s, method: get } }] } }\n"
      .. "provider: { name: aws, runtime: nodejs20.x%s }\n"
    assert.same({ "f events.1: no text where one is expected" },
      refusals(head:format("{ Ref: P }", "")))
    assert.same({ "service : no text where one is expected" },
      refusals(head:format("/a", ", stage: { a: b }")))
    assert.same({ "f events.1: no text where one is expected" }, refusals(head:format("~", "")))
  end)

  it("takes an extension of what is not there for a mistake", function()
    assert.same({ "extensions Nothing: a resource that the service does not make" }, refusals(HEAD
      .. "functions: { f: { handler: a.b } }\nresources: { extensions: { Nothing: {} } }\n"))
  end)
end)

describe("normalize serverless packages", function()
  it("packs what package.patterns select, for each function where it is asked", function()
    local text = HEAD .. [[
package: { individually: true, patterns: ["!**/*.md", "!data/**", "data/{a,b}.txt"] }
functions:
  f: { handler: src/a.run }
  g: { handler: src/a.run, package: { patterns: ["!src/c.js"] } }
]]
    local built, _, dir = expand(text, { ["src/a.js"] = "", ["src/c.js"] = "", ["README.md"] = "",
      ["data/a.txt"] = "", ["data/c.txt"] = "", ["src/deep/x.md"] = "" })
    assert.same({ "data/a.txt", "src/a.js", "src/c.js" }, built.packages["of function f"].names)
    assert.same({ "data/a.txt", "src/a.js" }, built.packages["of function g"].names)
    dir:close()
  end)

  it("converts a whole service", function()
    local dir = fs.tempdir("serverless-whole")
    fs.write(fs.join(dir.path, "serverless.yml"), HEAD .. [[
functions:
  f:
    handler: a.b
    events:
      - http: { path: a/b, method: get, cors: true }
      - httpApi: GET /c
      - sns: t
      - s3: pics
]])
    local record = normalize.normalize { path = dir.path, out = fs.join(dir.path, "out") }
    assert.equal("normalized", record.status, record.error and record.error.message)
    assert.same({ "aws_sns_topic.sns_topic_t" }, { record.resources.SNSTopicT[1] })
  end)
end)
