-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

local SAML = { separate = "aws_grafana_workspace_saml_configuration", suffix = "saml",
  link = { workspace_id = "id" }, props = {
    IdpMetadata = { inline = true, props = { Url = "idp_metadata_url", Xml = "idp_metadata_xml" } },
    AssertionAttributes = { inline = true, props = {
      Email = "email_assertion", Groups = "groups_assertion", Login = "login_assertion",
      Name = "name_assertion", Org = "org_assertion", Role = "role_assertion" } },
    RoleValues = { inline = true, props = {
      Admin = "admin_role_values", Editor = "editor_role_values" } } } }

local function plugins(self, value, body)
  if values.is_no_value(value) then return end
  body:raw("configuration", ("jsonencode({ plugins = { pluginAdminEnabled = %s } })"):format(
    self:text(value)))
end

return {
  ["AWS::Grafana::Workspace"] = { type = "aws_grafana_workspace", props = {
    SamlConfiguration = SAML, PluginAdminEnabled = plugins,
    ClientToken = { drop = "a token of one request" } } },
}
