-- SPDX-License-Identifier: Apache-2.0
-- Parameters to variables. Every variable gets a default, so that the result deploys by itself;
-- values that the template does not give are listed as assumptions.
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"

local M = {}

-- Stand-ins by type, then by name: formed as the services demand, naming nothing that exists.
local BY_TYPE = {
  { "VPC::Id", "vpc-0123456789abcdef0" }, { "Subnet::Id", "subnet-0123456789abcdef0" },
  { "SecurityGroup::Id", "sg-0123456789abcdef0" }, { "KeyName", "lsqm-key" },
  { "Image::Id", "ami-0123456789abcdef0" }, { "AvailabilityZone::Name", "us-east-1a" },
  { "HostedZone::Id", "Z0123456789ABCDEFGHIJ" }, { "Instance::Id", "i-0123456789abcdef0" },
  { "Volume::Id", "vol-0123456789abcdef0" }, { "SecurityGroup::GroupName", "default" },
}

local BY_NAME = {
  { "e?mail", "user@example.com" }, { "certificate.*arn", "arn:aws:acm:us-east-1:000000000000:"
    .. "certificate/00000000-0000-4000-8000-000000000000" },
  { "role.*arn", "arn:aws:iam::000000000000:role/lsqm" },
  { "topic.*arn", "arn:aws:sns:us-east-1:000000000000:lsqm" },
  { "arn", "arn:aws:sqs:us-east-1:000000000000:lsqm" }, { "cidr", "10.0.0.0/16" },
  { "bucket", "lsqm-bucket" }, { "domain", "example.com" }, { "hosted_?zone_?id",
    "Z0123456789ABCDEFGHIJ" }, { "vpc", "vpc-0123456789abcdef0" },
  { "subnet", "subnet-0123456789abcdef0" }, { "security_?group", "sg-0123456789abcdef0" },
  { "account", "000000000000" }, { "region", "us-east-1" }, { "password", "Lsqm-passw0rd" },
  { "user", "lsqmuser" }, { "ur[li]", "https://example.com" }, { "endpoint",
    "https://example.com" }, { "phone", "+15555550100" }, { "port", "8080" },
  { "^ami", "ami-0123456789abcdef0" }, { "zone", "us-east-1a" },
}

local function lookup(list, key)
  for _, entry in ipairs(list) do
    if key:find(entry[1]) then return entry[2] end
  end
end

local function fit(value, parameter)
  local min, max = tonumber(parameter.MinLength), tonumber(parameter.MaxLength)
  if min and #value < min then value = value .. ("x"):rep(math.tointeger(min) - #value) end
  if max and #value > max then value = value:sub(1, math.tointeger(max)) end
  return value
end

---A value for a parameter or variable that has none.
---@param name string
---@param parameter table {Type=, AllowedValues=, MinLength=, MinValue=…}
function M.stand_in(name, parameter)
  local allowed = parameter.AllowedValues
  if type(allowed) == "table" and allowed[1] ~= nil then return allowed[1] end
  local kind = parameter.Type or "String"
  if kind == "Number" or kind == "List<Number>" then return tonumber(parameter.MinValue) or 1 end
  return fit(lookup(BY_TYPE, kind) or lookup(BY_NAME, names.snake(name)) or "lsqm", parameter)
end

local function is_list_type(kind)
  return kind == "CommaDelimitedList" or kind:find("List<", 1, true) ~= nil
end

local function split_list(value, trim_number)
  local items = {}
  for item in expr.scalar(value):gmatch("[^,]+") do
    item = item:match("^%s*(.-)%s*$")
    items[#items + 1] = trim_number and tonumber(item) or item
  end
  return expr.list(items)
end

local function default_of(name, parameter, scope)
  local value = parameter.Default
  if type(value) == "userdata" or type(value) == "table" then value = nil end
  if value == nil or (value == "" and parameter.Type and parameter.Type:find("AWS::EC2::", 1, true))
  then
    value = M.stand_in(name, parameter)
    scope:assume(("parameter %s has no default: %s"):format(name, expr.scalar(value)))
  end
  return value
end

local function validation(name, parameter)
  local allowed = parameter.AllowedValues
  if type(allowed) ~= "table" or #allowed == 0 or is_list_type(parameter.Type or "") then return end
  local items, number = {}, parameter.Type == "Number"
  for i, value in ipairs(allowed) do
    items[i] = number and tonumber(value) or expr.scalar(value)
  end
  return { condition = ("contains(%s, var.%s)"):format(expr.text(expr.list(items), 2), name),
    message = name .. " is not one of the allowed values." }
end

local function variable(label, kind, default)
  local t = "string"
  if kind == "Number" then
    t, default = "number", tonumber(default) or 0
  elseif is_list_type(kind) and not kind:find("^AWS::SSM") then
    local number = kind == "List<Number>"
    t, default = number and "list(number)" or "list(string)", split_list(default, number)
  else
    default = expr.scalar(default)
  end
  return { name = label, type = t, default = default }
end

local function description(parameter)
  return type(parameter.Description) == "string" and parameter.Description or nil
end

local function add(name, parameter, scope, taken)
  local kind = type(parameter.Type) == "string" and parameter.Type or "String"
  local label = names.unique(taken, names.identifier(name))
  local result = variable(label, kind, default_of(name, parameter, scope))
  result.description = description(parameter)
  result.sensitive = tostring(parameter.NoEcho) == "true"
  local t = result.type:match("^list") and "list" or result.type
  local node = expr.raw("var." .. label, t)
  if kind:find("^AWS::SSM::Parameter::Value") then
    scope.ssm[#scope.ssm + 1] = label
    local read = ("data.aws_ssm_parameter.%s.value"):format(label)
    node = is_list_type(kind) and expr.raw(("split(\",\", %s)"):format(read), "list")
      or expr.raw(read, "string")
  else
    result.validation = validation(label, parameter)
  end
  if t ~= "list" and not node.text:find("^split") then node.value = expr.scalar(result.default) end
  scope.parameters[name] = { node = node, variable = result }
  return result
end

-- Names that Terraform keeps for itself in module calls.
local RESERVED = { "source", "version", "providers", "count", "for_each", "lifecycle",
  "depends_on", "locals", "stack_name" }

---Fills scope.parameters and returns the variables in the order of their names.
---@return table[]
function M.convert(template, scope)
  local taken, variables = {}, {}
  for _, name in ipairs(RESERVED) do taken[name] = true end
  scope.ssm = {}
  local parameters = type(template.Parameters) == "table" and template.Parameters or {}
  for _, name in ipairs(names.sorted_keys(parameters)) do
    if type(parameters[name]) == "table" then
      variables[#variables + 1] = add(name, parameters[name], scope, taken)
    end
  end
  return variables
end

return M
