-- SPDX-License-Identifier: Apache-2.0
local fs = require "std.fs"
local normalize = require "std.normalize"
local serverless = require "std.normalize.serverless"
local yaml = require "std.yaml"

-- What a service expands to, from its text and files beside it.
local function expand(text, files)
  local dir = fs.tempdir("serverless-spec")
  local path = fs.join(dir.path, "serverless.yml")
  fs.write(path, text)
  for name, content in pairs(files or {}) do
    fs.mkdir(fs.dirname(fs.join(dir.path, name)))
    fs.write(fs.join(dir.path, name), content)
  end
  local document = assert(yaml.decode(text, { file = path, tags = "cloudformation" }))
  local built, err = serverless.template(document, { path = path, text = text,
    out = fs.join(dir.path, "out") })
  return built, err, dir
end

local HEAD = "service: my-svc\nprovider:\n  name: aws\n  runtime: nodejs20.x\n"

-- Resources of a service with one function and these events, and settings of the provider.
local function resources(events, provider, rest)
  local built, err = expand(HEAD .. (provider or "") .. "functions:\n  auth: { handler: a.b }\n"
    .. "  hello-world:\n    handler: a.b\n    events:\n" .. events .. (rest or ""))
  assert(built, err and err.message)
  assert.same({}, built.unsupported or {})
  return built.template.Resources, built
end

