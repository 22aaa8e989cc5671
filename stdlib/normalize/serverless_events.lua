-- SPDX-License-Identifier: Apache-2.0
-- Events of Serverless functions as CloudFormation resources.
local M = {}

local function arn_of(id) return { ["Fn::GetAtt"] = { id, "Arn" } } end

local function permission(service, fn, principal, source)
  local id = ("%sPermission%d"):format(fn.id, fn.index)
  return service:add(id, "AWS::Lambda::Permission", { FunctionName = arn_of(fn.id),
    Action = "lambda:InvokeFunction", Principal = principal, SourceArn = source })
end

local function check(service, fn, event, known)
  for key in pairs(event) do
    if not known[key] then service:refuse(fn.name, key, "setting of an event") end
  end
end

local function set(list)
  local out = {}
  for name in list:gmatch("%S+") do out[name] = true end
  return out
end

-- --- http: one REST API for the service ----------------------------------------------------------

local function resource_for(service, path)
  local parent = { ["Fn::GetAtt"] = { "ApiGatewayRestApi", "RootResourceId" } }
  local id = "ApiGatewayResource"
  local found = parent
  for part in path:gmatch("[^/]+") do
    local name = part:gsub("^{(.-)%+?}$", "%1Var")
    id = id .. service.normal(name)
    service:add(id, "AWS::ApiGateway::Resource", { ParentId = found, PathPart = part,
      RestApiId = { Ref = "ApiGatewayRestApi" } })
    found = { Ref = id }
  end
  return found, id:sub(#"ApiGatewayResource" + 1)
end

local function integration_uri(fn)
  return { ["Fn::Sub"] = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/"
    .. "functions/${" .. fn.id .. ".Arn}/invocations" }
end

local HTTP_KEYS = set "path method cors private"

local handlers = {}

function handlers.http(service, fn, event)
  if type(event) == "string" then
    local method, path = event:match("^(%S+)%s+(%S+)$")
    event = { method = method or "get", path = path or event }
  end
  check(service, fn, event, HTTP_KEYS)
  local resource, name = resource_for(service, tostring(event.path))
  local method = tostring(event.method):upper()
  local id = "ApiGatewayMethod" .. name .. method:sub(1, 1) .. method:sub(2):lower()
  service.methods = service.methods or {}
  service.methods[#service.methods + 1] = service:add(id, "AWS::ApiGateway::Method", {
    HttpMethod = method, AuthorizationType = "NONE", ResourceId = resource,
    RestApiId = { Ref = "ApiGatewayRestApi" }, ApiKeyRequired = event.private or false,
    Integration = { IntegrationHttpMethod = "POST", Type = "AWS_PROXY",
      Uri = integration_uri(fn) } })
  permission(service, fn, "apigateway.amazonaws.com", { ["Fn::Sub"] =
    "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${ApiGatewayRestApi}/*/*" })
  if event.cors then M.preflight(service, resource, name) end
end

local CORS_HEADERS = { Origin = "'*'", Headers = "'Content-Type,X-Amz-Date,Authorization,X-Api-Key,"
  .. "X-Amz-Security-Token,X-Amz-User-Agent'", Methods = "'OPTIONS,GET,POST,PUT,PATCH,DELETE'" }

---The OPTIONS method of a path with cors.
function M.preflight(service, resource, name)
  local declared, given = {}, {}
  for header, value in pairs(CORS_HEADERS) do
    local key = "method.response.header.Access-Control-Allow-" .. header
    declared[key], given[key] = true, value
  end
  local id = "ApiGatewayMethod" .. name .. "Options"
  if service.resources[id] then return end
  service.methods[#service.methods + 1] = service:add(id, "AWS::ApiGateway::Method", {
    HttpMethod = "OPTIONS", AuthorizationType = "NONE", ResourceId = resource,
    RestApiId = { Ref = "ApiGatewayRestApi" },
    MethodResponses = { { StatusCode = "200", ResponseParameters = declared } },
    Integration = { Type = "MOCK", RequestTemplates = { ["application/json"] =
      "{\"statusCode\": 200}" }, IntegrationResponses = { { StatusCode = "200",
      ResponseParameters = given } } } })
