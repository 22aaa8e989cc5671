-- SPDX-License-Identifier: Apache-2.0
-- cloudFront events of Serverless functions: one distribution for the service, whose behaviours
-- call versions of the functions (Lambda@Edge).
local Service = require "std.normalize.serverless_service"
local names = require "std.normalize.names"
local word = require("std.normalize.word").of

local M = {}
local handlers = {}
M.handlers = handlers

local table_or_empty = Service.table_or_empty

local EVENT = Service.set [[behavior cachePolicy eventType isDefaultOrigin includeBody origin
  pathPattern]]

function handlers.cloudFront(service, fn, event)
  if type(event) ~= "table" then
    return service:refuse(fn.name, "cloudFront", "an event that is not a structure")
  end
  service:check(fn.name, "setting of a cloudFront event", event, EVENT)
  service.edge_events = service.edge_events or {}
  table.insert(service.edge_events, { fn = fn, event = event })
end

local function origin_of(service, fn, value)
  if type(value) == "string" then
    local scheme, host, path = value:match("^(%w+)://([^/]+)(.*)$")
    if not host then
      service:refuse(fn.name, "origin", "an origin that is not an address")
      return { DomainName = "", Id = "" }
    end
    local origin = { DomainName = host, OriginPath = path ~= "" and path or nil }
    if scheme == "s3" then
      origin.S3OriginConfig = {}
    else
      origin.CustomOriginConfig = { OriginProtocolPolicy = "match-viewer" }
    end
    origin.Id = (scheme == "s3" and "s3/" or "custom/") .. host .. path
    return origin
  end
  local origin = {}
  for key, item in pairs(table_or_empty(value)) do origin[key] = item end
  local kind = origin.S3OriginConfig and "s3/" or "custom/"
  local domain = type(origin.DomainName) == "string" and origin.DomainName
    or Service.alnum(Service.name_of(origin.DomainName))
  origin.Id = kind .. domain .. word(origin.OriginPath or "")
  return origin
end

local MANAGED_OPTIMIZED <const> = "658327ea-f89d-4fab-a63d-7e88639e58f6"

local function cache_policy(service, behavior, policy)
  if behavior.ForwardedValues or behavior.CachePolicyId then return behavior.CachePolicyId end
  if not policy then return MANAGED_OPTIMIZED end
  if policy.id then return policy.id end
  local id = "CloudFrontCachePolicy" .. Service.normal(policy.name)
  local declared = table_or_empty(table_or_empty(service.provider.cloudFront).cachePolicies)
  if not service.resources[id] then
    local config = { Name = service.prefix .. "-" .. policy.name, DefaultTTL = 86400,
      MinTTL = 0, MaxTTL = 31536000 }
    for key, value in pairs(table_or_empty(declared[policy.name])) do config[key] = value end
    service:add(id, "AWS::CloudFront::CachePolicy", { CachePolicyConfig = config })
  end
  return { Ref = id }
end

local function association(service, item)
  local fn = item.fn
  local version = fn.normal .. "LambdaVersion"
  if not service.resources[version] then
    service:add(version, "AWS::Lambda::Version", { FunctionName = { Ref = fn.id } })
  end
  return { EventType = item.event.eventType, LambdaFunctionARN = { Ref = version },
    IncludeBody = item.event.includeBody }
end

local function behaviour_of(service, item, origin)
  local out = { ViewerProtocolPolicy = "allow-all", TargetOriginId = origin.Id,
    PathPattern = item.event.pathPattern }
  local settings = table_or_empty(item.event.behavior)
  for key, value in pairs(settings) do out[key] = value end
  out.CachePolicyId = cache_policy(service, settings, item.event.cachePolicy)
  out.LambdaFunctionAssociations = { association(service, item) }
  return out
end

-- Edge functions are run by a second service, and have no environment.
local function prepare(service, fn)
  local function_properties = service.resources[fn.id].Properties
  if function_properties.Environment then
    service:refuse(fn.name, "environment", "Lambda@Edge functions have none")
  end
  service.uses_edge = true
  service:add(fn.id .. "InvokePermission", "AWS::Lambda::Permission", {
    FunctionName = Service.arn_of(fn.id), Action = "lambda:InvokeFunction",
    Principal = "edgelambda.amazonaws.com" })
end

---Adds the distribution of all cloudFront events.
function M.finish(service)
  if not service.edge_events then return end
  local origins, behaviours, order, default = {}, {}, {}, nil
  for _, item in ipairs(service.edge_events) do
    prepare(service, item.fn)
    local origin = origin_of(service, item.fn, item.event.origin)
    origins[origin.Id] = origin
    local key = item.event.pathPattern or ""
    if behaviours[key] and behaviours[key].TargetOriginId == origin.Id then
      table.insert(behaviours[key].LambdaFunctionAssociations, association(service, item))
    else
      behaviours[key], order[#order + 1] = behaviour_of(service, item, origin), key
    end
    if item.event.isDefaultOrigin or not default then default = origin end
  end
  local others, list = {}, {}
  for _, key in ipairs(order) do
    if key ~= "" then others[#others + 1] = behaviours[key] end
  end
  for _, id in ipairs(names.sorted_keys(origins)) do list[#list + 1] = origins[id] end
  service:add("CloudFrontDistribution", "AWS::CloudFront::Distribution", {
    DistributionConfig = { Enabled = true, Comment = service.prefix, Origins = list,
      DefaultCacheBehavior = behaviours[""] or { TargetOriginId = default.Id,
        ViewerProtocolPolicy = "allow-all", CachePolicyId = MANAGED_OPTIMIZED },
      CacheBehaviors = #others > 0 and others or nil } })
  service:output("CloudFrontDistribution", "CloudFront Distribution Id",
    { Ref = "CloudFrontDistribution" })
  service:output("CloudFrontDistributionDomainName", "CloudFront Distribution Domain Name",
    { ["Fn::GetAtt"] = { "CloudFrontDistribution", "DomainName" } })
end

return M