local function refusals(text)
  local built, err = expand(text)
  assert(built, err and err.message)
  local out = {}
  for _, entry in ipairs(built.unsupported or {}) do
    out[#out + 1] = ("%s %s: %s"):format(entry.id, entry.property or "", entry.reason)
  end
  return out
end

local ARN = { ["Fn::GetAtt"] = { "HelloDashworldLambdaFunction", "Arn" } }

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

describe("normalize serverless http", function()
  it("makes one REST API with resources, methods and preflights", function()
    local made, built = resources([[
      - http: GET /users/{id}/x-y
      - http: { path: users, method: post, cors: true, private: true, authorizer: auth }
]], "  apiGateway: { apiKeys: [k1], usagePlan: { quota: { limit: 5, period: DAY } } }\n")
    assert.same({ Ref = "ApiGatewayResourceUsersIdVar" },
      made.ApiGatewayResourceUsersIdVarXDashy.Properties.ParentId)
    local get = made.ApiGatewayMethodUsersIdVarXDashyGet.Properties
    assert.same({ "AWS_PROXY", "NONE" }, { get.Integration.Type, get.AuthorizationType })
    local post = made.ApiGatewayMethodUsersPost.Properties
    assert.same({ true, "CUSTOM", { Ref = "AuthApiGatewayAuthorizer" } },
      { post.ApiKeyRequired, post.AuthorizationType, post.AuthorizerId })
    assert.equal("'OPTIONS,POST'", made.ApiGatewayMethodUsersOptions.Properties.Integration
      .IntegrationResponses[1].ResponseParameters["method.response.header."
      .. "Access-Control-Allow-Methods"])
    assert.equal("dev-my-svc", made.ApiGatewayRestApi.Properties.Name)
    assert.equal(5, made.ApiGatewayUsagePlan.Properties.Quota.Limit)
    assert.same({ Ref = "ApiGatewayApiKey1" }, made.ApiGatewayUsagePlanKey1.Properties.KeyId)
    assert.is_table(made.AuthLambdaPermissionApiGateway)
    assert.is_table(built.template.Outputs.ServiceEndpoint)
  end)

  it("knows every kind of integration", function()
    local made = resources [[
      - http: { path: l, method: get, integration: lambda }
      - http: { path: a, method: get, async: true }
      - http: { path: m, method: get, integration: mock,
          request: { template: { application/json: "{}" } } }
      - http: { path: "p/{proxy+}", method: any, integration: http-proxy,
          request: { uri: "http://e.example/{proxy}", parameters: { paths: { proxy: true } } } }
]]
    local lambda = made.ApiGatewayMethodLGet.Properties.Integration
    assert.equal("AWS", lambda.Type)
    assert.equal(9, #lambda.IntegrationResponses)
    assert.truthy(lambda.RequestTemplates["application/json"]:find("requestPath", 1, true))
    assert.equal("'Event'", made.ApiGatewayMethodAGet.Properties.Integration.RequestParameters[
      "integration.request.header.X-Amz-Invocation-Type"])
    assert.equal("MOCK", made.ApiGatewayMethodMGet.Properties.Integration.Type)
    local proxy = made.ApiGatewayMethodPProxyVarAny.Properties
    assert.equal("http://e.example/{proxy}", proxy.Integration.Uri)
    assert.equal("method.request.path.proxy", proxy.Integration.RequestParameters[
      "integration.request.path.proxy"])
    assert.is_true(proxy.RequestParameters["method.request.path.proxy"])
  end)

  it("knows every kind of authorizer", function()
    local made = resources [[
      - http: { path: a, method: get, authorizer: aws_iam }
      - http: { path: b, method: get, authorizer:
          "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Ab" }
      - http: { path: c, method: get, authorizer: { name: pool, type: COGNITO_USER_POOLS,
          arn: !GetAtt Pool.Arn, scopes: [s/r] } }
      - http: { path: d, method: get, authorizer: { type: CUSTOM, authorizerId: !Ref Own } }
      - http: { path: e, method: get, authorizer: { name: auth, type: request,
          resultTtlInSeconds: 0 } }
]]
    assert.equal("AWS_IAM", made.ApiGatewayMethodAGet.Properties.AuthorizationType)
    assert.equal("COGNITO_USER_POOLS", made.ApiGatewayMethodBGet.Properties.AuthorizationType)
    assert.same({ "s/r" }, made.ApiGatewayMethodCGet.Properties.AuthorizationScopes)
    assert.same({ { ["Fn::GetAtt"] = { "Pool", "Arn" } } },
      made.PoolApiGatewayAuthorizer.Properties.ProviderARNs)
    assert.same({ Ref = "Own" }, made.ApiGatewayMethodDGet.Properties.AuthorizerId)
    local request = made.AuthApiGatewayAuthorizer.Properties
    assert.same({ "REQUEST", 0 }, { request.Type, request.AuthorizerResultTtlInSeconds })
    assert.is_nil(request.IdentitySource)
  end)

  it("validates requests with the models of the event and of the provider", function()
    local made = resources([[
      - http: { path: a, method: post, request: { schemas: { application/json: my-model,
          text/plain: { type: string } } } }
]], "  apiGateway: { request: { schemas: { my-model: { schema: { type: object } } } } }\n")
    assert.same({ ["application/json"] = { Ref = "ApiGatewayMyModelModel" },
      ["text/plain"] = { Ref = "ApiGatewayMethodAPostTextPlainModel" } },
      made.ApiGatewayMethodAPost.Properties.RequestModels)
    assert.same({ type = "object" }, made.ApiGatewayMyModelModel.Properties.Schema)
    assert.is_true(made.ApiGatewayMySvcRequestValidator == nil
      and made.ApiGatewayMysvcRequestValidator ~= nil)
  end)

  it("makes the stage a resource of its own where it has settings", function()
    local made = resources("      - http: GET /\n",
      "  logs: { restApi: true }\n  tracing: { apiGateway: true }\n")
    assert.is_true(made.ApiGatewayStage.Properties.TracingEnabled)
    assert.is_nil(made.ApiGatewayDeployment.Properties.StageName)
    assert.is_table(made.ApiGatewayAccount)
  end)

  it("makes one HTTP API with routes and authorizers", function()
    local made = resources([[
      - httpApi: GET /a/{id}
      - httpApi: { path: /b, method: post, authorizer: { name: token, scopes: [s] } }
      - httpApi: { path: /c, method: "*", authorizer: fn }
      - httpApi: "*"
]], [[
  httpApi:
    cors: true
    payload: "1.0"
    authorizers:
      token: { type: jwt, identitySource: $request.header.Authorization,
        issuerUrl: "https://i.example", audience: [x] }
      fn: { type: request, functionName: auth }
]])
    assert.equal("GET /a/{id}", made.HttpApiRouteGetAIdVar.Properties.RouteKey)
    assert.equal("$default", made.HttpApiRouteDefault.Properties.RouteKey)
    assert.equal("JWT", made.HttpApiRoutePostB.Properties.AuthorizationType)
    assert.same({ Ref = "HttpApiAuthorizerFn" }, made.HttpApiRouteAnyC.Properties.AuthorizerId)
    assert.equal("1.0", made.HttpApiIntegrationHelloDashworld.Properties.PayloadFormatVersion)
    assert.same({ "*" }, made.HttpApi.Properties.CorsConfiguration.AllowOrigins)
    assert.is_table(made.FnLambdaAuthorizerPermissionHttpApi)
  end)

  it("makes one WebSocket API", function()
    local made = resources [[
      - websocket: $connect
      - websocket: { route: say-it, authorizer: auth, routeResponseSelectionExpression: $default }
]]
    assert.equal("$connect", made.SconnectWebsocketsRoute.Properties.RouteKey)
    assert.same({ Ref = "AuthWebsocketsAuthorizer" },
      made.sayDashitWebsocketsRoute.Properties.AuthorizerId)
    assert.is_table(made.sayDashitWebsocketsRouteResponse)
    assert.equal("dev", made.WebsocketsDeploymentStage.Properties.StageName)
  end)
end)

-- Kind of event, its text, the resource it makes, and what is in its properties.
local EVENTS = {
  { "schedule", "rate(1 hour)", "HelloDashworldEventsRuleSchedule1", "ScheduleExpression",
    "rate(1 hour)" },
  { "schedule", "{ rate: [rate(1 hour), cron(0 1 * * ? *)], enabled: false, input: { a: 1 } }",
    "HelloDashworldEventsRuleSchedule2", "State", "DISABLED" },
  { "schedule", "{ rate: rate(1 hour), method: scheduler, timezone: UTC }",
    "HelloDashworldSchedulerSchedule1", "ScheduleExpressionTimezone", "UTC" },
  { "sqs", "{ arn: !GetAtt Q.Arn, batchSize: 3, maximumConcurrency: 4 }",
    "HelloDashworldEventSourceMappingSQSQ", "BatchSize", 3 },
  { "stream", "arn:aws:dynamodb:us-east-1:000000000000:table/foo/stream/1",
    "HelloDashworldEventSourceMappingDynamodbFoo", "StartingPosition", "TRIM_HORIZON" },
  { "stream", "{ type: kinesis, arn: !GetAtt S.Arn, consumer: true, filterPatterns: "
    .. "[{ a: [1] }] }", "HelloDashworldSConsumerStreamConsumer", "ConsumerName",
    "hello-worldSConsumer" },
  { "activemq", "{ arn: arn:aws:mq:x, queue: q1, basicAuthArn: arn:s }",
    "HelloDashworldEventSourceMappingActiveMQQ1", "Queues", { "q1" } },
  { "rabbitmq", "{ arn: arn:aws:mq:x, queue: q1, virtualHost: /, basicAuthArn: arn:s }",
    "HelloDashworldEventSourceMappingRabbitMQQ1", "Queues", { "q1" } },
  { "msk", "{ arn: arn:aws:kafka:us-east-1:0:cluster/C/u, topic: t }",
    "HelloDashworldEventSourceMappingMSKCT", "Topics", { "t" } },
  { "kafka", "{ topic: t, bootstrapServers: [b:1], accessConfigurations: { vpcSubnet: s-1 } }",
    "HelloDashworldEventSourceMappingKafkaT", "SourceAccessConfigurations",
    { { Type = "VPC_SUBNET", URI = "subnet:s-1" } } },
  { "sns", "dispatch", "SNSTopicDispatch", "Subscription",
    { { Endpoint = ARN, Protocol = "lambda" } } },
  { "sns", "{ topicName: agg, filterPolicy: { k: [v] }, redrivePolicy: "
    .. "{ deadLetterTargetRef: D } }", "HelloDashworldSnsSubscriptionAgg", "FilterPolicy",
    { k = { "v" } } },
  { "sns", "arn:aws:sns:us-east-1:000000000000:far", "HelloDashworldSnsSubscriptionFar",
    "TopicArn", "arn:aws:sns:us-east-1:000000000000:far" },
  { "eventBridge", "{ eventBus: own, pattern: { source: [s] }, deadLetterQueueArn: arn:q }",
    "Mysvcdevhelloworldrule1EventBridgeRule", "EventBusName", "own" },
  { "eventBridge", "{ schedule: rate(1 day), inputTransformer: { inputTemplate: x } }",
    "Mysvcdevhelloworldrule1EventBridgeRule", "ScheduleExpression", "rate(1 day)" },
  { "cloudwatchEvent", "{ event: { source: [s] }, inputPath: $.x }",
    "HelloDashworldEventsRuleCloudWatchEvent1", "EventPattern", { source = { "s" } } },
  { "cloudwatchLog", "{ logGroup: /x, filter: ERROR }",
    "HelloDashworldLogsSubscriptionFilterCloudWatchLog1", "FilterPattern", "ERROR" },
  { "iot", "{ sql: \"SELECT * FROM 't'\", enabled: false }", "HelloDashworldIotTopicRule1",
    "TopicRulePayload", { RuleDisabled = true, Sql = "SELECT * FROM 't'",
      Actions = { { Lambda = { FunctionArn = ARN } } } } },
  { "alexaSkill", "amzn1.ask.skill.x", "HelloDashworldLambdaPermissionAlexaSkill1",
    "EventSourceToken", "amzn1.ask.skill.x" },
  { "alexaSmartHome", "amzn1.ask.skill.x", "HelloDashworldLambdaPermissionAlexaSmartHome1",
    "Principal", "alexa-connectedhome.amazon.com" },
  { "cognitoUserPool", "{ pool: P, trigger: PreSignUp }", "CognitoUserPoolP", "LambdaConfig",
    { PreSignUp = ARN } },
  { "iotFleetProvisioning", "{ templateBody: { a: 1 }, provisioningRoleArn: arn:r }",
    "HelloDashworldIotProvisioningTemplate", "PreProvisioningHook", { TargetArn = ARN } },
  { "alb", "{ listenerArn: !Ref L, priority: 7, conditions: { path: /a, method: GET } }",
    "HelloDashworldAlbListenerRule7", "Conditions", { { Field = "path-pattern",
      Values = { "/a" } }, { Field = "http-request-method", HttpRequestMethodConfig = {
      Values = { "GET" } } } } },
  { "s3", "{ bucket: pics, event: \"s3:ObjectRemoved:*\", rules: [{ suffix: .j }] }",
    "S3BucketPics", "NotificationConfiguration", { LambdaConfigurations = { {
      Event = "s3:ObjectRemoved:*", Function = ARN, Filter = { S3Key = { Rules = { {
        Name = "suffix", Value = ".j" } } } } } } } },
  { "cloudFront", "{ eventType: origin-request, origin: \"https://e.example/a\" }",
    "HelloDashworldLambdaFunctionInvokePermission", "Principal", "edgelambda.amazonaws.com" },
}

describe("normalize serverless events", function()
  for _, case in ipairs(EVENTS) do
    local kind, text, id, property, value = table.unpack(case, 1, 5)
    it(("expands %s %s"):format(kind, text), function()
      local made = resources(("      - %s: %s\n"):format(kind, text))
      assert.is_table(made[id], id)
      assert.same(value, made[id].Properties[property])
    end)
  end

  it("attaches to a bucket that the service declares", function()
    local made = resources("      - s3: { bucket: !Ref Own, existing: true }\n", "", [[
resources:
  Resources:
    Own: { Type: AWS::S3::Bucket, Properties: { BucketName: own-name } }
]])
    assert.same({ Bucket = { Ref = "Own" }, LambdaConfigurations = { { Function = ARN,
      Event = "s3:ObjectCreated:*" } } }, made.OwnNotification.Properties)
    assert.is_nil(made.Own.Properties.NotificationConfiguration)
  end)

  it("merges what the service says of a bucket that the framework makes", function()
    local made = resources("      - s3: pics\n", "", [[
resources:
  Resources:
    S3BucketPics: { Type: AWS::S3::Bucket, Properties: { Tags: [{ Key: a, Value: b }] } }
]])
    assert.equal("pics", made.S3BucketPics.Properties.BucketName)
    assert.equal("a", made.S3BucketPics.Properties.Tags[1].Key)
    assert.is_table(made.S3BucketPics.Properties.NotificationConfiguration)
  end)

  it("names unknown kinds, settings, and what needs a custom resource", function()
    local head = HEAD .. "functions:\n  f:\n    handler: a.b\n    colour: red\n    events:\n"
    assert.same({ "f colour: function setting", "f fax: event",
      "f existing: a bucket that the service does not declare" },
      refusals(head .. "      - fax: 1\n      - s3: { bucket: b, existing: true }\n"))
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

  it("takes an extension of what is not there for a mistake", function()
    assert.same({ "extensions Nothing: a resource that the service does not make" }, refusals(HEAD
      .. "functions: { f: { handler: a.b } }\nresources: { extensions: { Nothing: {} } }\n"))
  end)
end)

-- The value of custom.v, with the rest of a document and files.
local function value_of(written, rest, files)
  local text = HEAD .. "functions: { f: { handler: a.b, description: d } }\nresources:\n"
    .. "  Metadata: { v: " .. written .. " }\n" .. (rest or "")
  local built, err = expand(text, files)
  if not built then return nil, err end
  if built.unsupported then return nil, built.unsupported[1].reason end
  return built.template.Metadata.v, built
end

describe("normalize serverless variables", function()
  it("reads self, opt, sls, param, strToBool and literals", function()
    local rest = "custom: { a: { b: [x, { c: 5 }] }, s: \"${opt:stage, 'dev'}\", dev: { k: v } }\n"
      .. "params: { default: { p: one }, dev: { q: two } }\n"
    local cases = { { "${self:custom.a.b.1.c}", 5 }, { "${self:custom.${self:custom.s}.k}", "v" },
      { "x-${self:service}-${sls:stage}", "x-my-svc-dev" }, { "${param:p}-${param:q}", "one-two" },
      { "\"${strToBool('true')}\"", true }, { "\"${opt:none, 'a,b'}\"", "a,b" },
      { "\"${self:custom.none, self:custom.a.b.0}\"", "x" }, { "\"${opt:x, 3}\"", 3 },
      { "\"${self:custom.none, ${self:custom.dev}}\"", { k = "v" } },
      { "${opt:region}", "us-east-1" },
      { "${self:custom.a.b.0}${AWS::Region}", "x${AWS::Region}" } }
    for _, case in ipairs(cases) do
      local got, why = value_of(case[1]:find('^"') and case[1] or '"' .. case[1] .. '"', rest)
      assert.same(case[2], got, case[1] .. ": " .. tostring(why))
    end
  end)

  it("reads local files: data, text, constants; nothing outside, nothing that runs", function()
    local files = { ["c.yml"] = "a: { b: \"${self:service}\" }\n", ["t.txt"] = "text",
      ["d.json"] = '{"k": [1, 2]}', ["k.js"] = "module.exports = { a: 'x', b: [1] };\n",
      ["run.js"] = "module.exports = () => ({ a: process.env.A });\n" }
    assert.equal("my-svc", value_of('"${file(./c.yml):a.b}"', nil, files))
    assert.equal("text", value_of('"${file(t.txt)}"', nil, files))
    assert.equal(2, value_of('"${file(d.json):k.1}"', nil, files))
    assert.equal("x", value_of('"${file(k.js):a}"', nil, files))
    assert.equal("none", value_of("\"${file(gone.yml):a, 'none'}\"", nil, files))
    local _, reason = value_of('"${file(gone.yml)}"', nil, files)
    assert.equal("missing file gone.yml", reason)
    _, reason = value_of('"${file(run.js):a}"', nil, files)
    assert.truthy(reason:find("have to be run", 1, true))
    for _, name in ipairs { "../x.yml", "/etc/hostname", "~/.aws/config" } do
      _, reason = value_of('"${file(' .. name .. '), \'n\'}"', nil, files)
      assert.equal("a file outside of the service", reason)
    end
  end)

  it("lists stand-ins, and makes parameters of what is elsewhere", function()
    local got, built = value_of '"${env:MY_TABLE}"'
    assert.equal("lsqm-my-table", got)
    assert.truthy(table.concat(built.assumptions, "\n"):find("environment variable MY_TABLE", 1,
      true))
    got, built = value_of '"${ssm:/a/tableName}"'
    assert.same({ Ref = "SsmATableName" }, got)
    assert.equal("lsqm-table-name", built.template.Parameters.SsmATableName.Default)
    got = value_of '"arn:${aws:partition}:x:${aws:region}:${aws:accountId}:${cf:other.Out}"'
    assert.same({ ["Fn::Sub"] = "arn:${AWS::Partition}:x:${AWS::Region}:${AWS::AccountId}:"
      .. "${CfOtherOut}" }, got)
    got = value_of '!Sub "${Q}-${aws:region}"'
    assert.same({ ["Fn::Sub"] = "${Q}-${AWS::Region}" }, got)
  end)

  it("refuses circles with their place, and what expands without end", function()
    local _, err = value_of('"${self:custom.a}"',
      "custom:\n  a: ${self:custom.b}\n  b: x${self:custom.a}\n")
    assert.truthy(err.message:find("refer to each other", 1, true))
    assert.is_number(err.line)
    local lines = { "custom:\n  l0: " .. ("y"):rep(100) .. "\n" }
    for i = 1, 40 do
      lines[#lines + 1] = ("  l%d: ${self:custom.l%d}${self:custom.l%d}\n"):format(i, i - 1, i - 1)
    end
    _, err = value_of('"${self:custom.l40}"', table.concat(lines))
    assert.is_string(err.message)
    _, err = value_of('"${self:custom}"', "custom: { a: { b: \"${self:custom.a}\" } }\n")
    assert.truthy(err.message:find("refer to each other", 1, true))
  end)

  it("names sources that are not known here", function()
    local _, reason = value_of '"${vault:x}"'
    assert.equal("a source of variables that is not known here", reason)
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