end

-- --- httpApi: one HTTP API for the service ------------------------------------------------------

local HTTP_API_KEYS = set "path method"

function handlers.httpApi(service, fn, event)
  if type(event) == "string" then
    local method, path = event:match("^(%S+)%s+(%S+)$")
    event = event == "*" and { path = "*" } or { method = method, path = path }
  end
  check(service, fn, event, HTTP_API_KEYS)
  service.http_api = true
  local key = event.path == "*" and "$default" or (event.method == "*" and "ANY"
    or tostring(event.method or "ANY"):upper()) .. " " .. tostring(event.path)
  local integration = "HttpApiIntegration" .. service.normal(fn.name)
  service:add(integration, "AWS::ApiGatewayV2::Integration", { ApiId = { Ref = "HttpApi" },
    IntegrationType = "AWS_PROXY", IntegrationUri = arn_of(fn.id), PayloadFormatVersion = "2.0",
    TimeoutInMillis = 30000 })
  service:add(("HttpApiRoute%s%d"):format(service.normal(fn.name), fn.index),
    "AWS::ApiGatewayV2::Route", { ApiId = { Ref = "HttpApi" }, RouteKey = key,
      Target = { ["Fn::Join"] = { "/", { "integrations", { Ref = integration } } } } })
  permission(service, fn, "apigateway.amazonaws.com", { ["Fn::Sub"] =
    "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*" })
end

-- --- queues, topics, streams, schedules, buckets ------------------------------------------------

local READ = {
  sqs = { "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes" },
  dynamodb = { "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream",
    "dynamodb:ListStreams" },
  kinesis = { "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:ListStreams" },
}

local SOURCE_KEYS = set [[arn batchSize maximumBatchingWindow enabled startingPosition type
  functionResponseType batchWindow]]

local function mapping(service, fn, event, kind)
  if type(event) ~= "table" or event["Fn::GetAtt"] then event = { arn = event } end
  check(service, fn, event, SOURCE_KEYS)
  service.statements[#service.statements + 1] = { Effect = "Allow", Action = READ[kind],
    Resource = event.arn }
  service:add(("%sSource%d"):format(fn.id, fn.index), "AWS::Lambda::EventSourceMapping", {
    FunctionName = arn_of(fn.id), EventSourceArn = event.arn,
    BatchSize = event.batchSize or 10, Enabled = event.enabled == nil and true or event.enabled,
    MaximumBatchingWindowInSeconds = event.maximumBatchingWindow or event.batchWindow,
    FunctionResponseTypes = event.functionResponseType and { event.functionResponseType },
    StartingPosition = kind ~= "sqs" and (event.startingPosition or "TRIM_HORIZON") or nil,
  })
end

function handlers.sqs(service, fn, event) mapping(service, fn, event, "sqs") end

function handlers.stream(service, fn, event)
  local kind = type(event) == "table" and event.type
  if not kind then
    local att = type(event) == "table" and (event["Fn::GetAtt"] or event)
    kind = type(event) == "string" and event:match("^arn:[^:]*:(%w+)")
      or type(att) == "table" and att[2] == "StreamArn" and "dynamodb" or "kinesis"
  end
  if not READ[kind] then
    return service:refuse(fn.name, "stream", "stream of " .. tostring(kind))
  end
  mapping(service, fn, event, kind)
end

local SNS_KEYS = set "arn topicName displayName filterPolicy"

