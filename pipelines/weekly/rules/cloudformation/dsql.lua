-- SPDX-License-Identifier: Apache-2.0
local function endpoint(target, address, scope)
  scope.data.aws_region = true
  return ('"${%s}.dsql.${data.aws_region.current.name}.on.aws"'):format(
    address(target, "identifier"))
end

return {
  ["AWS::DSQL::Cluster"] = { type = "aws_dsql_cluster", ref = "identifier",
    attributes = { ResourceArn = "arn", Endpoint = endpoint, EncryptionDetails = false },
    props = {} },
}
