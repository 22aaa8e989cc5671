-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local function keys(self, value)
  values.each(self, value, function(item, test)
    local body = self:block("aws_transfer_ssh_key", "key", test)
    body:raw("server_id", self:own("server_id"))
    body:raw("user_name", self:own("user_name"))
    body:set("body", self:value(item))
  end)
end

return {
  ["AWS::Transfer::Server"] = { type = "aws_transfer_server", ref = "arn",
    attributes = { Arn = "arn", ServerId = "id" },
    props = { IdentityProviderDetails = { inline = true } } },
  ["AWS::Transfer::User"] = { type = "aws_transfer_user", ref = "arn",
    props = { SshPublicKeys = keys, Policy = { to = "policy", json = true } } },
  ["AWS::Transfer::Workflow"] = { type = "aws_transfer_workflow",
    attributes = { WorkflowId = "id" }, props = {} },
  ["AWS::Transfer::Agreement"] = { type = "aws_transfer_agreement", ref = "agreement_id",
    props = {} },
  ["AWS::Transfer::Certificate"] = { type = "aws_transfer_certificate", ref = "certificate_id",
    props = {} },
  ["AWS::Transfer::Connector"] = { type = "aws_transfer_connector", ref = "connector_id",
    props = {} },
  ["AWS::Transfer::Profile"] = { type = "aws_transfer_profile", ref = "profile_id", props = {} },
}
