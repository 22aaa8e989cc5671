-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local shared = require "std.normalize.cfn.shared"
local values = require "std.normalize.cfn.values"

-- --- attributes given as pairs ------------------------------------------------------------------

local TARGET_ATTRIBUTES = {
  ["deregistration_delay.timeout_seconds"] = "deregistration_delay",
  ["deregistration_delay.connection_termination.enabled"] = "connection_termination",
  ["slow_start.duration_seconds"] = "slow_start",
  ["load_balancing.algorithm.type"] = "load_balancing_algorithm_type",
  ["load_balancing.algorithm.anomaly_mitigation"] = "load_balancing_anomaly_mitigation",
  ["load_balancing.cross_zone.enabled"] = "load_balancing_cross_zone_enabled",
  ["proxy_protocol_v2.enabled"] = "proxy_protocol_v2",
  ["preserve_client_ip.enabled"] = "preserve_client_ip",
  ["lambda.multi_value_headers.enabled"] = "lambda_multi_value_headers_enabled",
  ["stickiness.enabled"] = "stickiness.enabled", ["stickiness.type"] = "stickiness.type",
  ["stickiness.lb_cookie.duration_seconds"] = "stickiness.cookie_duration",
  ["stickiness.app_cookie.duration_seconds"] = "stickiness.cookie_duration",
  ["stickiness.app_cookie.cookie_name"] = "stickiness.cookie_name",
  ["target_failover.on_deregistration"] = "target_failover.on_deregistration",
  ["target_failover.on_unhealthy"] = "target_failover.on_unhealthy",
  ["target_group_health.dns_failover.minimum_healthy_targets.count"] =
    "target_group_health.dns_failover.minimum_healthy_targets_count",
  ["target_group_health.dns_failover.minimum_healthy_targets.percentage"] =
    "target_group_health.dns_failover.minimum_healthy_targets_percentage",
  ["target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"] =
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets_count",
  ["target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"] =
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets_percentage",
  ["target_health_state.unhealthy.connection_termination.enabled"] =
    "target_health_state.enable_unhealthy_connection_termination",
  ["target_health_state.unhealthy.draining_interval_seconds"] =
    "target_health_state.unhealthy_draining_interval",
}

local BALANCER_ATTRIBUTES = {
  ["idle_timeout.timeout_seconds"] = "idle_timeout",
  ["client_keep_alive.seconds"] = "client_keep_alive",
  ["deletion_protection.enabled"] = "enable_deletion_protection",
  ["dns_record.client_routing_policy"] = "dns_record_client_routing_policy",
  ["routing.http2.enabled"] = "enable_http2",
  ["routing.http.desync_mitigation_mode"] = "desync_mitigation_mode",
  ["routing.http.drop_invalid_header_fields.enabled"] = "drop_invalid_header_fields",
  ["routing.http.preserve_host_header.enabled"] = "preserve_host_header",
  ["routing.http.x_amzn_tls_version_and_cipher_suite.enabled"] =
    "enable_tls_version_and_cipher_suite_headers",
  ["routing.http.xff_client_port.enabled"] = "enable_xff_client_port",
  ["routing.http.xff_header_processing.mode"] = "xff_header_processing_mode",
  ["waf.fail_open.enabled"] = "enable_waf_fail_open",
  ["zonal_shift.config.enabled"] = "enable_zonal_shift",
  ["load_balancing.cross_zone.enabled"] = "enable_cross_zone_load_balancing",
  ["access_logs.s3.enabled"] = "access_logs.enabled",
  ["access_logs.s3.bucket"] = "access_logs.bucket",
  ["access_logs.s3.prefix"] = "access_logs.prefix",
  ["connection_logs.s3.enabled"] = "connection_logs.enabled",
  ["connection_logs.s3.bucket"] = "connection_logs.bucket",
  ["connection_logs.s3.prefix"] = "connection_logs.prefix",
}

local function listener_attribute(key) return (key:gsub("%.", "_")) end

