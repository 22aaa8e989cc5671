-- SPDX-License-Identifier: Apache-2.0
-- ARNs that CloudFormation returns and the provider does not, as expression text.
local M = {}

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

return M
