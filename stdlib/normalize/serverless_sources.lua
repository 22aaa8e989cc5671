-- SPDX-License-Identifier: Apache-2.0
-- Events of Serverless functions that Lambda fetches itself: queues, streams, brokers. Each becomes
-- an event source mapping and rights for the function's role.
local Service = require "std.normalize.serverless_service"
local json = require "std.json"
local word = require("std.normalize.word").of

local M = {}

local list = Service.list

local function filters(patterns)
  if type(patterns) ~= "table" or #patterns == 0 then return nil end
  local out = {}
  for i, pattern in ipairs(patterns) do out[i] = { Pattern = json.encode(pattern) } end
  return { Filters = out }
end

-- Settings that all kinds share: name in the file, property.
local COMMON = { batchSize = "BatchSize", maximumBatchingWindow = "MaximumBatchingWindowInSeconds",
  batchWindow = "MaximumBatchingWindowInSeconds", enabled = "Enabled",
  startingPosition = "StartingPosition", startingPositionTimestamp = "StartingPositionTimestamp",
  parallelizationFactor = "ParallelizationFactor", maximumRetryAttempts = "MaximumRetryAttempts",
  bisectBatchOnFunctionError = "BisectBatchOnFunctionError",
  maximumRecordAgeInSeconds = "MaximumRecordAgeInSeconds",
  tumblingWindowInSeconds = "TumblingWindowInSeconds" }

local KEYS = {
  sqs = Service.set [[arn batchSize enabled maximumBatchingWindow functionResponseType
    filterPatterns maximumConcurrency batchWindow]],
  stream = Service.set [[arn type batchSize parallelizationFactor startingPosition enabled consumer
    startingPositionTimestamp batchWindow maximumRetryAttempts bisectBatchOnFunctionError
    maximumRecordAgeInSeconds functionResponseType destinations tumblingWindowInSeconds
    filterPatterns]],
  mq = Service.set [[arn basicAuthArn batchSize maximumBatchingWindow enabled queue virtualHost
    filterPatterns]],
  msk = Service.set [[arn batchSize maximumBatchingWindow enabled startingPosition
    startingPositionTimestamp topic saslScram512 consumerGroupId filterPatterns
    provisionedPollerConfig]],
  kafka = Service.set [[accessConfigurations batchSize maximumBatchingWindow enabled
    bootstrapServers startingPosition startingPositionTimestamp topic onFailureDestination
    consumerGroupId filterPatterns provisionedPollerConfig]],
}

-- The mapping, with what every kind of source has.
local function add(service, fn, id, event, props)
  for key, target in pairs(COMMON) do
    if event[key] ~= nil then props[target] = event[key] end
  end
  props.FunctionName = Service.target(fn)
  props.FilterCriteria = filters(event.filterPatterns)
  if event.functionResponseType then
    props.FunctionResponseTypes = { event.functionResponseType }
  end
  local poller = event.provisionedPollerConfig
  if poller then
    props.ProvisionedPollerConfig = { MinimumPollers = poller.minimumPollers,
      MaximumPollers = poller.maximumPollers }
  end
  return service:add(id, "AWS::Lambda::EventSourceMapping", props, Service.calls(fn))
end

local function normalised(service, fn, event, kind)
  if type(event) ~= "table" or Service.is_intrinsic(event) then event = { arn = event } end
  service:check(fn.name, "setting of a " .. kind .. " event", event, KEYS[kind])
  return event
end

local handlers = {}
M.handlers = handlers

function handlers.sqs(service, fn, event)
  event = normalised(service, fn, event, "sqs")
  service:allow({ "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes" },
    { event.arn })
  local id = fn.normal .. "EventSourceMappingSQS" .. Service.alnum(Service.name_of(event.arn))
  add(service, fn, id, event, { EventSourceArn = event.arn, BatchSize = 10, Enabled = true,
    ScalingConfig = event.maximumConcurrency and {
      MaximumConcurrency = event.maximumConcurrency } or nil })
end

local READ = {
  dynamodb = { "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream",
    "dynamodb:ListStreams" },
  kinesis = { "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStreamSummary",
    "kinesis:ListShards" },
}

local function stream_kind(event)
  if event.type then return event.type end
  local arn = event.arn
  local att = type(arn) == "table" and arn["Fn::GetAtt"]
  if type(att) == "string" then return att:find("StreamArn") and "dynamodb" or "kinesis" end
  if type(att) == "table" then return att[2] == "StreamArn" and "dynamodb" or "kinesis" end
  if type(arn) == "string" then return arn:match("^arn:[^:]*:(%w+)") or "dynamodb" end
  return "kinesis"
end

local function stream_name(arn)
  if type(arn) == "string" then
    return arn:match(":table/([^/]+)") or arn:match(":stream/([^/]+)") or Service.name_of(arn)
  end
  return Service.name_of(arn)
end

-- A reader of its own on a Kinesis stream, or one that is there already.
local function consumer(service, fn, event, name)
  if event.consumer ~= true then return event.consumer end
  local title = fn.name .. name .. "Consumer"
  return { Ref = service:add(Service.normal(title) .. "StreamConsumer",
    "AWS::Kinesis::StreamConsumer", { StreamARN = event.arn, ConsumerName = title }) }
end

local SEND = { sqs = { "sqs:ListQueues", "sqs:SendMessage" }, sns = { "sns:Publish" },
  s3 = { "s3:PutObject", "s3:ListBucket" } }

