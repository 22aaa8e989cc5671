-- SPDX-License-Identifier: Apache-2.0
-- Events of Serverless functions that come from schedules, EventBridge and SNS.
local Service = require "std.normalize.serverless_service"
local sha256 = require "std.sha256"

local M = {}
local handlers = {}
M.handlers = handlers

local arn_of, join, list = Service.arn_of, Service.join, Service.list

local function state_of(event) return event.enabled == false and "DISABLED" or "ENABLED" end

-- What a target gets: the event itself, or what one of these settings makes of it.
local function input_of(target, event)
  if event.input ~= nil then
    target.Input = Service.json_text(event.input)
  elseif event.inputPath ~= nil then
    target.InputPath = event.inputPath
  elseif event.inputTransformer then
    target.InputTransformer = { InputTemplate = event.inputTransformer.inputTemplate,
      InputPathsMap = event.inputTransformer.inputPathsMap }
  end
  return target
end

local function next_index(fn, kind)
  fn.counts = fn.counts or {}
  fn.counts[kind] = (fn.counts[kind] or 0) + 1
  return fn.counts[kind]
end

local function add_rule(service, fn, id, props, suffix)
  service:add(id, "AWS::Events::Rule", props, Service.calls(fn))
  service:permission(fn, suffix, "events.amazonaws.com", arn_of(id))
end

local SCHEDULE = Service.set [[rate enabled name description input inputPath inputTransformer method
  roleArn groupName timezone]]

local function scheduler(service, fn, event, rate, index)
  if event.inputPath or event.inputTransformer then
    return service:refuse(fn.name, "schedule", "input made from the event by EventBridge Scheduler")
  end
  local role = event.roleArn
  if not role then
    role, service.uses_scheduler = service.resources[fn.id].Properties.Role, true
    service:allow({ "lambda:InvokeFunction" }, { Service.arn_text(fn),
      Service.arn_text(fn, ":*") })
  end
  service:add(fn.normal .. "SchedulerSchedule" .. index, "AWS::Scheduler::Schedule", {
    ScheduleExpression = rate, State = state_of(event), Name = event.name,
    Description = event.description, GroupName = event.groupName,
    ScheduleExpressionTimezone = event.timezone, FlexibleTimeWindow = { Mode = "OFF" },
    Target = input_of({ Arn = Service.target(fn), RoleArn = role }, event) }, Service.calls(fn))
end

function handlers.schedule(service, fn, event)
  if type(event) ~= "table" or Service.is_intrinsic(event) then event = { rate = event } end
  service:check(fn.name, "setting of a schedule event", event, SCHEDULE)
  for _, rate in ipairs(list(event.rate)) do
    local index = next_index(fn, "schedule")
    if event.method == "scheduler" then
      scheduler(service, fn, event, rate, index)
    else
      add_rule(service, fn, fn.normal .. "EventsRuleSchedule" .. index, {
        ScheduleExpression = rate, State = state_of(event), Name = event.name,
        Description = event.description, Targets = { input_of({ Arn = Service.target(fn),
          Id = fn.name .. "Schedule" }, event) } }, "EventsRuleSchedule" .. index)
    end
  end
end

local CLOUDWATCH = Service.set "event input inputPath inputTransformer description name enabled"

function handlers.cloudwatchEvent(service, fn, event)
  service:check(fn.name, "setting of a cloudwatchEvent event", event, CLOUDWATCH)
  local index = next_index(fn, "cloudwatchEvent")
  add_rule(service, fn, fn.normal .. "EventsRuleCloudWatchEvent" .. index, {
    EventPattern = event.event, State = state_of(event), Name = event.name,
    Description = event.description, Targets = { input_of({ Arn = Service.target(fn),
      Id = fn.name .. "CloudWatchEvent" }, event) } }, "EventsRuleCloudWatchEvent" .. index)
end

-- --- EventBridge ---------------------------------------------------------------------------------

local BRIDGE = Service.set [[eventBus schedule name description enabled pattern input inputPath
  inputTransformer retryPolicy deadLetterQueueArn]]

-- A bus that is only a name belongs to the service.
local function bus_of(service, bus)
  if type(bus) ~= "string" then return bus end
  if bus:find("^arn:") or bus:find("\1", 1, true) then return Service.name_of(bus) end
  if bus == "default" or bus:find("^aws%.partner") then return bus end
  local id = Service.normal(bus) .. "EventBridgeEventBus"
  if not service.resources[id] then service:add(id, "AWS::Events::EventBus", { Name = bus }) end
  return bus, id
end

-- EventBridge takes names of 64 characters.
local function shortened(name)
  if #name <= 64 then return name end
  return name:sub(1, 31) .. "-" .. sha256.string(name):sub(1, 32)
