-- SPDX-License-Identifier: Apache-2.0
-- Functions of a Serverless service: the function, its log group, version, alias, URL, and what
-- asynchronous calls do.
local Service = require "std.normalize.serverless_service"
local code = require "std.normalize.code"
local names = require "std.normalize.names"
local packages = require "std.normalize.serverless_package"
local provider = require "std.normalize.provider"
local word = require("std.normalize.word").of

local M = {}

local arn_of, list, table_or_empty = Service.arn_of, Service.list, Service.table_or_empty

-- Settings that are a property of the function as they are; `false`: handled below.
local SETTINGS = { description = "Description",
  reservedConcurrency = "ReservedConcurrentExecutions", recursiveLoop = "RecursiveLoop" }
for key in pairs(Service.set [[handler runtime memorySize timeout role environment events name tags
  package vpc architecture tracing image versionFunction layers condition dependsOn destinations
  disableLogs ephemeralStorageSize fileSystemConfig kmsKeyArn logRetentionInDays logs
  maximumEventAge maximumRetryAttempts onError provisionedConcurrency runtimeManagement snapStart
  url httpApi durableConfig logDataProtectionPolicy iamRoleStatements iamRoleStatementsInherit
  iamRoleStatementsName awsKmsKeyArn module]]) do
  SETTINGS[key] = SETTINGS[key] or false
end

-- A setting of the function, else of the provider.
local function setting(service, definition, name, default)
  local value = definition[name]
  if value == nil then value = service.provider[name] end
  if value == nil then return default end
  return value
end

local function null(value) return value == nil or type(value) == "userdata" end

local function environment(service, definition)
  local merged = {}
  for _, settings in ipairs { table_or_empty(service.provider.environment),
    table_or_empty(definition.environment) } do
    for key, value in pairs(settings) do
      if type(value) == "number" or type(value) == "boolean" then
        value = math.type(value) == "float" and ("%.14g"):format(value) or tostring(value)
      end
      merged[key] = not null(value) and value or nil
    end
  end
  return next(merged) and { Variables = merged } or nil
end

local function vpc(service, definition)
  local settings = setting(service, definition, "vpc")
  if type(settings) ~= "table" then return nil end
  if Service.is_intrinsic(settings) then
    service:refuse("vpc", nil, "network settings known only at deploy time")
    return nil
  end
  local ids = { securityGroupIds = list(settings.securityGroupIds), subnetIds =
    list(settings.subnetIds) }
  for key, value in pairs(ids) do
    if Service.is_intrinsic(settings[key]) then ids[key] = settings[key] end
    if #value == 0 then ids[key] = nil end
  end
  if not ids.subnetIds then return nil end
  return { SecurityGroupIds = ids.securityGroupIds, SubnetIds = ids.subnetIds,
    Ipv6AllowedForDualStack = settings.ipv6AllowedForDualStack }
end

-- A role is an ARN, a reference, or the logical id of a role in `resources`.
local function role_of(service, definition)
  local iam = table_or_empty(service.provider.iam)
  local shared = iam.role
  if type(shared) == "table" and not Service.is_intrinsic(shared) then shared = nil end
  local role = definition.role or service.provider.role or shared
  if role == nil then
    service.needs_role = true
    return arn_of "IamRoleLambdaExecution"
  end
  if type(role) == "string" and not role:find(":") and not role:find("\1") then
    return arn_of(role)
  end
  return role
end

local TRACING = { [true] = "Active", ["true"] = "Active", Active = "Active",
  PassThrough = "PassThrough" }

local function tracing(service, definition)
  local wanted = definition.tracing
  if wanted == nil then wanted = table_or_empty(service.provider.tracing).lambda end
  local mode = TRACING[wanted]
  if not mode then return nil end
  service.traces = true
  return { Mode = mode }
end

local IMAGE <const> = "000000000000.dkr.ecr.us-east-1.amazonaws.com/lsqm:latest"

