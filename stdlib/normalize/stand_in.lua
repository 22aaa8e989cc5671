-- SPDX-License-Identifier: Apache-2.0
-- Values for parameters and variables that have none: the same each time, formed as the services
-- demand, naming nothing that exists, within what the template allows.
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local pattern = require "std.normalize.pattern"

local M = {}

local BY_TYPE = {
  { "VPC::Id", "vpc-0123456789abcdef0" }, { "Subnet::Id", "subnet-0123456789abcdef0" },
  { "SecurityGroup::Id", "sg-0123456789abcdef0" }, { "KeyName", "lsqm-key" },
  { "Image::Id", "ami-0123456789abcdef0" }, { "AvailabilityZone::Name", "us-east-1a" },
  { "HostedZone::Id", "Z0123456789ABCDEFGHIJ" }, { "Instance::Id", "i-0123456789abcdef0" },
  { "Volume::Id", "vol-0123456789abcdef0" }, { "SecurityGroup::GroupName", "default" },
  { "SSM::Parameter::Name", "/lsqm/parameter" },
}

local CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/"
  .. "00000000-0000-4000-8000-000000000000"

local BY_NAME = {
  { "e?mail", "user@example.com" }, { "certificate.*arn", CERTIFICATE },
  { "role.*arn", "arn:aws:iam::000000000000:role/lsqm" },
  { "topic.*arn", "arn:aws:sns:us-east-1:000000000000:lsqm" },
  { "lambda.*arn", "arn:aws:lambda:us-east-1:000000000000:function:lsqm" },
  { "function.*arn", "arn:aws:lambda:us-east-1:000000000000:function:lsqm" },
  { "bucket.*arn", "arn:aws:s3:::lsqm-bucket" }, { "table.*arn",
    "arn:aws:dynamodb:us-east-1:000000000000:table/lsqm" },
  { "secret.*arn", "arn:aws:secretsmanager:us-east-1:000000000000:secret:lsqm-AbCdEf" },
  { "key.*arn", "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000" },
  { "acm_certificate$", CERTIFICATE }, { "ssl_certificate_id$", CERTIFICATE },
  { "arn$", "arn:aws:sqs:us-east-1:000000000000:lsqm" },
  { "arn_", "arn:aws:sqs:us-east-1:000000000000:lsqm" }, { "cidr", "10.0.0.0/16" },
  { "allocated_?storage", "20" }, { "volume_size", "20" }, { "db_?instance_?class",
    "db.t3.micro" }, { "db_?class$", "db.t3.micro" }, { "db_?engine$", "mysql" },
  { "db_?engine_?version$", "8.0" }, { "db_?parameter_?group_?family$", "mysql8.0" },
  { "route_?table", "rtb-0123456789abcdef0" }, { "internet_?gateway", "igw-0123456789abcdef0" },
  { "_ip$", "10.0.0.10" }, { "^ip$", "10.0.0.10" }, { "nat_?gateway", "nat-0123456789abcdef0" },
  { "bucket", "lsqm-bucket" }, { "domain", "example.com" }, { "hosted_?zone_?id",
    "Z0123456789ABCDEFGHIJ" }, { "hosted_?zone", "example.com" },
  { "availability_?zone", "us-east-1a" }, { "vpc", "vpc-0123456789abcdef0" },
  { "subnet", "subnet-0123456789abcdef0" }, { "security_?group", "sg-0123456789abcdef0" },
  { "account", "000000000000" }, { "region", "us-east-1" }, { "password", "Lsqm-passw0rd" },
  { "user", "lsqmuser" }, { "ur[li]", "https://example.com" }, { "endpoint",
    "https://example.com" }, { "phone", "+15555550100" }, { "port$", "8080" },
  { "^ami", "ami-0123456789abcdef0" }, { "image_?id", "ami-0123456789abcdef0" },
  { "instance_?type", "t3.micro" }, { "zone", "us-east-1a" }, { "schedule", "rate(1 day)" },
}

-- Tried in this order where a pattern refuses what the name suggests.
local USUAL = { "lsqm", "lsqm-value", "Lsqm1234", "lsqm1", "1", "10.0.0.0/16", "10.0.0.0/24",
  "10.0.0.1", "10.0.0.1/32", "example.com", "user@example.com", "https://example.com", "t3.micro",
  "us-east-1", "us-east-1a", "2024-01-01", "true", "Lsqm-passw0rd", "Lsqmpassw0rd", "000000000000",
  "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "sg-0123456789abcdef0",
  "ami-0123456789abcdef0", "rate(1 day)", "cron(0 12 * * ? *)", "/lsqm", "s3://lsqm-bucket/lsqm",
  "lsqm/", "1.0.0", "12:00", "03:00-04:00", "mon:05:00-mon:06:00", CERTIFICATE,
  "arn:aws:iam::000000000000:role/lsqm", "+15555550100", "00000000-0000-4000-8000-000000000000" }

local function lookup(list, key)
  for _, entry in ipairs(list) do
    if key:find(entry[1]) then return entry[2] end
  end
end

local function fit(value, parameter)
  local min = math.tointeger(tonumber(parameter.MinLength))
  local max = math.tointeger(tonumber(parameter.MaxLength))
  if min and #value < min then value = value .. ("x"):rep(math.min(min, 4096) - #value) end
  if max and #value > max then value = value:sub(1, max) end
  return value
end

---Whether a text is what the parameter allows.
---@param parameter table {AllowedPattern=, MinLength=, MaxLength=}
function M.allows(parameter, text)
  local min, max = tonumber(parameter.MinLength), tonumber(parameter.MaxLength)
  if min and #text < min or max and #text > max then return false end
  local allowed = parameter.AllowedPattern
  return type(allowed) ~= "string" or pattern.matches(allowed, text) ~= false
end

local function number(name, parameter)
  local min, max = tonumber(parameter.MinValue), tonumber(parameter.MaxValue)
  local value = tonumber((lookup(BY_NAME, names.snake(name)))) or 1
  if value > 100 and not names.snake(name):find("port") then value = 1 end
  if max and value > max then value = max end
  if min and value < min then value = min end
  return value
end

local function text(name, parameter)
  local kind = type(parameter.Type) == "string" and parameter.Type or "String"
  local likely = lookup(BY_TYPE, kind) or lookup(BY_NAME, names.snake(name)) or "lsqm"
  local first = fit(likely, parameter)
  if M.allows(parameter, first) then return first end
  for _, candidate in ipairs(USUAL) do
    if M.allows(parameter, candidate) then return candidate end
    candidate = fit(candidate, parameter)
    if M.allows(parameter, candidate) then return candidate end
  end
  local made = type(parameter.AllowedPattern) == "string"
    and pattern.sample(parameter.AllowedPattern, function(sample)
      return M.allows(parameter, sample)
    end)
  return made or first
end

---A value for a parameter or variable that has none.
---@param name string
---@param parameter table {Type=, AllowedValues=, AllowedPattern=, MinLength=, MinValue=…}
---@return any
function M.value(name, parameter)
  local allowed = parameter.AllowedValues
  if type(allowed) == "table" and allowed[1] ~= nil then return expr.scalar(allowed[1]) end
  local kind = parameter.Type or "String"
  if kind == "Number" or kind == "List<Number>" then return number(name, parameter) end
  return text(name, parameter)
end

return M
