-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"

local METHODS = { allowed_methods = '["GET", "HEAD"]', cached_methods = '["GET", "HEAD"]' }

local BEHAVIOR = {
  LambdaFunctionAssociations = { to = "lambda_function_association", props = {
    LambdaFunctionARN = "lambda_arn" } },
  ForwardedValues = { to = "forwarded_values", defaults = { cookies = { forward = '"none"' } } },
}

local IPV4 = { drop = "the only kind that the provider makes", only = { "ipv4" } }

local ORIGIN = {
  Id = "origin_id",
  OriginCustomHeaders = { to = "custom_header", props = {
    HeaderName = "name", HeaderValue = "value" } },
  CustomOriginConfig = { to = "custom_origin_config", props = { IpAddressType = IPV4 },
    defaults = { http_port = "80", https_port = "443",
      origin_ssl_protocols = '["TLSv1", "SSLv3"]' } },
  S3OriginConfig = { to = "s3_origin_config", defaults = { origin_access_identity = '""' } },
}

local LENGTH = "it is the length of Items"
local COUNTED = { Quantity = LENGTH }

local GROUPS = { to = "origin_group", each = "Items", beside = COUNTED, props = {
  Id = "origin_id",
  SelectionCriteria = { drop = "the only choice of the provider", only = { "default" } },
  Members = { to = "member", each = "Items", beside = COUNTED },
  FailoverCriteria = { to = "failover_criteria", props = {
    StatusCodes = { inline = true, props = { Items = "status_codes",
      Quantity = { drop = LENGTH } } } } },
} }

-- Templates write http2 in either case.
local function http_version(self, value, body)
  local node = self:value(value)
  body:set("http_version", type(node) == "string" and node:lower() or node)
end

local CONFIG = {
  Aliases = "aliases", CNAMEs = "aliases", IPV6Enabled = "is_ipv6_enabled",
  HttpVersion = http_version, Logging = { to = "logging_config" }, OriginGroups = GROUPS,
  CustomErrorResponses = { to = "custom_error_response" },
  DefaultCacheBehavior = { to = "default_cache_behavior", props = BEHAVIOR, defaults = METHODS },
  CacheBehaviors = { to = "ordered_cache_behavior", props = BEHAVIOR, defaults = METHODS },
  Origins = { to = "origin", props = ORIGIN },
  ConnectionMode = { drop = "the only mode of the provider", only = { "direct" } },
}

local COOKIES = { to = "cookies_config", props = { Cookies = "cookies.items" } }
local HEADERS = { to = "headers_config", props = { Headers = "headers.items" } }
local QUERY_STRINGS = { to = "query_strings_config", props = {
  QueryStrings = "query_strings.items" } }

local function config(key, props) return { [key] = { inline = true, props = props } } end

-- The API's lists say their length.
local function counted(block)
  return function(self, value, body)
    local node, inner = self:value(value), body:single(block)
    if node == expr.none then return end
    inner:set("items", node)
    inner:set("quantity", type(node) == "table" and node.k == "list" and #node.items
      or expr.raw("length(" .. expr.text(node) .. ")"))
  end
end

local VPC_ORIGIN = { to = "vpc_origin_endpoint_config",
  props = { OriginSSLProtocols = counted "origin_ssl_protocols",
    IpAddressType = IPV4 },
  defaults = { http_port = "80", https_port = "443", origin_protocol_policy = '"match-viewer"' } }

return {
  ["AWS::CloudFront::Distribution"] = {
    type = "aws_cloudfront_distribution",
    props = config("DistributionConfig", CONFIG),
    defaults = { http_version = '"http1.1"',
      restrictions = { geo_restriction = { restriction_type = '"none"' } },
      viewer_certificate = { cloudfront_default_certificate = "true" } },
  },
  ["AWS::CloudFront::CachePolicy"] = { type = "aws_cloudfront_cache_policy",
    props = config("CachePolicyConfig", { ParametersInCacheKeyAndForwardedToOrigin = {
      to = "parameters_in_cache_key_and_forwarded_to_origin",
      props = { CookiesConfig = COOKIES, HeadersConfig = HEADERS,
        QueryStringsConfig = QUERY_STRINGS } } }) },
  ["AWS::CloudFront::OriginRequestPolicy"] = { type = "aws_cloudfront_origin_request_policy",
    props = config("OriginRequestPolicyConfig", { CookiesConfig = COOKIES,
      HeadersConfig = HEADERS, QueryStringsConfig = QUERY_STRINGS }) },
  ["AWS::CloudFront::ResponseHeadersPolicy"] = { type = "aws_cloudfront_response_headers_policy",
    props = config("ResponseHeadersPolicyConfig", {}) },
  ["AWS::CloudFront::CloudFrontOriginAccessIdentity"] = {
    type = "aws_cloudfront_origin_access_identity",
    props = config("CloudFrontOriginAccessIdentityConfig", {}) },
  ["AWS::CloudFront::OriginAccessControl"] = { type = "aws_cloudfront_origin_access_control",
    set = { description = '""' }, props = config("OriginAccessControlConfig", {}) },
  ["AWS::CloudFront::ContinuousDeploymentPolicy"] = {
    type = "aws_cloudfront_continuous_deployment_policy",
    props = config("ContinuousDeploymentPolicyConfig", {
      StagingDistributionDnsNames = counted "staging_distribution_dns_names" }) },
  ["AWS::CloudFront::Function"] = { type = "aws_cloudfront_function", ref = "arn",
    attributes = { FunctionARN = "arn", ["FunctionMetadata.FunctionARN"] = "arn" },
    props = { FunctionCode = "code", AutoPublish = "publish",
      FunctionMetadata = { drop = "CloudFront fills it in" },
      FunctionConfig = { inline = true, props = { KeyValueStoreAssociations = {
        to = "key_value_store_associations", pluck = "KeyValueStoreARN" } } } },
    defaults = { publish = "false" } },
  ["AWS::CloudFront::KeyGroup"] = { type = "aws_cloudfront_key_group",
    props = config("KeyGroupConfig", {}) },
  ["AWS::CloudFront::KeyValueStore"] = { type = "aws_cloudfront_key_value_store", ref = "name",
    props = {} },
  ["AWS::CloudFront::MonitoringSubscription"] = {
    type = "aws_cloudfront_monitoring_subscription", ref = "distribution_id", props = {} },
  ["AWS::CloudFront::PublicKey"] = { type = "aws_cloudfront_public_key",
    props = config("PublicKeyConfig", {
      CallerReference = { drop = "Terraform makes one for each request" } }) },
  ["AWS::CloudFront::RealtimeLogConfig"] = { type = "aws_cloudfront_realtime_log_config",
    ref = "arn", props = { EndPoints = { to = "endpoint" } } },
  ["AWS::CloudFront::VpcOrigin"] = { type = "aws_cloudfront_vpc_origin",
    props = { VpcOriginEndpointConfig = VPC_ORIGIN } },
}