function handlers.sns(service, fn, event)
  local topic, filter
  if type(event) == "table" and not event.Ref and not event["Fn::GetAtt"] then
    check(service, fn, event, SNS_KEYS)
    topic, filter = event.arn or event.topicName, event.filterPolicy
  else
    topic = event
  end
  if type(topic) == "string" and not topic:find("^arn:") then
    local id = service:add("SNSTopic" .. service.normal(topic), "AWS::SNS::Topic",
      { TopicName = topic })
    topic = { Ref = id }
  end
  permission(service, fn, "sns.amazonaws.com", topic)
  service:add(("%sSubscription%d"):format(fn.id, fn.index), "AWS::SNS::Subscription", {
    TopicArn = topic, Protocol = "lambda", Endpoint = arn_of(fn.id), FilterPolicy = filter })
end

local SCHEDULE_KEYS = set "rate enabled name description input"

function handlers.schedule(service, fn, event)
  if type(event) == "string" then event = { rate = event } end
  check(service, fn, event, SCHEDULE_KEYS)
  local rates = type(event.rate) == "table" and event.rate or { event.rate }
  for i, rate in ipairs(rates) do
    local id = ("%sEventsRuleSchedule%d"):format(service.normal(fn.name), fn.index * 10 + i)
    service:add(id, "AWS::Events::Rule", { ScheduleExpression = rate, Name = event.name,
      Description = event.description,
      State = event.enabled == false and "DISABLED" or "ENABLED",
      Targets = { { Id = service.normal(fn.name) .. "Schedule", Arn = arn_of(fn.id),
        Input = event.input and { ["Fn::ToJsonString"] = event.input } or nil } } })
    permission(service, { id = fn.id, index = fn.index * 10 + i }, "events.amazonaws.com",
      arn_of(id))
  end
end

local S3_KEYS = set "bucket event rules"

-- A bucket's notifications come from all functions that name it.
function handlers.s3(service, fn, event)
  if type(event) == "string" then event = { bucket = event } end
  check(service, fn, event, S3_KEYS)
  if type(event.bucket) ~= "string" then
    return service:refuse(fn.name, "s3", "a bucket that is not a plain name")
  end
  local id = "S3Bucket" .. service.normal(event.bucket)
  local bucket = service.resources[id] or service.resources[service:add(id, "AWS::S3::Bucket", {
    BucketName = event.bucket, NotificationConfiguration = { LambdaConfigurations = {} } })]
  local rules = {}
  for _, rule in ipairs(event.rules or {}) do
    local name, value = next(rule)
    rules[#rules + 1] = { Name = name, Value = value }
  end
  local list = bucket.Properties.NotificationConfiguration.LambdaConfigurations
  list[#list + 1] = { Event = event.event or "s3:ObjectCreated:*", Function = arn_of(fn.id),
    Filter = #rules > 0 and { S3Key = { Rules = rules } } or nil }
  permission(service, fn, "s3.amazonaws.com", "arn:aws:s3:::" .. event.bucket)
end

---Adds one event of a function.
---@param fn {name: string, id: string, index: integer}
function M.add(service, fn, event)
  local kind, value = event, "*"
  if type(event) == "table" then kind, value = next(event) end
  if not handlers[kind] then return service:refuse(fn.name, tostring(kind), "event") end
  handlers[kind](service, fn, value)
end

---Adds what the events of all functions share.
function M.finish(service)
  if service.methods then
    service:add("ApiGatewayRestApi", "AWS::ApiGateway::RestApi", { Name = service.prefix,
      EndpointConfiguration = { Types = { "EDGE" } } })
    service:add("ApiGatewayDeployment", "AWS::ApiGateway::Deployment", {
      RestApiId = { Ref = "ApiGatewayRestApi" }, StageName = service.provider.stage or "dev" },
      service.methods)
  end
  if service.http_api then
    service:add("HttpApi", "AWS::ApiGatewayV2::Api", { Name = service.prefix,
      ProtocolType = "HTTP" })
    service:add("HttpApiStage", "AWS::ApiGatewayV2::Stage", { ApiId = { Ref = "HttpApi" },
      StageName = "$default", AutoDeploy = true })
  end
end

return M
