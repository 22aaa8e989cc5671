-- SPDX-License-Identifier: Apache-2.0
-- Events of Serverless functions as CloudFormation resources: each kind by its own handler; those
-- of buckets, user pools, logs, devices and skills are here.
local Service = require "std.normalize.serverless_service"
local alb = require "std.normalize.serverless_alb"
local buses = require "std.normalize.serverless_buses"
local edge = require "std.normalize.serverless_edge"
local http_api = require "std.normalize.serverless_http_api"
local rest = require "std.normalize.serverless_rest"
local sources = require "std.normalize.serverless_sources"
local websocket = require "std.normalize.serverless_websocket"
local word = require("std.normalize.word").of

local M = {}

local arn_of, join = Service.arn_of, Service.join
local handlers = {}

local function next_index(fn, kind)
  fn.counts = fn.counts or {}
  fn.counts[kind] = (fn.counts[kind] or 0) + 1
  return fn.counts[kind]
end

-- --- buckets -------------------------------------------------------------------------------------

local S3 = Service.set "bucket event rules existing forceDeploy"

-- A bucket's settings in provider.s3, by their names in CloudFormation.
local function bucket_settings(service, key)
  local settings = Service.table_or_empty(Service.table_or_empty(service.provider.s3)[key])
  local props = {}
  for name, value in pairs(settings) do
    if name ~= "name" then props[name:sub(1, 1):upper() .. name:sub(2)] = value end
  end
  props.BucketName = props.BucketName or settings.name or key
  return props
end

-- The logical id of a bucket in `resources` that has this name.
local function declared_bucket(service, bucket)
  for id, resource in pairs(service.declared) do
    local name = resource.Type == "AWS::S3::Bucket"
      and Service.table_or_empty(resource.Properties).BucketName
    if name ~= nil and (name == bucket or type(bucket) == "table" and bucket.Ref == id) then
      return id
    end
    if type(bucket) == "table" and bucket.Ref == id and resource.Type == "AWS::S3::Bucket" then
      return id
    end
  end
end

