-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"

-- A generated password has to be the same in every run: a fixed one of the wanted length.
local function generated(self, value)
  local length = tonumber(value.PasswordLength) or 32
  local password = ("Lsqm-0-secret-"):rep(20):sub(1, math.max(8, math.tointeger(length) or 32))
  self.scope:assume(("%s: generated secret is the fixed text '%s'"):format(self.id, password))
  local body = self:block("aws_secretsmanager_secret_version", "version")
  body:raw("secret_id", self:own("id"))
  local template, key = value.SecretStringTemplate, value.GenerateStringKey
  if template == nil then return body:set("secret_string", password) end
  body:raw("secret_string", ("jsonencode(merge(jsondecode(%s), { (%s) = %s }))"):format(
    self:text(template), self:text(key or "password"), expr.quote(password)))
end

return {
  ["AWS::SecretsManager::Secret"] = {
    type = "aws_secretsmanager_secret", ref = "arn", attributes = { Id = "arn" },
    props = {
      SecretString = { separate = "aws_secretsmanager_secret_version", suffix = "version",
        link = { secret_id = "id" }, into = "secret_string", json = true },
      GenerateSecretString = generated,
      ReplicaRegions = { to = "replica" },
    },
  },
  ["AWS::SecretsManager::ResourcePolicy"] = { type = "aws_secretsmanager_secret_policy",
    props = { SecretId = "secret_arn", ResourcePolicy = { to = "policy", json = true },
      BlockPublicPolicy = "block_public_policy" } },
  ["AWS::SecretsManager::RotationSchedule"] = { type = "aws_secretsmanager_secret_rotation",
    props = { RotationLambdaARN = "rotation_lambda_arn", RotateImmediatelyOnUpdate =
      "rotate_immediately", RotationRules = { to = "rotation_rules" } } },
}