-- Attributes by the block that they belong to ("" for none); an If is a condition of its own.
local function collect(self, value, path_of)
  local groups, order = {}, {}
  values.structures(self, value, function(item, test)
    local key = type(item) == "table" and item.Key
    if type(key) ~= "string" then
      return self:unsupported(nil, "an attribute known only at deploy time")
    end
    local path = path_of(key)
    if not path then return self:unsupported(nil, "attribute " .. key) end
    local block = path:match("^([^.]+)%.") or ""
    if not groups[block] then
      groups[block] = {}
      order[#order + 1] = block
    end
    local node = self:value(item.Value)
    groups[block][#groups[block] + 1] = { path = path, test = test, node = node }
  end)
  return groups, order
end

local function same_test(items)
  for _, item in ipairs(items) do if item.test ~= items[1].test then return nil end end
  return items[1].test
end

-- Logs or stickiness that are only turned off: the default, and Terraform would ask for the rest.
local function turned_off(items)
  for _, item in ipairs(items) do
    local off = item.path:find("%.enabled$") and tostring(item.node) == "false"
    if not off and item.node ~= "" then return false end
  end
  return true
end

local function write_attributes(body, items, test)
  for _, item in ipairs(items) do
    local target, path = body, item.path
    for part in path:gmatch("([^.]+)%.") do
      target = part == items.block and body or target:single(part)
    end
    local node = item.node
    if item.test and not test then node = expr.cond(item.test, node, expr.none) end
    target:set(path:match("[^.]+$"), node)
  end
end

local function attributes(path_of)
  return function(self, value, body)
    local groups, order = collect(self, value, path_of)
    for _, block in ipairs(order) do
      local items = groups[block]
      local test = block ~= "" and same_test(items) or nil
      items.block = block
      if block == "" then
        write_attributes(body, items)
      elseif not turned_off(items) then
        write_attributes(body:block(block, test), items, test)
      end
    end
  end
end

local function known(map) return function(key) return map[key] end end

-- --- target groups ------------------------------------------------------------------------------

local GROUP = shared.under("health_check", { HealthCheckEnabled = "enabled",
  HealthCheckPath = "path", HealthCheckPort = "port", HealthCheckProtocol = "protocol",
  HealthCheckIntervalSeconds = "interval", HealthCheckTimeoutSeconds = "timeout",
  HealthyThresholdCount = "healthy_threshold", UnhealthyThresholdCount = "unhealthy_threshold" })
GROUP.TargetGroupAttributes = attributes(known(TARGET_ATTRIBUTES))
GROUP.Matcher = { inline = true, props = { HttpCode = "health_check.matcher",
  GrpcCode = "health_check.matcher" } }
GROUP.Targets = { separate = "aws_lb_target_group_attachment", suffix = "target",
  link = { target_group_arn = "arn" }, props = { Id = "target_id" } }

local STREAMS = { TCP = true, UDP = true, TCP_UDP = true, TLS = true, GENEVE = true, QUIC = true,
  TCP_QUIC = true }
local CHECKS = { healthy_threshold = 5, unhealthy_threshold = 2 }
local LAMBDA_CHECKS = { enabled = false, healthy_threshold = 5, interval = 35,
  unhealthy_threshold = 5 }

local function default_to(body, name, value)
  if not body:has(name) then body:set(name, value) end
end

-- Once one thing of a health check is said, Terraform fills in the rest in its own way.
local function finish_group(_, props, body)
  local check, protocol = body.named.health_check, tostring(props.Protocol)
  local defaults = props.TargetType == "lambda" and LAMBDA_CHECKS or CHECKS
  for _, name in ipairs(check and names.sorted_keys(defaults) or {}) do
    default_to(check.body, name, defaults[name])
  end
  if check and STREAMS[protocol] then default_to(check.body, "protocol", "TCP") end
  local sticky = body.named.stickiness
  local kind = STREAMS[protocol] and "source_ip" or "lb_cookie"
  if sticky then default_to(sticky.body, "type", kind) end
end

-- --- listeners and rules ------------------------------------------------------------------------

local stickiness = values.structure(function(self, value, body)
  local off = tostring(value.Enabled) == "false"
  if off and values.is_no_value(value.DurationSeconds) then return end
  self:map(value, { DurationSeconds = "duration" }, body:block("stickiness"))
end)

local ACTION = {
  ForwardConfig = { to = "forward", props = { TargetGroups = { to = "target_group", props = {
    TargetGroupArn = "arn" } }, TargetGroupStickinessConfig = stickiness } },
  RedirectConfig = { to = "redirect" },
  FixedResponseConfig = { to = "fixed_response", defaults = { content_type = '"text/plain"' } },
  AuthenticateCognitoConfig = { to = "authenticate_cognito" },
  AuthenticateOidcConfig = { to = "authenticate_oidc" },
}

local FIELDS = { ["path-pattern"] = "path_pattern", ["host-header"] = "host_header" }
local CONDITION = { Field = { drop = "the kind of condition says it" },
  HostHeaderConfig = { to = "host_header" }, PathPatternConfig = { to = "path_pattern" },
  SourceIpConfig = { to = "source_ip" }, HttpRequestMethodConfig = { to = "http_request_method" },
  HttpHeaderConfig = { to = "http_header" },
  QueryStringConfig = { to = "query_string", each = "Values" } }

local function conditions(self, value, body)
  values.structures(self, value, function(item, test)
    local block, specs = body:block("condition", test), setmetatable({}, { __index = CONDITION })
    specs.Values = function(_, list)
      local name = FIELDS[item.Field]
      if not name then return self:unsupported(nil, "values of another field") end
      block:single(name):set("values", self:value(list))
    end
    self:map(item, specs, block)
  end)
end

local function certificates(self, value, body)
  values.structures(self, value, function(item, test, i)
    if i > 1 then return self:unsupported(nil, "several certificates") end
    local node = self:value(item.CertificateArn)
    body:set("certificate_arn", test and expr.cond(test, node, expr.none) or node)
  end)
end

return {
  ["AWS::ElasticLoadBalancingV2::LoadBalancer"] = {
    type = "aws_lb", ref = "arn",
    attributes = { DNSName = "dns_name", CanonicalHostedZoneID = "zone_id",
      LoadBalancerArn = "arn", LoadBalancerFullName = "arn_suffix", LoadBalancerName = "name" },
    props = {
      Type = "load_balancer_type", Ipv4IpamPoolId = "ipam_pools.ipv4_ipam_pool_id",
      LoadBalancerAttributes = attributes(known(BALANCER_ATTRIBUTES)),
      Scheme = function(self, value, body)
        body:raw("internal", self:text(value) .. " == \"internal\"")
      end,
    },
  },
  ["AWS::ElasticLoadBalancingV2::TargetGroup"] = {
    type = "aws_lb_target_group", ref = "arn",
    attributes = { TargetGroupArn = "arn", TargetGroupFullName = "arn_suffix",
      TargetGroupName = "name", LoadBalancerArns = "load_balancer_arns" },
    props = GROUP, finish = finish_group },
  ["AWS::ElasticLoadBalancingV2::Listener"] = {
    type = "aws_lb_listener", ref = "arn", attributes = { ListenerArn = "arn" },
    props = { DefaultActions = { to = "default_action", props = ACTION },
      Certificates = certificates, ListenerAttributes = attributes(listener_attribute) },
  },
  ["AWS::ElasticLoadBalancingV2::ListenerRule"] = {
    type = "aws_lb_listener_rule", ref = "arn",
    attributes = { RuleArn = "arn", IsDefault = function() return "false" end },
    props = { Actions = { to = "action", props = ACTION }, Conditions = conditions } },
  ["AWS::ElasticLoadBalancingV2::ListenerCertificate"] = {
    type = "aws_lb_listener_certificate", attributes = { Id = "id" },
    build = shared.each_item("Certificates", "aws_lb_listener_certificate", {}, {}) },
  ["AWS::ElasticLoadBalancingV2::TrustStore"] = { type = "aws_lb_trust_store", ref = "arn",
    attributes = { TrustStoreArn = "arn" }, props = {} },
  ["AWS::ElasticLoadBalancingV2::TrustStoreRevocation"] = {
    type = "aws_lb_trust_store_revocation", attributes = { RevocationId = "revocation_id" },
    build = shared.each_item("RevocationContents", "aws_lb_trust_store_revocation", {}, {
      S3Bucket = "revocations_s3_bucket", S3Key = "revocations_s3_key",
      S3ObjectVersion = "revocations_s3_object_version",
      RevocationType = { drop = "the file says it" } }) },
}
