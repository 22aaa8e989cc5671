-- SPDX-License-Identifier: Apache-2.0
-- ARNs that CloudFormation returns and the provider does not, as expression text; and ARNs where
-- the provider takes nothing else, but CloudFormation ids, aliases and names, as Ref gives them.
local expr = require "std.normalize.expr"

local M = {}

-- --- what CloudFormation returns ---------------------------------------------------------------

---The text inside a string template up to the account: "arn:${…}:appsync:${…}:${…}:".
---@param scope table see std.normalize.cfn.scope
---@param service string
---@return string
function M.prefix(scope, service)
  scope.data.aws_partition, scope.data.aws_region = true, true
  scope.data.aws_caller_identity = true
  return "arn:${data.aws_partition.current.partition}:" .. service
    .. ":${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:"
end

---An attribute function of a rule: `format` with one %s for each attribute of the resource.
---@param service string
---@param format string what follows the account
---@param ... string attributes
---@return fun(target: table, address: function, scope: table): string
function M.of(service, format, ...)
  local attributes = { ... }
  return function(target, address, scope)
    local texts = {}
    for i, name in ipairs(attributes) do texts[i] = "${" .. address(target, name) .. "}" end
    return '"' .. M.prefix(scope, service) .. format:format(table.unpack(texts)) .. '"'
  end
end

-- --- what the provider takes --------------------------------------------------------------------

-- Arguments of Terraform that are keys; services that take any name of a key keep what is given.
local KEYS = { kms_key_id = true, kms_key_arn = true, kms_key = true, encryption_key = true }
local ANY_NAME = { aws_secretsmanager_secret = true, aws_kinesis_stream = true,
  aws_sagemaker_notebook_instance = true }

-- What Ref gives of each type that has an ARN beside it.
local NAMED = {
  key = { aws_kms_key = "key_id", aws_kms_external_key = "key_id", aws_kms_replica_key = "key_id",
    aws_kms_alias = "name" },
  role = { aws_iam_role = "name" },
  ["instance-profile"] = { aws_iam_instance_profile = "name" },
}

local function kind_of(self, name)
  if KEYS[name] then return not ANY_NAME[self.type] and "key" or nil end
  return name:find("role_arn$") and "role" or nil
end

---The ARN of what a reference names, where Ref gives something else.
---@param text string expression text
---@param kind "key"|"role"|"instance-profile"
---@return string|nil text nil for another kind of reference
function M.reference(text, kind)
  local made, attribute = text:match("^([%w_]+)%.[%w_]+%.([%w_]+)$")
  if not made then made, attribute = text:match("^one%(([%w_]+)%.[%w_]+%[%*%]%.([%w_]+)%)$") end
  if not made or NAMED[kind][made] ~= attribute then return nil end
  return (text:gsub("%." .. attribute .. "(%)?)$", ".arn%1"))
end

-- An alias or an id of a key; other words mean something to the service.
local function of_text(self, text)
  local is_id = text:find("^%x+%-%x+%-%x+%-%x+%-%x+$") or text:find("^mrk%-%x+$")
  local resource = text:find("^alias/") and text or is_id and "key/" .. text
  if not resource then return text end
  return self:value { ["Fn::Sub"] = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:"
    .. resource }
end

---The node that an argument takes.
---@param self table the resource that is converted
---@param name string argument of Terraform
---@param node any
---@return any node the same where no ARN is wanted or known
function M.wanted(self, name, node)
  local kind = kind_of(self, name)
  if not kind then return node end
  if type(node) == "string" then return kind == "key" and of_text(self, node) or node end
  if type(node) ~= "table" then return node end
  if node.k == "cond" then
    return expr.cond(node.test, M.wanted(self, name, node.yes), M.wanted(self, name, node.no))
  end
  local text = node.k == "raw" and M.reference(node.text, kind)
  return text and expr.raw(text, "string") or node
end

return M
