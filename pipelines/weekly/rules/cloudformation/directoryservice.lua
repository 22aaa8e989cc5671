-- SPDX-License-Identifier: Apache-2.0
local ATTRIBUTES = { Alias = "alias", DirectoryId = "id",
  DnsIpAddresses = function(target, address)
    return "sort(" .. address(target, "dns_ip_addresses") .. ")", "list"
  end }

local function create_alias(self, value)
  if self:value(value) ~= false then
    self:unsupported(nil, "an alias that CloudFormation makes up")
  end
end

return {
  ["AWS::DirectoryService::MicrosoftAD"] = { type = "aws_directory_service_directory",
    attributes = ATTRIBUTES, set = { type = '"MicrosoftAD"' },
    props = { CreateAlias = create_alias } },
  ["AWS::DirectoryService::SimpleAD"] = { type = "aws_directory_service_directory",
    attributes = ATTRIBUTES, set = { type = '"SimpleAD"' },
    props = { CreateAlias = create_alias } },
}
