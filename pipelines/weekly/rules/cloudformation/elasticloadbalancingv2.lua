-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local ACTION = {
  ForwardConfig = { to = "forward", props = { TargetGroups = { to = "target_group", props = {
    TargetGroupArn = "arn" } }, TargetGroupStickinessConfig = { to = "stickiness", props = {
      DurationSeconds = "duration" } } } },
  RedirectConfig = { to = "redirect" }, FixedResponseConfig = { to = "fixed_response" },
  AuthenticateCognitoConfig = { to = "authenticate_cognito" },
  AuthenticateOidcConfig = { to = "authenticate_oidc" },
}

local LIST = { HostHeaderConfig = "host_header", PathPatternConfig = "path_pattern",
  SourceIpConfig = "source_ip", HttpRequestMethodConfig = "http_request_method",
  HttpHeaderConfig = "http_header", QueryStringConfig = "query_string" }
local FIELDS = { ["path-pattern"] = "path_pattern", ["host-header"] = "host_header" }

local function conditions(self, value, body)
  values.each(self, value, function(item, test)
    local block, specs = body:block("condition", test), { Field = false }
    for key, name in pairs(LIST) do specs[key] = { to = name } end
    specs.Values = function(_, list)
      local name = FIELDS[item.Field]
      if not name then return self:unsupported(nil, "field " .. tostring(item.Field)) end
      block:single(name):set("values", self:value(list))
    end
    self:map(item, specs, block)
  end)
end

local TARGET_ATTRIBUTES = {
  ["deregistration_delay.timeout_seconds"] = "deregistration_delay",
  ["slow_start.duration_seconds"] = "slow_start",
  ["load_balancing.algorithm.type"] = "load_balancing_algorithm_type",
  ["proxy_protocol_v2.enabled"] = "proxy_protocol_v2",
  ["preserve_client_ip.enabled"] = "preserve_client_ip",
  ["lambda.multi_value_headers.enabled"] = "lambda_multi_value_headers_enabled",
  ["stickiness.enabled"] = "stickiness.enabled", ["stickiness.type"] = "stickiness.type",
  ["stickiness.lb_cookie.duration_seconds"] = "stickiness.cookie_duration",
}

local BALANCER_ATTRIBUTES = {
  ["idle_timeout.timeout_seconds"] = "idle_timeout",
  ["deletion_protection.enabled"] = "enable_deletion_protection",
  ["routing.http2.enabled"] = "enable_http2",
  ["routing.http.drop_invalid_header_fields.enabled"] = "drop_invalid_header_fields",
  ["load_balancing.cross_zone.enabled"] = "enable_cross_zone_load_balancing",
  ["access_logs.s3.enabled"] = "access_logs.enabled",
  ["access_logs.s3.bucket"] = "access_logs.bucket",
  ["access_logs.s3.prefix"] = "access_logs.prefix",
}

local function attributes(known)
  return function(self, value, body)
    values.each(self, value, function(item, test)
      local path = known[item.Key]
      if not path or test then return self:unsupported(nil, tostring(item.Key)) end
      local block, name = path:match("^(.*)%.(.*)$")
      local target = block and body:single(block) or body
      target:set(name or path, self:value(item.Value))
    end)
  end
end

local HEALTH = {}
for key, name in pairs { HealthCheckEnabled = "enabled", HealthCheckPath = "path",
  HealthCheckPort = "port", HealthCheckProtocol = "protocol",
  HealthCheckIntervalSeconds = "interval", HealthCheckTimeoutSeconds = "timeout",
  HealthyThresholdCount = "healthy_threshold", UnhealthyThresholdCount = "unhealthy_threshold" } do
  HEALTH[key] = "health_check." .. name
end
HEALTH.TargetGroupAttributes = attributes(TARGET_ATTRIBUTES)
HEALTH.Matcher = { inline = true, props = { HttpCode = "health_check.matcher",
  GrpcCode = "health_check.matcher" } }
HEALTH.Targets = function(self, value)
  values.each(self, value, function(item, test, i)
    local body = self:block("aws_lb_target_group_attachment", "target_" .. i, test)
    body:raw("target_group_arn", self:own("arn"))
    self:map(item, { Id = "target_id" }, body)
  end)
end

return {
  ["AWS::ElasticLoadBalancingV2::LoadBalancer"] = {
    type = "aws_lb", ref = "arn",
    attributes = { DNSName = "dns_name", CanonicalHostedZoneID = "zone_id",
      LoadBalancerArn = "arn", LoadBalancerFullName = "arn_suffix", LoadBalancerName = "name" },
    props = {
      Type = "load_balancer_type", SubnetMappings = { to = "subnet_mapping" },
      LoadBalancerAttributes = attributes(BALANCER_ATTRIBUTES),
      Scheme = function(self, value, body)
        body:raw("internal", self:text(value) .. " == \"internal\"")
      end,
    },
  },
  ["AWS::ElasticLoadBalancingV2::TargetGroup"] = {
    type = "aws_lb_target_group", ref = "arn",
    attributes = { TargetGroupArn = "arn", TargetGroupFullName = "arn_suffix",
      TargetGroupName = "name" }, props = HEALTH },
  ["AWS::ElasticLoadBalancingV2::Listener"] = {
    type = "aws_lb_listener", ref = "arn", attributes = { ListenerArn = "arn" },
    props = { DefaultActions = { to = "default_action", props = ACTION },
      Certificates = { fn = function(self, value, body)
        local first = value[1]
        if #value ~= 1 or not first then return self:unsupported(nil, "several certificates") end
        body:set("certificate_arn", self:value(first.CertificateArn))
      end } },
  },
  ["AWS::ElasticLoadBalancingV2::ListenerRule"] = {
    type = "aws_lb_listener_rule", ref = "arn", attributes = { RuleArn = "arn" },
    props = { Actions = { to = "action", props = ACTION }, Conditions = conditions } },
}