local function image_uri(service, fn, image)
  local uri = type(image) == "table" and image.uri or image
  local name = type(image) == "table" and image.name or image
  local declared = table_or_empty(table_or_empty(service.provider.ecr).images)[name]
  if declared ~= nil then
    uri = type(declared) == "table" and declared.uri or type(declared) == "string" and declared
    if not uri or not word(uri):find("/") then uri = nil end
  elseif type(uri) == "string" and not uri:find("/") and not uri:find("\1") then
    service:refuse(fn.name, "image", "an image that the provider does not declare")
  end
  if uri then return uri end
  service:assume(fn.id .. ": image " .. word(name) .. " is built from sources, lsqm:latest"
    .. " stands for it")
  return IMAGE
end

local function from_image(service, fn, props)
  local image = fn.definition.image
  props.PackageType = "Image"
  props.Code = { ImageUri = image_uri(service, fn, image) }
  if type(image) ~= "table" then return end
  props.ImageConfig = { Command = image.command, EntryPoint = image.entryPoint,
    WorkingDirectory = image.workingDirectory }
  if not next(props.ImageConfig) then props.ImageConfig = nil end
end

-- What a function without a runtime gets depends on the framework's release.
local RUNTIME <const> = "nodejs20.x"

local function from_sources(service, fn, props)
  local definition = fn.definition
  props.Handler = definition.handler
  props.Runtime = setting(service, definition, "runtime")
  if not props.Runtime then
    props.Runtime = RUNTIME
    service:assume(("%s: no runtime is given: %s"):format(fn.id, RUNTIME))
  end
  if props.Runtime == "rust" and service.plugins["serverless-rust"] then
    props.Runtime = "provided.al2"
  end
  props.Code = { S3Bucket = code.LOCAL, S3Key = packages.key(service, fn, props) }
end

local function log_settings(service, fn, props)
  local logs = setting(service, fn.definition, "logs")
  if fn.definition.logs == nil then logs = table_or_empty(table_or_empty(logs).lambda) end
  if not next(logs) then return end
  props.LoggingConfig = { LogFormat = logs.logFormat, LogGroup = logs.logGroup,
    ApplicationLogLevel = logs.applicationLogLevel, SystemLogLevel = logs.systemLogLevel }
end

local function optional(service, fn, props)
  local definition = fn.definition
  local size, target = definition.ephemeralStorageSize, definition.onError
  props.EphemeralStorage = size and { Size = size } or nil
  if target then
    props.DeadLetterConfig = { TargetArn = target }
    service:allow({ "sns:Publish" }, { target })
  end
  props.KmsKeyArn = setting(service, definition, "kmsKeyArn", definition.awsKmsKeyArn)
  if props.KmsKeyArn then service:use_key(props.KmsKeyArn) end
  local layers = list(setting(service, definition, "layers"))
  props.Layers = #layers > 0 and layers or nil
  local disk = definition.fileSystemConfig
  if disk then
    props.FileSystemConfigs = { { Arn = disk.arn, LocalMountPath = disk.localMountPath } }
    service:allow({ "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite" },
      { disk.arn })
  end
  if definition.snapStart then props.SnapStart = { ApplyOn = "PublishedVersions" } end
  if definition.durableConfig then
    props.DurableConfig = { ExecutionTimeout = definition.durableConfig.executionTimeout,
      RetentionPeriodInDays = definition.durableConfig.retentionPeriodInDays }
  end
end

-- "auto" is what a function has without the setting.
local function runtime_management(service, fn)
  local wanted = setting(service, fn.definition, "runtimeManagement", "auto")
  local mode = type(wanted) == "table" and wanted.mode or wanted
  if mode ~= "auto" then service:refuse(fn.name, "runtimeManagement", "runtime updates " ..
    word(mode)) end
end