end

local function rule_name(service, fn, event, index)
  return event.name or shortened(service.prefix .. "-" .. fn.name .. "-rule-" .. index)
end

local function bridge_target(fn, event, name)
  local retry, letters = event.retryPolicy, event.deadLetterQueueArn
  return input_of({ Arn = Service.target(fn), Id = shortened(name .. "-target"),
    RetryPolicy = retry and { MaximumEventAgeInSeconds = retry.maximumEventAge,
      MaximumRetryAttempts = retry.maximumRetryAttempts } or nil,
    DeadLetterConfig = letters and { Arn = letters } or nil }, event)
end

function handlers.eventBridge(service, fn, event)
  service:check(fn.name, "setting of an eventBridge event", event, BRIDGE)
  local index = fn.position
  local name = rule_name(service, fn, event, index)
  local bus, bus_id = bus_of(service, event.eventBus)
  local id = Service.alnum(service.prefix .. "-" .. fn.name .. "-rule-" .. index)
    .. "EventBridgeRule"
  service:add(id, "AWS::Events::Rule", { EventBusName = bus, EventPattern = event.pattern,
    Name = name, Description = event.description, ScheduleExpression = event.schedule,
    State = state_of(event), Targets = { bridge_target(fn, event, name) } },
    Service.calls(fn, { bus_id }))
  service:add(fn.normal .. "EventBridgeLambdaPermission" .. index, "AWS::Lambda::Permission", {
    Action = "lambda:InvokeFunction", FunctionName = Service.target(fn),
    Principal = "events.amazonaws.com", SourceArn = arn_of(id) }, Service.calls(fn))
end

-- --- SNS -----------------------------------------------------------------------------------------

local SNS = Service.set [[arn topicName displayName filterPolicy filterPolicyScope redrivePolicy]]

local function dead_letters(service, fn, name, policy)
  if not policy then return nil end
  local target = policy.deadLetterTargetArn
  local import = policy.deadLetterTargetImport
  if policy.deadLetterTargetRef then
    target = arn_of(policy.deadLetterTargetRef)
  elseif import then
    target = { ["Fn::ImportValue"] = import.arn }
  end
  local queue = policy.deadLetterTargetRef and { Ref = policy.deadLetterTargetRef }
    or import and { ["Fn::ImportValue"] = import.url }
  if queue then
    local id = Service.alnum(name) .. "To" .. fn.normal .. "DLQPolicy"
    service:add(id, "AWS::SQS::QueuePolicy", { Queues = { queue }, PolicyDocument = {
      Version = "2012-10-17", Id = id, Statement = { { Effect = "Allow", Action = "sqs:SendMessage",
        Principal = { Service = "sns.amazonaws.com" }, Resource = target } } } })
  end
  return { deadLetterTargetArn = target }
end

local function topic_arn(name)
  return join("arn:", Service.PARTITION, ":sns:", Service.REGION, ":", Service.ACCOUNT, ":", name)
end

local function subscribe(service, fn, topic, name, event)
  service:add(fn.normal .. "SnsSubscription" .. Service.alnum(name), "AWS::SNS::Subscription", {
    TopicArn = topic, Protocol = "lambda", Endpoint = Service.target(fn),
    FilterPolicy = event.filterPolicy, FilterPolicyScope = event.filterPolicyScope,
    RedrivePolicy = dead_letters(service, fn, name, event.redrivePolicy) }, Service.calls(fn))
end

local function own_topic(service, fn, name, event)
  local id = "SNSTopic" .. Service.alnum(name)
  if not service.resources[id] then
    service:add(id, "AWS::SNS::Topic", { TopicName = name, DisplayName = event.displayName })
  end
  if event.filterPolicy or event.redrivePolicy or event.filterPolicyScope then
    subscribe(service, fn, { Ref = id }, name, event)
  else
    local props = service.resources[id].Properties
    props.Subscription = props.Subscription or {}
    table.insert(props.Subscription, { Endpoint = Service.target(fn), Protocol = "lambda" })
  end
  return topic_arn(name)
end

function handlers.sns(service, fn, event)
  if type(event) ~= "table" or Service.is_intrinsic(event) then
    local is_arn = type(event) == "table" or event:find("^arn:") or event:find("^\1[^\2]*\2$")
    event = is_arn and { arn = event } or { topicName = event }
  end
  service:check(fn.name, "setting of an sns event", event, SNS)
  local name, source = event.topicName or Service.name_of(event.arn), event.arn
  if source then
    subscribe(service, fn, source, name, event)
  else
    source = own_topic(service, fn, name, event)
  end
  service:permission(fn, Service.alnum(name) .. "SNS", "sns.amazonaws.com", source)
end

return M
