-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local tables = require "std.table"
local values = require "std.normalize.cfn.values"

-- --- generated values ------------------------------------------------------------------------

-- The kinds of characters in the order in which a password takes them.
local KINDS = {
  { "ExcludeLowercase", "lsqmabcdefghijknoprtuvwxyz" },
  { "ExcludeUppercase", "LSQMABCDEFGHIJKNOPRTUVWXYZ" },
  { "ExcludeNumbers", "0123456789" }, { "ExcludePunctuation", "-_.!~*+=:;,?%&" },
}

local function is_true(self, value)
  local node = self:value(value)
  return node == true or node == "true"
end

local function alphabets(self, value)
  local excluded = self:value(value.ExcludeCharacters)
  if type(excluded) ~= "string" then excluded = "" end
  local list = {}
  for _, kind in ipairs(KINDS) do
    local letters = kind[2]:gsub(".", function(c)
      return excluded:find(c, 1, true) and "" or nil
    end)
    if letters ~= "" and not is_true(self, value[kind[1]]) then list[#list + 1] = letters end
  end
  return list
end

-- A generated password has to be the same in every run: a fixed one as the template asks.
local function password_of(self, value)
  local length = tonumber(self:value(value.PasswordLength)) or 32
  local list, out = alphabets(self, value), {}
  if #list == 0 then return nil end
  for i = 0, math.max(1, math.tointeger(length) or 32) - 1 do
    local letters = list[i % #list + 1]
    local at = (i // #list) % #letters + 1
    out[#out + 1] = letters:sub(at, at)
  end
  return table.concat(out)
end

local KNOWN = tables.set { "ExcludeCharacters", "ExcludeLowercase", "ExcludeUppercase",
  "ExcludeNumbers", "ExcludePunctuation", "GenerateStringKey", "IncludeSpace", "PasswordLength",
  "RequireEachIncludedType", "SecretStringTemplate" }

local generated

generated = function(self, value, _, test)
  if values.is_no_value(value) then return end
  local arms = values.if_arms(value)
  if arms and not test then
    local condition = self.scope:condition(arms[1])
    generated(self, arms[2], nil, condition)
    return generated(self, arms[3], nil, "!" .. condition)
  end
  if type(value) ~= "table" or values.is_intrinsic(value) then
    return self:unsupported(nil, "a structure known only at deploy time")
  end
  for key in pairs(value) do
    if not KNOWN[key] then self:unsupported(tostring(key), "no counterpart") end
  end
  local password = password_of(self, value)
  if not password then return self:unsupported(nil, "no character is left for a password") end
  self.scope:assume(("%s: generated secret is the fixed text '%s'"):format(self.id, password))
  local body = self:block("aws_secretsmanager_secret_version", "version", test)
  body:raw("secret_id", self:own("id"))
  local template, key = value.SecretStringTemplate, value.GenerateStringKey
  if template == nil then return body:set("secret_string", password) end
  body:raw("secret_string", ("jsonencode(merge(jsondecode(%s), { (%s) = %s }))"):format(
    self:text(template), self:text(key or "password"), expr.quote(password)))
end

-- --- attachments -------------------------------------------------------------------------------

-- What the service writes into a secret about the database that it is attached to.
local CONNECTION = {
  aws_db_instance = { engine = "engine", host = "address", port = "port", dbname = "db_name",
    dbInstanceIdentifier = "identifier" },
  aws_rds_cluster = { engine = "engine", host = "endpoint", port = "port",
    dbname = "database_name", dbClusterIdentifier = "cluster_identifier" },
  aws_redshift_cluster = { engine = '"redshift"', host = "dns_name", port = "port",
    dbname = "database_name", dbClusterIdentifier = "cluster_identifier" },
  aws_docdb_cluster = { engine = '"mongo"', host = "endpoint", port = "port",
    dbClusterIdentifier = "cluster_identifier" },
}

local function connection_of(self, value)
  local id = type(value) == "table" and value.Ref
  local target = self.scope.resources[id or ""]
  local known = target and CONNECTION[target.type]
  if not known or target.count then return nil end
  local parts = {}
  for name, attribute in pairs(known) do
    local text = attribute:find('"') and attribute
      or ("%s.%s.%s"):format(target.type, target.label, attribute)
    parts[#parts + 1] = name .. " = " .. text
  end
  table.sort(parts)
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function attach(self, value, body)
  local connection = connection_of(self, value)
  if not connection then return self:unsupported(nil, "not a database of this template") end
  local before = self:text { ["Fn::Sub"] = { "{{resolve:secretsmanager:${Secret}:SecretString}}",
    { Secret = self.props.SecretId } } }
  body:raw("secret_string", ("jsonencode(merge(jsondecode(%s), "
    .. "{ for key, value in %s : key => value if value != null }))"):format(before, connection))
end

return {
  ["AWS::SecretsManager::Secret"] = {
    type = "aws_secretsmanager_secret", ref = "arn", attributes = { Id = "arn" },
    makes = { "aws_secretsmanager_secret_version" },
    props = {
      SecretString = { separate = "aws_secretsmanager_secret_version", suffix = "version",
        link = { secret_id = "id" }, into = "secret_string", json = true },
      GenerateSecretString = generated,
      ReplicaRegions = { to = "replica" },
    },
  },
  ["AWS::SecretsManager::ResourcePolicy"] = { type = "aws_secretsmanager_secret_policy",
    ref = "secret_arn", attributes = { Id = "secret_arn" },
    props = { SecretId = "secret_arn", ResourcePolicy = { to = "policy", json = true } } },
  ["AWS::SecretsManager::RotationSchedule"] = { type = "aws_secretsmanager_secret_rotation",
    ref = "secret_id", attributes = { Id = "secret_id" },
    props = { RotateImmediatelyOnUpdate = "rotate_immediately" } },
  ["AWS::SecretsManager::SecretTargetAttachment"] = { type = "aws_secretsmanager_secret_version",
    ref = "secret_id", attributes = { Id = "secret_id" },
    props = { TargetId = attach, TargetType = { drop = "the target's own type says it" } } },
}
