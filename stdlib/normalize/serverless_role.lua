-- SPDX-License-Identifier: Apache-2.0
-- The role that functions of a Serverless service share, and the roles of functions with their own
-- statements (serverless-iam-roles-per-function).
local Service = require "std.normalize.serverless_service"

local M = {}

local list, table_or_empty = Service.list, Service.table_or_empty

local function log_arn(group, suffix)
  return { ["Fn::Sub"] = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    .. group .. suffix }
end

-- Functions named as the framework does are covered by one pattern.
local function log_statements(functions, prefix)
  local groups, covered = {}, false
  for _, fn in ipairs(functions) do
    if not fn.definition.disableLogs then
      local usual = prefix and fn.function_name:sub(1, #prefix + 1) == prefix .. "-"
      if usual and not covered then groups[#groups + 1] = "/aws/lambda/" .. prefix .. "*" end
      if not usual then groups[#groups + 1] = "/aws/lambda/" .. fn.function_name end
      covered = covered or usual
    end
  end
  if #groups == 0 then return {} end
  local streams, events = {}, {}
  for i, group in ipairs(groups) do
    streams[i], events[i] = log_arn(group, ":*"), log_arn(group, ":*:*")
  end
  return { { Effect = "Allow", Resource = streams, Action = { "logs:CreateLogStream",
    "logs:CreateLogGroup", "logs:TagResource" } },
    { Effect = "Allow", Resource = events, Action = { "logs:PutLogEvents" } } }
end

local VPC_POLICY = { ["Fn::Join"] = { "", { "arn:", { Ref = "AWS::Partition" },
  ":iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole" } } }

local function uses_vpc(functions, provider)
  for _, fn in ipairs(functions) do
    local settings = fn.definition.vpc
    if settings == nil then settings = provider.vpc end
    if type(settings) == "table" and settings.subnetIds then return true end
  end
  return false
end

local function trust(service)
  local principals = { "lambda.amazonaws.com" }
  if service.uses_scheduler then principals[2] = "scheduler.amazonaws.com" end
  if service.uses_edge then principals[#principals + 1] = "edgelambda.amazonaws.com" end
  return { Version = "2012-10-17", Statement = { { Effect = "Allow",
    Principal = { Service = principals }, Action = { "sts:AssumeRole" } } } }
end

local function common_statements(service)
  local out = {}
  if service.traces then
    out[1] = { Effect = "Allow", Resource = { "*" }, Action = { "xray:PutTraceSegments",
      "xray:PutTelemetryRecords" } }
  end
  for _, key in ipairs(service.keys) do
    out[#out + 1] = { Effect = "Allow", Action = { "kms:Decrypt" }, Resource = { key } }
  end
  return out
end

local function own_statements(provider)
  local role = table_or_empty(table_or_empty(provider.iam).role)
  return list(role.statements or provider.iamRoleStatements)
end

local function append(to, from)
  for _, item in ipairs(from) do to[#to + 1] = item end
end

-- The settings of the role in provider.iam.role, or under their older names.
local function settings_of(provider)
  local role = table_or_empty(table_or_empty(provider.iam).role)
  return { name = role.name, path = role.path, tags = role.tags,
    boundary = role.permissionsBoundary or role.permissionBoundary
      or provider.rolePermissionsBoundary,
    managed = list(role.managedPolicies or provider.iamManagedPolicies) }
end

---Adds the shared role where a function uses it.
function M.add(service)
  if not service.needs_role then return end
  local settings, managed = settings_of(service.provider), {}
  local statements = log_statements(service.order, service.prefix)
  append(statements, own_statements(service.provider))
  append(statements, common_statements(service))
  append(statements, service.statements)
  append(managed, settings.managed)
  if uses_vpc(service.order, service.provider) then managed[#managed + 1] = VPC_POLICY end
  service:add("IamRoleLambdaExecution", "AWS::IAM::Role", {
    AssumeRolePolicyDocument = trust(service), Path = settings.path or "/",
    RoleName = settings.name or { ["Fn::Join"] = { "-", { service.name, service.stage,
      Service.REGION, "lambdaRole" } } },
    PermissionsBoundary = settings.boundary,
    Tags = settings.tags and Service.tag_list(settings.tags),
    ManagedPolicyArns = #managed > 0 and managed or nil,
    Policies = #statements > 0 and { { PolicyName = service.prefix .. "-lambda",
      PolicyDocument = { Version = "2012-10-17", Statement = statements } } } or nil })
end

---Gives a function with statements of its own a role of its own.
function M.own(service, fn)
  local definition = fn.definition
  local statements = log_statements({ fn })
  local inherit = definition.iamRoleStatementsInherit
  if inherit == nil then
    inherit = table_or_empty(service.custom["serverless-iam-roles-per-function"]).defaultInherit
  end
  if inherit then append(statements, own_statements(service.provider)) end
  append(statements, list(definition.iamRoleStatements))
  append(statements, service.statements)
  local settings = settings_of(service.provider)
  local id = fn.normal .. "IamRoleLambdaExecution"
  local managed = uses_vpc({ fn }, service.provider) and { VPC_POLICY } or nil
  service:add(id, "AWS::IAM::Role", { AssumeRolePolicyDocument = trust(service), Path = "/",
    RoleName = definition.iamRoleStatementsName, PermissionsBoundary = settings.boundary,
    ManagedPolicyArns = managed,
    Policies = { { PolicyName = service.prefix .. "-" .. fn.name,
      PolicyDocument = { Version = "2012-10-17", Statement = statements } } } })
  return id
end

return M
