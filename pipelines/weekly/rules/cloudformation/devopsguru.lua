-- SPDX-License-Identifier: Apache-2.0
-- What is filtered says the type.
local function collection(self, value, body)
  if type(value) ~= "table" then return self:unsupported(nil, "a structure is expected") end
  local kind = value.CloudFormation and "AWS_CLOUD_FORMATION" or "AWS_TAGS"
  body:set("type", kind)
  self:map(value, { CloudFormation = "cloudformation" }, body)
end

return {
  ["AWS::DevOpsGuru::NotificationChannel"] = { type = "aws_devopsguru_notification_channel",
    props = { Config = { inline = true } } },
  ["AWS::DevOpsGuru::ResourceCollection"] = { type = "aws_devopsguru_resource_collection",
    ref = "type", attributes = { ResourceCollectionType = "type" },
    props = { ResourceCollectionFilter = collection } },
}
