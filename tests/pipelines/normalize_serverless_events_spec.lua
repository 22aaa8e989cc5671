-- SPDX-License-Identifier: Apache-2.0
-- What events of serverless.yml become.
local HERE = debug.getinfo(1, "S").source:match("^@(.*)/[^/]+$")
local kit = dofile(HERE .. "/serverless_kit.lua")

local ARN, HEAD, refusals, resources = kit.ARN, kit.HEAD, kit.refusals, kit.resources

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

  it("names lists whose items are of another kind", function()
    local head = HEAD .. "functions:\n  f:\n    handler: a.b\n    events:\n      - "
    local cors = "http: { path: p, method: get, cors: { %s: [a, { b: c }] } }\n"
    assert.same({ "f rules: a rule that is no map" },
      refusals(head .. "s3: { bucket: b, rules: [prefix] }\n"))
    for _, key in ipairs { "headers", "methods", "origins" } do
      -- put together of all functions: it is not the last one's fault
      assert.same({ "service : no text where one is expected" }, refusals(head
        .. cors:format(key) .. "  g: { handler: a.b, events: [{ schedule: rate(1 day) }] }\n"), key)
    end
  end)
end)