local function on_failure(service, event)
  local target = event.destinations and event.destinations.onFailure
  if not target then return nil end
  local kind
  if type(target) == "table" and target.arn then kind, target = target.type, target.arn end
  kind = kind or type(target) == "string" and target:match("^arn:[^:]*:(%w+)")
  if SEND[kind] then service:allow(SEND[kind], { target }) end
  return { OnFailure = { Destination = target } }
end

function handlers.stream(service, fn, event)
  event = normalised(service, fn, event, "stream")
  local kind, name = stream_kind(event), stream_name(event.arn)
  if not READ[kind] then
    return service:refuse(fn.name, "stream", "stream of " .. word(kind))
  end
  service:allow(READ[kind], { event.arn })
  local source = event.arn
  if event.consumer then
    source = consumer(service, fn, event, name)
    service:allow({ "kinesis:SubscribeToShard" }, { source })
  end
  local id = fn.normal .. "EventSourceMapping" .. Service.normal(kind) .. Service.alnum(name)
  add(service, fn, id, event, { EventSourceArn = source, BatchSize = 10, Enabled = true,
    StartingPosition = "TRIM_HORIZON", DestinationConfig = on_failure(service, event) })
end

local NETWORK = { "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeVpcs", "ec2:DeleteNetworkInterface", "ec2:DescribeSubnets",
  "ec2:DescribeSecurityGroups" }
local READ_SECRET = { "secretsmanager:GetSecretValue" }

local function broker(label)
  return function(service, fn, event)
    event = normalised(service, fn, event, "mq")
    local access = { { Type = "BASIC_AUTH", URI = event.basicAuthArn } }
    if event.virtualHost then access[2] = { Type = "VIRTUAL_HOST", URI = event.virtualHost } end
    service:allow(READ_SECRET, { event.basicAuthArn })
    service:allow({ "mq:DescribeBroker" }, { event.arn })
    service:allow(NETWORK, "*")
    local id = fn.normal .. "EventSourceMapping" .. label .. Service.alnum(event.queue)
    add(service, fn, id, event, { EventSourceArn = event.arn, Queues = { event.queue },
      SourceAccessConfigurations = access })
  end
end

handlers.activemq = broker "ActiveMQ"
handlers.rabbitmq = broker "RabbitMQ"

function handlers.msk(service, fn, event)
  event = normalised(service, fn, event, "msk")
  local secret = event.saslScram512
  if secret then service:allow(READ_SECRET, { secret }) end
  service:allow({ "kafka:DescribeCluster", "kafka:GetBootstrapBrokers" }, { event.arn })
  service:allow(NETWORK, "*")
  local cluster = type(event.arn) == "string" and event.arn:match(":cluster/([^/]+)")
    or Service.name_of(event.arn)
  local id = fn.normal .. "EventSourceMappingMSK" .. Service.alnum(cluster):sub(1, 79)
    .. Service.alnum(event.topic):sub(1, 79)
  add(service, fn, id, event, { EventSourceArn = event.arn, Topics = { event.topic },
    StartingPosition = "TRIM_HORIZON", SourceAccessConfigurations = secret and { {
      Type = "SASL_SCRAM_512_AUTH", URI = secret } } or nil,
    AmazonManagedKafkaEventSourceConfig = event.consumerGroupId and {
      ConsumerGroupId = event.consumerGroupId } or nil })
end

-- Kind of access in the file, type, and what its value begins with.
local ACCESS = {
  { "saslScram256Auth", "SASL_SCRAM_256_AUTH" }, { "saslScram512Auth", "SASL_SCRAM_512_AUTH" },
  { "saslPlainAuth", "BASIC_AUTH" }, { "clientCertificateTlsAuth", "CLIENT_CERTIFICATE_TLS_AUTH" },
  { "serverRootCaCertificate", "SERVER_ROOT_CA_CERTIFICATE" },
  { "vpcSubnet", "VPC_SUBNET", "subnet:" },
  { "vpcSecurityGroup", "VPC_SECURITY_GROUP", "security_group:" },
}

local function kafka_access(service, settings)
  local out = {}
  for _, row in ipairs(ACCESS) do
    for _, value in ipairs(list(settings[row[1]])) do
      local uri = value
      if row[3] and not (type(value) == "string" and value:find("^" .. row[3])) then
        uri = type(value) == "string" and row[3] .. value or Service.join(row[3], value)
      end
      out[#out + 1] = { Type = row[2], URI = uri }
      if not row[3] then service:allow(READ_SECRET, { value }) end
    end
  end
  if settings.vpcSubnet then service:allow(NETWORK, "*") end
  return out
end

function handlers.kafka(service, fn, event)
  event = normalised(service, fn, event, "kafka")
  local id = fn.normal .. "EventSourceMappingKafka" .. Service.alnum(event.topic):sub(1, 158)
  add(service, fn, id, event, { Topics = { event.topic }, StartingPosition = "TRIM_HORIZON",
    SelfManagedEventSource = { Endpoints = { KafkaBootstrapServers = event.bootstrapServers } },
    SourceAccessConfigurations = kafka_access(service, event.accessConfigurations or {}),
    SelfManagedKafkaEventSourceConfig = event.consumerGroupId and {
      ConsumerGroupId = event.consumerGroupId } or nil,
    DestinationConfig = event.onFailureDestination and { OnFailure = {
      Destination = event.onFailureDestination } } or nil })
end

return M