local function properties(service, fn)
  local definition = fn.definition
  local architecture = setting(service, definition, "architecture")
  local props = { FunctionName = fn.function_name, MemorySize =
    setting(service, definition, "memorySize", 1024),
    Timeout = setting(service, definition, "timeout", 6),
    Environment = environment(service, definition), VpcConfig = vpc(service, definition),
    Role = role_of(service, definition), TracingConfig = tracing(service, definition),
    Architectures = architecture and { architecture } or nil,
    Tags = Service.tag_list(table_or_empty(service.provider.tags),
      table_or_empty(definition.tags)) }
  for key, target in pairs(SETTINGS) do
    if target then props[target] = definition[key] end
  end
  optional(service, fn, props)
  log_settings(service, fn, props)
  runtime_management(service, fn)
  local make = definition.image and from_image or from_sources
  make(service, fn, props)
  return props
end

local function log_group(service, fn)
  local definition = fn.definition
  if definition.disableLogs then return nil end
  return service:add(fn.normal .. "LogGroup", "AWS::Logs::LogGroup", {
    LogGroupName = "/aws/lambda/" .. fn.function_name,
    RetentionInDays = setting(service, definition, "logRetentionInDays"),
    DataProtectionPolicy = setting(service, definition, "logDataProtectionPolicy") },
    { Condition = definition.condition })
end

local function version(service, fn)
  local definition = fn.definition
  local wanted = definition.versionFunction
  if wanted == nil then wanted = service.provider.versionFunctions end
  local concurrency = definition.provisionedConcurrency
  local name = concurrency and concurrency ~= 0 and "provisioned"
    or definition.snapStart and "snapstart" or definition.durableConfig and "durable"
  if wanted == false and not name then return end
  local id = service:add(fn.normal .. "LambdaVersion", "AWS::Lambda::Version",
    { FunctionName = { Ref = fn.id } }, { Condition = definition.condition })
  service:output(fn.id .. "QualifiedArn", "Current Lambda function version", { Ref = id },
    definition.condition)
  if not name then return end
  local labels = { provisioned = "ProvConc", snapstart = "SnapStart", durable = "Durable" }
  fn.alias = name
  fn.alias_id = service:add(fn.normal .. labels[name] .. "LambdaAlias", "AWS::Lambda::Alias", {
    FunctionName = { Ref = fn.id }, FunctionVersion = { ["Fn::GetAtt"] = { id, "Version" } },
    Name = name, ProvisionedConcurrencyConfig = name == "provisioned" and {
      ProvisionedConcurrentExecutions = concurrency } or nil },
    { DependsOn = { fn.id }, Condition = definition.condition })
end

local URL_CORS = { allowedHeaders = "AllowHeaders", allowedMethods = "AllowMethods",
  allowedOrigins = "AllowOrigins", exposedResponseHeaders = "ExposeHeaders", maxAge = "MaxAge",
  allowCredentials = "AllowCredentials" }

local function url_cors(cors)
  if not cors then return nil end
  local out = { AllowOrigins = { "*" }, AllowMethods = { "*" }, AllowHeaders = { "Content-Type",
    "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token", "X-Amzn-Trace-Id" } }
  for key, target in pairs(URL_CORS) do
    local value = table_or_empty(cors)[key]
    if type(value) == "userdata" then out[target] = nil
    elseif value ~= nil then out[target] = value end
  end
  return out
end

local function url(service, fn)
  local settings = fn.definition.url
  if not settings then return end
  local options = table_or_empty(settings)
  local open = options.authorizer ~= "aws_iam"
  local id = service:add(fn.normal .. "LambdaFunctionUrl", "AWS::Lambda::Url", {
    AuthType = open and "NONE" or "AWS_IAM", TargetFunctionArn = Service.target(fn),
    Cors = url_cors(options.cors), InvokeMode = options.invokeMode }, Service.calls(fn))
  service:output(fn.normal .. "LambdaFunctionUrl", "Lambda Function URL",
    { ["Fn::GetAtt"] = { id, "FunctionUrl" } }, fn.definition.condition)
  if not open then return end
  service:permission(fn, "FnUrl", "*", nil, { Action = "lambda:InvokeFunctionUrl",
    FunctionUrlAuthType = "NONE" })
  local known = provider.resource("aws_lambda_permission").attrs
  if known.invoked_via_function_url then
    service:permission(fn, "Fn", "*", nil, { InvokedViaFunctionUrl = true })
  else
    service:assume(fn.id .. ": calls through its URL need no second permission here")
  end
