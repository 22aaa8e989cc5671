-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local shared = require "std.normalize.cfn.shared"
local tables = require "std.table"

local ALIAS = { to = "alias", props = { DNSName = "name", HostedZoneId = "zone_id" },
  defaults = { evaluate_target_health = "false" } }

-- The template's own zone, where it has one of that name; a fresh account has none.
local function zone_by_name(self, value, body)
  local name = self:value(value)
  for id, zone in tables.sorted_pairs(self.scope.resources) do
    local props = zone.type == "aws_route53_zone" and self.scope.template.Resources[id].Properties
    if props and expr.text(self:value(props.Name)) == expr.text(name) then
      return body:set("zone_id", self:value { Ref = id })
    end
  end
  local address = self.scope:stand_in("aws_route53_zone", self.label .. "_zone", { name = name })
  self.scope:assume(("%s: the public zone of that name is made here"):format(self.id))
  body:raw("zone_id", address .. ".zone_id")
end

-- The provider puts the quotes around a text itself.
local function unquoted(node)
  if type(node) == "string" then return (node:gsub('^"', ""):gsub('"$', "")) end
  if type(node) ~= "table" or node == expr.none then return node end
  return expr.raw(('trimsuffix(trimprefix(%s, "\\""), "\\"")'):format(expr.text(node)), "string")
end

local function records(kind)
  return function(self, value, body)
    local node = self:value(value)
    if kind == "TXT" or kind == "SPF" then
      if node.k ~= "list" then
        return self:unsupported(nil, "texts known only at deploy time")
      end
      for i, item in ipairs(node.items) do node.items[i] = unquoted(item) end
    end
    body:set("records", type(node) ~= "table" and expr.list { node } or node)
  end
end

local function record_specs(item)
  return {
    AliasTarget = ALIAS, HostedZoneId = "zone_id", HostedZoneName = zone_by_name,
    ResourceRecords = records(item.Type), MultiValueAnswer = "multivalue_answer_routing_policy",
    Failover = "failover_routing_policy.type", Region = "latency_routing_policy.region",
    Weight = "weighted_routing_policy.weight",
    Comment = { drop = "it describes the change request, not the record" },
    GeoLocation = { to = "geolocation_routing_policy", props = { ContinentCode = "continent",
      CountryCode = "country", SubdivisionCode = "subdivision" } },
    GeoProximityLocation = { to = "geoproximity_routing_policy" },
    CidrRoutingConfig = { to = "cidr_routing_policy" },
  }
end

local function record(self, props)
  self:map(props, record_specs(props), self:block("aws_route53_record"))
end

-- Each record of a group may leave the zone to the group.
local function record_group(self, props)
  for key in pairs(props) do
    if key == "Comment" then
      self.scope:drop(self.id, key, "it describes the change request, not the records")
    elseif key ~= "RecordSets" and key ~= "HostedZoneId" and key ~= "HostedZoneName" then
      self:unsupported(key, "no counterpart in aws_route53_record")
    end
  end
  self.scope:at("RecordSets", function()
    shared.structures(self, props.RecordSets, function(item, test, i)
      local full = { HostedZoneId = props.HostedZoneId, HostedZoneName = props.HostedZoneName }
      if item.HostedZoneId or item.HostedZoneName then full = {} end
      for key, value in pairs(item) do full[key] = value end
      local suffix = #self.blocks > 0 and tostring(i) or nil
      self:map(full, record_specs(full), self:block("aws_route53_record", suffix, test))
    end)
  end)
end

local HEALTH = { inline = true, props = {
  AlarmIdentifier = { inline = true, props = { Name = "cloudwatch_alarm_name",
    Region = "cloudwatch_alarm_region" } },
  ChildHealthChecks = "child_healthchecks", FullyQualifiedDomainName = "fqdn",
  HealthThreshold = "child_health_threshold", Inverted = "invert_healthcheck" } }

local LOG_GROUP = { CloudWatchLogsLogGroupArn = "cloudwatch_log_group_arn" }

return {
  ["AWS::Route53::HostedZone"] = {
    type = "aws_route53_zone", ref = "zone_id", attributes = { Id = "zone_id" },
    set = { comment = '""' },
    props = { HostedZoneConfig = { inline = true }, HostedZoneTags = { to = "tags", pairs = true },
      VPCs = { to = "vpc" }, QueryLoggingConfig = { separate = "aws_route53_query_log",
        suffix = "query_log", link = { zone_id = "zone_id" }, props = LOG_GROUP } },
  },
  ["AWS::Route53::RecordSet"] = { type = "aws_route53_record", ref = "name", build = record },
  ["AWS::Route53::RecordSetGroup"] = { type = "aws_route53_record", build = record_group },
  ["AWS::Route53::HealthCheck"] = { type = "aws_route53_health_check",
    attributes = { HealthCheckId = "id" },
    props = { HealthCheckConfig = HEALTH, HealthCheckTags = { to = "tags", pairs = true } } },
  ["AWS::Route53::DNSSEC"] = { type = "aws_route53_hosted_zone_dnssec", ref = "hosted_zone_id",
    props = {} },
  ["AWS::Route53::KeySigningKey"] = { type = "aws_route53_key_signing_key", props = {} },
  ["AWS::Route53::DelegationSet"] = { type = "aws_route53_delegation_set", ref = "arn",
    props = {} },
  ["AWS::Route53::QueryLoggingConfig"] = { type = "aws_route53_query_log", ref = "arn",
    props = { HostedZoneId = "zone_id",
      CloudWatchLogsLogGroupArn = LOG_GROUP.CloudWatchLogsLogGroupArn } },
  ["AWS::Route53::CidrCollection"] = { type = "aws_route53_cidr_collection",
    props = { Locations = { separate = "aws_route53_cidr_location",
      link = { cidr_collection_id = "id" },
      props = { LocationName = "name", CidrList = "cidr_blocks" } } } },
  ["AWS::Route53::TrafficPolicy"] = { type = "aws_route53_traffic_policy", ref = "arn",
    props = {} },
  ["AWS::Route53::TrafficPolicyInstance"] = { type = "aws_route53_traffic_policy_instance",
    ref = "arn", props = {} },
}