local function filter_rules(service, fn, event)
  local rules = {}
  for _, rule in ipairs(Service.list(event.rules)) do
    if type(rule) == "table" and next(rule) ~= nil then
      local key, value = next(rule)
      rules[#rules + 1] = { Name = key, Value = value }
    else
      service:refuse(fn.name, "rules", "a rule that is no map")
    end
  end
  return rules
end

-- The framework's own bucket, which `resources` may add to under the same id.
local function own_bucket(service, fn, event, allowed)
  local props = bucket_settings(service, event.bucket)
  local id, rules = "S3Bucket" .. Service.alnum(event.bucket), filter_rules(service, fn, event)
  if not service.resources[id] then service:add(id, "AWS::S3::Bucket", props) end
  local bucket = service.resources[id]
  local notify = bucket.Properties.NotificationConfiguration or {}
  bucket.Properties.NotificationConfiguration = notify
  notify.LambdaConfigurations = notify.LambdaConfigurations or {}
  table.insert(notify.LambdaConfigurations, { Event = event.event or "s3:ObjectCreated:*",
    Function = Service.target(fn), Filter = #rules > 0 and { S3Key = { Rules = rules } } or nil })
  bucket.DependsOn = bucket.DependsOn or {}
  table.insert(bucket.DependsOn, allowed)
end

-- A bucket of `resources` gets its notifications beside it: it may be what the functions refer to.
local function attach(service, fn, event, id, allowed)
  local declared = service.declared[id]
  if Service.table_or_empty(declared.Properties).NotificationConfiguration then
    return service:refuse(fn.name, "s3", "a bucket with notifications of its own")
  end
  local added = id .. "Notification"
  if not service.resources[added] then
    service:add(added, "AWS::Serverless::BucketNotification", { Bucket = { Ref = id },
      LambdaConfigurations = {} }, { DependsOn = {} })
  end
  local made = { Event = event.event or "s3:ObjectCreated:*", Function = Service.target(fn) }
  for _, rule in ipairs(filter_rules(service, fn, event)) do
    made[Service.normal(rule.Name)] = rule.Value
  end
  local notification = service.resources[added]
  table.insert(notification.Properties.LambdaConfigurations, made)
  table.insert(notification.DependsOn, allowed)
end

function handlers.s3(service, fn, event)
  if type(event) ~= "table" or Service.is_intrinsic(event) then event = { bucket = event } end
  service:check(fn.name, "setting of an s3 event", event, S3)
  local id = declared_bucket(service, event.bucket)
  local own = type(event.bucket) == "string" and "S3Bucket" .. Service.alnum(event.bucket)
  local attached = id and id ~= own
  if not attached and event.existing then
    return service:refuse(fn.name, "existing", "a bucket that the service does not declare")
  elseif not attached and type(event.bucket) ~= "string" then
    return service:refuse(fn.name, "s3", "a bucket that is not a plain name")
  end
  local name = attached and { Ref = id } or bucket_settings(service, event.bucket).BucketName
  local allowed = service:permission(fn, Service.alnum(Service.name_of(event.bucket)) .. "S3",
    "s3.amazonaws.com", join("arn:", Service.PARTITION, ":s3:::", name),
    { SourceAccount = Service.ACCOUNT })
  if attached then return attach(service, fn, event, id, allowed) end
  own_bucket(service, fn, event, allowed)
end

-- --- user pools ----------------------------------------------------------------------------------

local COGNITO = Service.set "pool trigger existing forceDeploy kmsKeyId"
local SENDERS = Service.set "CustomSMSSender CustomEmailSender"

local function pool_of(service, fn, event)
  for id, resource in pairs(service.declared) do
    if resource.Type == "AWS::Cognito::UserPool"
      and Service.table_or_empty(resource.Properties).UserPoolName == event.pool then
      return id, service:own_part(id)
    end
  end
  if event.existing then
    return nil, service:refuse(fn.name, "existing", "a user pool that the service does not declare")
  end
  local id = "CognitoUserPool" .. Service.alnum(event.pool)
  if not service.resources[id] then
    service:add(id, "AWS::Cognito::UserPool", { UserPoolName = event.pool })
  end
  return id, service.resources[id]
end

function handlers.cognitoUserPool(service, fn, event)
  service:check(fn.name, "setting of a cognitoUserPool event", event, COGNITO)
  local id, pool = pool_of(service, fn, event)
  if not id then return end
  local calls = pool.Properties.LambdaConfig or {}
  pool.Properties.LambdaConfig = calls
  if SENDERS[event.trigger] then
    calls[event.trigger] = { LambdaArn = Service.target(fn), LambdaVersion = "V1_0" }
    calls.KMSKeyID = event.kmsKeyId
  else
    calls[event.trigger] = Service.target(fn)
  end
  service:permission(fn, "CognitoUserPool" .. Service.alnum(event.pool) .. "TriggerSource"
    .. Service.alnum(event.trigger), "cognito-idp.amazonaws.com", arn_of(id))
end

-- --- logs, devices, skills -----------------------------------------------------------------------

local LOG = Service.set "logGroup filter"

function handlers.cloudwatchLog(service, fn, event)
  if type(event) ~= "table" or Service.is_intrinsic(event) then event = { logGroup = event } end
  service:check(fn.name, "setting of a cloudwatchLog event", event, LOG)
  local index = next_index(fn, "cloudwatchLog")
  local label = "LogsSubscriptionFilterCloudWatchLog"
  local allowed = service:permission(fn, label .. (index > 1 and index or ""),
    join("logs.", Service.REGION, ".amazonaws.com"), join("arn:", Service.PARTITION, ":logs:",
      Service.REGION, ":", Service.ACCOUNT, ":log-group:", event.logGroup, ":*"))
  service:add(fn.normal .. label .. index, "AWS::Logs::SubscriptionFilter", {
    LogGroupName = event.logGroup, FilterPattern = event.filter or "",
    DestinationArn = Service.target(fn) }, Service.calls(fn, { allowed }))
end

local IOT = Service.set "sql sqlVersion name enabled description"

function handlers.iot(service, fn, event)
  service:check(fn.name, "setting of an iot event", event, IOT)
  local index = next_index(fn, "iot")
  local id = fn.normal .. "IotTopicRule" .. index
  service:add(id, "AWS::IoT::TopicRule", { RuleName = event.name, TopicRulePayload = {
    RuleDisabled = event.enabled == false, Sql = event.sql, AwsIotSqlVersion = event.sqlVersion,
    Description = event.description, Actions = { { Lambda = {
      FunctionArn = Service.target(fn) } } } } }, Service.calls(fn))
  service:permission(fn, "IotTopicRule" .. index, "iot.amazonaws.com", join("arn:",
    Service.PARTITION, ":iot:", Service.REGION, ":", Service.ACCOUNT, ":rule/", { Ref = id }))
end

local function skill(label, principal)
  return function(service, fn, event)
    if type(event) ~= "table" or Service.is_intrinsic(event) then event = { appId = event } end
    if event.enabled == false then
      return service:assume(fn.id .. ": its " .. label .. " event is switched off")
    end
    if not event.appId then
      return service:assume(fn.id .. ": its " .. label .. " event names no skill that may call it")
    end
    local index = next_index(fn, label)
    service:permission(fn, label .. index, principal, nil, { EventSourceToken = event.appId })
  end
end

handlers.alexaSkill = skill("AlexaSkill", "alexa-appkit.amazon.com")
handlers.alexaSmartHome = skill("AlexaSmartHome", "alexa-connectedhome.amazon.com")

local FLEET = Service.set "enabled provisioningRoleArn templateBody templateName"

function handlers.iotFleetProvisioning(service, fn, event)
  service:check(fn.name, "setting of an iotFleetProvisioning event", event, FLEET)
  local allowed = service:permission(fn, "IotProvisioningTemplate", "iot.amazonaws.com")
  service:add(fn.normal .. "IotProvisioningTemplate", "AWS::IoT::ProvisioningTemplate", {
    Enabled = event.enabled ~= false, ProvisioningRoleArn = event.provisioningRoleArn,
    TemplateBody = Service.json_text(event.templateBody), TemplateName = event.templateName,
    PreProvisioningHook = { TargetArn = Service.target(fn) } }, Service.calls(fn, { allowed }))
end

-- --- all kinds -----------------------------------------------------------------------------------

for _, part in ipairs { alb, buses, edge, http_api, rest, sources, websocket } do
  for kind, handler in pairs(part.handlers) do handlers[kind] = handler end
end

-- Kinds without any setting.
local BARE = Service.set "alexaSkill"
-- Kinds whose setting may be a text; all others need a structure.
local TEXT = Service.set [[http httpApi s3 schedule sns sqs stream websocket cloudwatchLog
  alexaSkill alexaSmartHome cloudFront]]

---Adds one event of a function.
---@param event any as written
function M.add(service, fn, event)
  local kind, value = event, nil
  if type(event) == "table" then kind, value = next(event) end
  local handler = handlers[kind]
  if not handler then return service:refuse(fn.name, word(kind), "event") end
  if type(event) == "table" and next(event, kind) ~= nil then
    return service:refuse(fn.name, word(kind), "an event with keys beside its kind")
  end
  local ok = type(value) == "table" or type(value) == "string" and TEXT[kind]
    or value == nil and BARE[kind]
  if not ok then return service:refuse(fn.name, kind, "an event that is not a structure") end
  handler(service, fn, value)
end

---Adds what the events of all functions share.
function M.finish(service)
  rest.finish(service)
  http_api.finish(service)
  websocket.finish(service)
  edge.finish(service)
end

return M
