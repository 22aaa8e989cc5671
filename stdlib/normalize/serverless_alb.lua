-- SPDX-License-Identifier: Apache-2.0
-- alb events of Serverless functions: a target group and a listener rule for each.
local Service = require "std.normalize.serverless_service"
local names = require "std.normalize.names"
local sha256 = require "std.sha256"
local word = require("std.normalize.word").of

local M = {}
local handlers = {}
M.handlers = handlers

local list, table_or_empty = Service.list, Service.table_or_empty

local EVENT = Service.set [[authorizer conditions healthCheck listenerArn multiValueHeaders priority
  targetGroupName]]
local CONDITION = Service.set "header host ip method path query"

local function conditions(service, fn, wanted)
  service:check(fn.name, "condition of an alb event", wanted, CONDITION)
  local out = {}
  local function add(field, config, values)
    out[#out + 1] = { Field = field, [config] = values }
  end
  if wanted.path then add("path-pattern", "Values", list(wanted.path)) end
  if wanted.host then add("host-header", "HostHeaderConfig", { Values = list(wanted.host) }) end
  if wanted.method then
    add("http-request-method", "HttpRequestMethodConfig", { Values = list(wanted.method) })
  end
  local headers = wanted.header and (#wanted.header > 0 and wanted.header or { wanted.header })
  for _, header in ipairs(headers or {}) do
    add("http-header", "HttpHeaderConfig", { HttpHeaderName = header.name,
      Values = list(header.values) })
  end
  if wanted.query then
    local pairs_of = {}
    for _, key in ipairs(names.sorted_keys(wanted.query)) do
      pairs_of[#pairs_of + 1] = { Key = key, Value = wanted.query[key] }
    end
    add("query-string", "QueryStringConfig", { Values = pairs_of })
  end
  if wanted.ip then add("source-ip", "SourceIpConfig", { Values = list(wanted.ip) }) end
  return out
end

local function health(check)
  if not check then return { HealthCheckEnabled = false } end
  local options = table_or_empty(check)
  return { HealthCheckEnabled = true, HealthCheckPath = options.path or "/",
    HealthCheckIntervalSeconds = options.intervalSeconds or 35,
    HealthCheckTimeoutSeconds = options.timeoutSeconds or 30,
    HealthyThresholdCount = options.healthyThresholdCount or 5,
    UnhealthyThresholdCount = options.unhealthyThresholdCount or 5,
    Matcher = { HttpCode = word(table_or_empty(options.matcher).httpCode or "200") } }
end

-- The load balancer's id in the listener's ARN, or the name that a reference has.
local function balancer_of(arn)
  if type(arn) == "string" then return arn:match(":listener/app/[^/]+/([^/]+)/") or "Listener" end
  return Service.name_of(arn)
end

local function target_group(service, fn, event)
  local balancer = balancer_of(event.listenerArn)
  local many = event.multiValueHeaders and true or false
  local label = ("%s-%s-%s-%s"):format(service.name, fn.name, balancer, service.stage)
  local prefix = word(table_or_empty(service.provider.alb).targetGroupPrefix or "")
  local props = health(event.healthCheck)
  props.TargetType, props.Targets = "lambda", { { Id = Service.target(fn) } }
  local hash = sha256.string(label .. tostring(many))
  props.Name = event.targetGroupName or (prefix .. hash):sub(1, 32)
  props.Tags = { { Key = "Name", Value = label } }
  props.TargetGroupAttributes = { { Key = "lambda.multi_value_headers.enabled",
    Value = tostring(many) } }
  local allowed = service:permission(fn, "RegisterTarget", "elasticloadbalancing.amazonaws.com")
  local id = fn.normal .. "Alb" .. (many and "MultiValue" or "") .. "TargetGroup"
    .. Service.alnum(balancer)
  return service:add(id, "AWS::ElasticLoadBalancingV2::TargetGroup", props,
    Service.calls(fn, { allowed }))
end

local KINDS = { cognito = { "authenticate-cognito", "AuthenticateCognitoConfig" },
  oidc = { "authenticate-oidc", "AuthenticateOidcConfig" } }

local function authenticate(service, fn, event)
  local out = {}
  for order, name in ipairs(list(event.authorizer)) do
    local options = table_or_empty(table_or_empty(service.provider.alb).authorizers)[name]
    local kind = options and KINDS[options.type]
    if not kind then
      service:refuse(fn.name, word(name), "an authorizer that is not declared")
    else
      local config = {}
      for key, value in pairs(options) do
        if key ~= "type" then
          config[key == "requestExtraParams" and "AuthenticationRequestExtraParams"
            or key:sub(1, 1):upper() .. key:sub(2)] = value
        end
      end
      config.OnUnauthenticatedRequest = config.OnUnauthenticatedRequest or "deny"
      out[#out + 1] = { Type = kind[1], Order = order, [kind[2]] = config }
    end
  end
  return out
end

function handlers.alb(service, fn, event)
  service:check(fn.name, "setting of an alb event", event, EVENT)
  local group = target_group(service, fn, event)
  local actions = authenticate(service, fn, event)
  actions[#actions + 1] = { Type = "forward", TargetGroupArn = { Ref = group },
    Order = #actions > 0 and #actions + 1 or nil }
  service:add(fn.normal .. "AlbListenerRule" .. word(event.priority),
    "AWS::ElasticLoadBalancingV2::ListenerRule", { Actions = actions, Priority = event.priority,
      ListenerArn = event.listenerArn, Conditions = conditions(service, fn,
        table_or_empty(event.conditions)) }, { Condition = fn.definition.condition })
  service:permission(fn, "Alb", "elasticloadbalancing.amazonaws.com", { Ref = group })
end

return M