end

-- Rights to send where failed and finished calls go, by the service in the ARN.
local SEND = { sqs = "sqs:SendMessage", sns = "sns:Publish", events = "events:PutEvents",
  lambda = "lambda:InvokeFunction" }

local function destination(service, fn, value)
  if value == nil then return nil end
  if type(value) == "string" and not value:find(":") and not value:find("\1") then
    local other = service:function_named(value, fn.name)
    if not other then return nil end
    service:allow({ SEND.lambda }, { Service.arn_text(other) })
    return { Destination = arn_of(other.id) }
  end
  local kind, target = nil, value
  if type(value) == "table" and value.type then kind, target = value.type, value.arn end
  kind = kind or type(target) == "string" and target:match("^arn:[^:]*:(%w+)")
  if SEND[kind] then service:allow({ SEND[kind] }, { target }) end
  return { Destination = target }
end

local function invoke_config(service, fn)
  local definition = fn.definition
  local to = table_or_empty(definition.destinations)
  local age, retries = definition.maximumEventAge, definition.maximumRetryAttempts
  if not next(to) and age == nil and retries == nil then return end
  service:add(fn.normal .. "LambdaEvConf", "AWS::Lambda::EventInvokeConfig", {
    FunctionName = { Ref = fn.id }, Qualifier = fn.alias or "$LATEST",
    DestinationConfig = next(to) and { OnSuccess = destination(service, fn, to.onSuccess),
      OnFailure = destination(service, fn, to.onFailure) } or nil,
    MaximumEventAgeInSeconds = age, MaximumRetryAttempts = retries }, Service.calls(fn))
end

---Knows a function by its name; the others may refer to it before it is added.
function M.declare(service, name, definition)
  local normal = Service.normal(name)
  local fn = { name = name, normal = normal, id = normal .. "LambdaFunction",
    definition = definition, function_name = word(definition.name or service.prefix .. "-" ..
    name) }
  service.functions[name] = fn
  service.order[#service.order + 1] = fn
end

---Adds a declared function.
function M.add(service, fn)
  local definition = fn.definition
  service:check(fn.name, "function setting", definition, SETTINGS)
  local waits = { log_group(service, fn) }
  for _, id in ipairs(list(definition.dependsOn)) do waits[#waits + 1] = id end
  service:add(fn.id, "AWS::Lambda::Function", properties(service, fn), {
    Condition = definition.condition, DependsOn = #waits > 0 and waits or nil })
  version(service, fn)
  url(service, fn)
  invoke_config(service, fn)
end

local LAYER = Service.set [[allowedAccounts compatibleArchitectures compatibleRuntimes description
  licenseInfo name package path retain]]

---Adds the service's own layers.
function M.add_layers(service)
  for _, name in ipairs(names.sorted_keys(service.layers)) do
    local layer = table_or_empty(service.layers[name])
    service:check(name, "layer setting", layer, LAYER)
    local id = service:add(Service.normal(name) .. "LambdaLayer", "AWS::Lambda::LayerVersion", {
      LayerName = layer.name or name, Description = layer.description,
      LicenseInfo = layer.licenseInfo, CompatibleRuntimes = layer.compatibleRuntimes,
      CompatibleArchitectures = layer.compatibleArchitectures,
      Content = { S3Bucket = code.LOCAL, S3Key = packages.layer_key(service, name, layer) } })
    service:output(id .. "QualifiedArn", "Current Lambda layer version", { Ref = id })
    for _, account in ipairs(list(layer.allowedAccounts)) do
      service:add(Service.normal(name) .. word(account):gsub("%*", "Wild")
        .. "LambdaLayerPermission", "AWS::Lambda::LayerVersionPermission", { Principal = account,
          Action = "lambda:GetLayerVersion", LayerVersionArn = { Ref = id } })
    end
  end
end

return M
