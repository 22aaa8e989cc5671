-- SPDX-License-Identifier: Apache-2.0
local code = require "std.normalize.code"
local expr = require "std.normalize.expr"

local function alias_routing(self, value, body)
  local weights = {}
  for _, item in ipairs(value.AdditionalVersionWeights or {}) do
    weights[item.FunctionVersion] = item.FunctionWeight
  end
  body:single("routing_config"):set("additional_version_weights", self:value(weights))
end

-- Runtimes that are newer than the provider: the newest one that it knows of the same family.
local KNOWN = {}
for name in ([[nodejs12.x nodejs14.x nodejs16.x nodejs18.x nodejs20.x nodejs22.x python2.7 python3.6
  python3.7 python3.8 python3.9 python3.10 python3.11 python3.12 python3.13 java8 java8.al2 java11
  java17 java21 dotnetcore2.1 dotnetcore3.1 dotnet6 dotnet8 go1.x ruby2.5 ruby2.7 ruby3.2 ruby3.3
  ruby3.4 provided provided.al2 provided.al2023]]):gmatch("%S+") do KNOWN[name] = true end
local NEWEST = { nodejs = "nodejs22.x", python = "python3.13", java = "java21", dotnet = "dotnet8",
  ruby = "ruby3.4" }

local function known_runtime(self, name)
  if type(name) ~= "string" or KNOWN[name] then return name end
  local family = name:match("^(%l+)%d")
  local newest = family and NEWEST[family]
  if not newest then
    self:unsupported(nil, "runtime " .. name)
    return nil
  end
  self.scope:assume(("%s: runtime %s is newer than the provider, %s taken"):format(self.id, name,
    newest))
  return newest
end

local function runtime(self, value, body)
  body:set("runtime", known_runtime(self, self:value(value)))
end

local function runtimes(self, value, body)
  local node, items, seen = self:value(value), {}, {}
  for _, item in ipairs(type(node) == "table" and node.items or {}) do
    local name = known_runtime(self, item)
    if name and not seen[name] then items[#items + 1] = name end
    seen[name or ""] = true
  end
  body:set("compatible_runtimes", node.items and expr.list(items) or node)
end

local DESTINATION = { OnFailure = { to = "on_failure", props = {
  Destination = "destination_arn" } }, OnSuccess = { to = "on_success" } }

local MAPPING = {
  StartingPositionTimestamp = "starting_position_timestamp",
  FilterCriteria = { to = "filter_criteria", props = { Filters = { to = "filter" } } },
  DestinationConfig = { to = "destination_config", props = DESTINATION },
  SourceAccessConfigurations = { to = "source_access_configuration", props = { URI = "uri" } },
  SelfManagedEventSource = { to = "self_managed_event_source", props = {
    Endpoints = function(self, value, body)
      local servers = value.KafkaBootstrapServers or {}
      body:raw("endpoints", ("{ KAFKA_BOOTSTRAP_SERVERS = join(\",\", %s) }"):format(
        self:text(servers)))
    end } },
}

local function lambda_url_cors(self, value, body) self:map(value, {}, body:single("cors")) end

return {
  ["AWS::Lambda::Function"] = {
    type = "aws_lambda_function", ref = "function_name", name = "function_name",
    attributes = { Arn = "arn", ["SnapStartResponse.ApplyOn"] = "snap_start[0].apply_on" },
    props = {
      Code = code.lambda, Runtime = runtime,
      Environment = { to = "environment", props = { Variables = "variables" } },
      VpcConfig = { to = "vpc_config", props = {
        Ipv6AllowedForDualStack = "ipv6_allowed_for_dual_stack" } },
      FileSystemConfigs = { to = "file_system_config" },
      RuntimeManagementConfig = false,
    },
    finish = code.finish_lambda,
  },
  ["AWS::Lambda::LayerVersion"] = { type = "aws_lambda_layer_version", ref = "arn",
    name = "layer_name",
    props = { Content = code.layer, CompatibleRuntimes = runtimes, RetentionPolicy = false } },
  ["AWS::Lambda::LayerVersionPermission"] = { type = "aws_lambda_layer_version_permission",
    props = { LayerVersionArn = "layer_name" } },
  ["AWS::Lambda::Permission"] = { type = "aws_lambda_permission", props = {
    FunctionName = "function_name", PrincipalOrgID = "principal_org_id" } },
  ["AWS::Lambda::EventSourceMapping"] = { type = "aws_lambda_event_source_mapping", ref = "uuid",
    props = MAPPING },
  ["AWS::Lambda::Version"] = { type = "aws_lambda_function", part_of = "FunctionName",
    ref = "qualified_arn", attributes = { Version = "version", FunctionArn = "qualified_arn" },
    props = { FunctionName = false, Description = false, CodeSha256 = false } },
  ["AWS::Lambda::Alias"] = { type = "aws_lambda_alias", ref = "arn",
    props = { FunctionName = "function_name", RoutingConfig = alias_routing } },
  ["AWS::Lambda::Url"] = { type = "aws_lambda_function_url", ref = "function_arn",
    attributes = { FunctionUrl = "function_url", FunctionArn = "function_arn" },
    props = { TargetFunctionArn = "function_name", AuthType = "authorization_type",
      Cors = lambda_url_cors } },
  ["AWS::Lambda::EventInvokeConfig"] = { type = "aws_lambda_function_event_invoke_config",
    props = { DestinationConfig = { to = "destination_config", props = {
      OnFailure = { to = "on_failure" }, OnSuccess = { to = "on_success" } } } } },
}
