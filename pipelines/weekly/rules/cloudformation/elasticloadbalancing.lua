-- SPDX-License-Identifier: Apache-2.0
-- Classic load balancers: policies and what they apply to are resources of their own.
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local values = require "std.normalize.cfn.values"

local POLICY = { PolicyName = "policy_name", PolicyType = "policy_type_name",
  Attributes = { to = "policy_attribute" } }
local COOKIES = {
  LBCookieStickinessPolicy = { "LBCookieStickinessPolicyType", "CookieExpirationPeriod" },
  AppCookieStickinessPolicy = { "AppCookieStickinessPolicyType", "CookieName" },
}

local function policy(self, item, test)
  local body = self:block("aws_load_balancer_policy", "policy", test)
  body:raw("load_balancer_name", self:own("name"))
  self.policies[#self.policies + 1] = self.addresses[#self.addresses]
  return body, item
end

-- Names of policies by the port that they apply to.
local function apply_to(map, port, name)
  map[port] = map[port] or {}
  map[port][#map[port] + 1] = name
end

local function cookies(kind)
  return function(self, value)
    local type_name, attribute = table.unpack(COOKIES[kind])
    values.structures(self, value, function(item, test)
      local body = policy(self, item, test)
      body:set("policy_type_name", type_name)
      self:map(item, { PolicyName = "policy_name", [attribute] = function(_, given)
        local pair = body:block("policy_attribute")
        pair:set("name", attribute)
        pair:set("value", self:value(given))
      end }, body)
    end)
  end
end

local function ports(self, list, map, name)
  values.each(self, list, function(port) apply_to(map, expr.text(self:value(port)), name) end)
end

local function policies(self, value)
  values.structures(self, value, function(item, test)
    local body, rest = policy(self, item, test), {}
    for key, inner in pairs(item) do rest[key] = inner end
    rest.InstancePorts, rest.LoadBalancerPorts = nil, nil
    self:map(rest, POLICY, body)
    local name = self:value(item.PolicyName)
    ports(self, item.InstancePorts, self.backend_ports, name)
    ports(self, item.LoadBalancerPorts, self.listener_ports, name)
  end)
end

-- Between the balancer and the machines the plain protocol is taken where none is given.
local PLAIN = { HTTP = "HTTP", HTTPS = "HTTP", TCP = "TCP", SSL = "TCP" }

local function plain_protocol(self, item, block)
  if not values.is_no_value(item.InstanceProtocol) then return end
  local plain = PLAIN[tostring(item.Protocol):upper()]
  if not plain then return self:unsupported(nil, "a protocol known only at deploy time") end
  self.scope:assume(("%s: InstanceProtocol %s taken"):format(self.id, plain))
  block:set("instance_protocol", plain)
end

local function listeners(self, value, body)
  values.structures(self, value, function(item, test)
    local block = body:block("listener", test)
    self:map(item, { LoadBalancerPort = "lb_port", Protocol = "lb_protocol",
      SSLCertificateId = "ssl_certificate_id",
      PolicyNames = function(_, list)
        values.each(self, list, function(name)
          apply_to(self.listener_ports, expr.text(self:value(item.LoadBalancerPort)),
            self:value(name))
        end)
      end }, block)
    plain_protocol(self, item, block)
  end)
end

local function assign(self, type_name, suffix, argument, map)
  for _, port in ipairs(names.sorted_keys(map)) do
    local body = self:block(type_name, suffix)
    body:raw("load_balancer_name", self:own("name"))
    body:raw(argument, port)
    body:set("policy_names", expr.list(map[port]))
    for _, address in ipairs(self.policies) do body:wait_for(address) end
  end
end

local SPECS = {
  LoadBalancerName = "name", CrossZone = "cross_zone_load_balancing", Listeners = listeners,
  AccessLoggingPolicy = { to = "access_logs", props = { EmitInterval = "interval",
    S3BucketName = "bucket", S3BucketPrefix = "bucket_prefix" } },
  ConnectionDrainingPolicy = { inline = true, props = { Enabled = "connection_draining",
    Timeout = "connection_draining_timeout" } },
  ConnectionSettings = { inline = true },
  HealthCheck = { to = "health_check" }, Policies = policies,
  LBCookieStickinessPolicy = cookies "LBCookieStickinessPolicy",
  AppCookieStickinessPolicy = cookies "AppCookieStickinessPolicy",
  Scheme = function(self, value, body)
    body:raw("internal", self:text(value) .. " == \"internal\"")
  end,
}

local function build(self, props)
  self.policies, self.listener_ports, self.backend_ports = {}, {}, {}
  local body = self:block("aws_elb")
  -- CloudFormation leaves it off, Terraform turns it on.
  body:raw("cross_zone_load_balancing", "false")
  self:map(props, SPECS, body)
  assign(self, "aws_load_balancer_listener_policy", "listener_policy", "load_balancer_port",
    self.listener_ports)
  assign(self, "aws_load_balancer_backend_server_policy", "backend_policy", "instance_port",
    self.backend_ports)
end

-- "owner/name" in Terraform.
local function source_group(index)
  return function(target, address)
    return ("split(\"/\", %s)[%d]"):format(address(target, "source_security_group"), index)
  end
end

return {
  ["AWS::ElasticLoadBalancing::LoadBalancer"] = {
    type = "aws_elb", ref = "name", build = build, props = SPECS,
    attributes = { DNSName = "dns_name", CanonicalHostedZoneName = "dns_name",
      CanonicalHostedZoneNameID = "zone_id", ["SourceSecurityGroup.OwnerAlias"] = source_group(0),
      ["SourceSecurityGroup.GroupName"] = source_group(1) },
  },
}
