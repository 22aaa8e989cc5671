-- SPDX-License-Identifier: Apache-2.0
local code = require "std.normalize.code"
local expr = require "std.normalize.expr"

local ROUTING = { to = "routing_config", props = { AdditionalVersionWeights = {
  to = "additional_version_weights",
  pairs = { key = "FunctionVersion", value = "FunctionWeight" } } } }

-- Runtimes that are newer than the provider: the newest one that it knows of the same family.
local KNOWN = {}
local NAMES = [[
  nodejs nodejs4.3 nodejs4.3-edge nodejs6.10 nodejs8.10 nodejs10.x nodejs12.x nodejs14.x
  nodejs16.x nodejs18.x nodejs20.x nodejs22.x python2.7 python3.6 python3.7 python3.8
  python3.9 python3.10 python3.11 python3.12 python3.13 java8 java8.al2 java11 java17 java21
  dotnetcore1.0 dotnetcore2.0 dotnetcore2.1 dotnetcore3.1 dotnet6 dotnet8 go1.x ruby2.5
  ruby2.7 ruby3.2 ruby3.3 ruby3.4 provided provided.al2 provided.al2023]]
for name in NAMES:gmatch("%S+") do KNOWN[name] = true end
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

local EPOCH = 'timeadd("1970-01-01T00:00:00Z", "${%s}s")'
local SERVERS = { to = "endpoints", wrap = '{ KAFKA_BOOTSTRAP_SERVERS = join(",", %s) }' }

local MAPPING = {
  StartingPositionTimestamp = { to = "starting_position_timestamp", wrap = EPOCH },
  DestinationConfig = { to = "destination_config", props = { OnFailure = { to = "on_failure",
    props = { Destination = "destination_arn" } } } },
  SelfManagedEventSource = { to = "self_managed_event_source", props = {
    Endpoints = { inline = true, props = { KafkaBootstrapServers = SERVERS } } } },
}

local FUNCTION = { function_name = "function_name" }

local function concurrency(qualifier)
  return { separate = "aws_lambda_provisioned_concurrency_config", suffix = "concurrency",
    link = { function_name = "function_name", qualifier = qualifier } }
end

local function runtime_management(link)
  return { separate = "aws_lambda_runtime_management_config", suffix = "runtime", link = link }
end

-- A version of a layer is an ARN here and two arguments in Terraform.
local function layer_version(self, value, body)
  local text = self:text(value)
  local layer = text:match("^(.*)%.arn$")
  body:raw("layer_name", layer and layer .. ".layer_arn"
    or ('join(":", slice(split(":", %s), 0, 7))'):format(text))
  body:raw("version_number", layer and layer .. ".version"
    or ('split(":", %s)[7]'):format(text))
  body:set("statement_id", self.id)
end

local function invoked_via(props)
  local only_by_url = props.InvokedViaFunctionUrl
  return (only_by_url == true or only_by_url == "true") and 2 or 1
end

return {
  ["AWS::Lambda::Function"] = {
    type = "aws_lambda_function", ref = "function_name", name = "function_name",
    attributes = { ["SnapStartResponse.ApplyOn"] = "snap_start[0].apply_on",
      ["SnapStartResponse.OptimizationStatus"] = "snap_start[0].optimization_status" },
    props = {
      Code = code.lambda, Runtime = runtime, RuntimeManagementConfig = runtime_management(FUNCTION),
      LoggingConfig = { to = "logging_config", defaults = { log_format = '"Text"' } },
      RecursiveLoop = { separate = "aws_lambda_function_recursion_config", suffix = "recursion",
        link = FUNCTION, into = "recursive_loop" },
    },
    finish = code.finish_lambda,
  },
  ["AWS::Lambda::LayerVersion"] = { type = "aws_lambda_layer_version", ref = "arn",
    name = "layer_name", attributes = { LayerVersionArn = "arn" },
    props = { Content = code.layer, CompatibleRuntimes = runtimes } },
  ["AWS::Lambda::LayerVersionPermission"] = { type = "aws_lambda_layer_version_permission",
    props = { LayerVersionArn = layer_version } },
  ["AWS::Lambda::Permission"] = { type = "aws_lambda_permission", choose = invoked_via,
    variants = { { type = "aws_lambda_permission", props = {
        InvokedViaFunctionUrl = { drop = "false is what Terraform does", only = { false } } } },
      { type = "aws_lambda_permission", drop = "calls through the function's URL only, "
        .. "which the provider cannot say; the permission for the URL itself stays" } } },
  ["AWS::Lambda::EventSourceMapping"] = { type = "aws_lambda_event_source_mapping", ref = "uuid",
    attributes = { Id = "uuid", EventSourceMappingArn = "arn" }, props = MAPPING },
  ["AWS::Lambda::Version"] = { type = "aws_lambda_function", part_of = "FunctionName",
    ref = "qualified_arn", attributes = { Version = "version", FunctionArn = "qualified_arn" },
    props = { Description = { drop = "a version has the description of its function" },
      CodeSha256 = { drop = "it is compared once, when the version is made" },
      ProvisionedConcurrencyConfig = concurrency "version",
      RuntimePolicy = runtime_management { function_name = "function_name",
        qualifier = "version" } } },
  ["AWS::Lambda::Alias"] = { type = "aws_lambda_alias", ref = "arn",
    attributes = { AliasArn = "arn" },
    props = { RoutingConfig = ROUTING, ProvisionedConcurrencyConfig = concurrency "name" } },
  ["AWS::Lambda::Url"] = { type = "aws_lambda_function_url", ref = "function_arn",
    props = { TargetFunctionArn = "function_name", AuthType = "authorization_type" } },
  ["AWS::Lambda::EventInvokeConfig"] = { type = "aws_lambda_function_event_invoke_config",
    props = {} },
  ["AWS::Lambda::CodeSigningConfig"] = { type = "aws_lambda_code_signing_config", ref = "arn",
    attributes = { CodeSigningConfigArn = "arn", CodeSigningConfigId = "config_id" },
    props = { CodeSigningPolicies = { to = "policies" } } },
}
