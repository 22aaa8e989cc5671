-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"

-- CloudFormation takes the workspace's ARN, Terraform its id.
local function workspace(self, value, body)
  local node = self:value(value)
  local text = type(node) == "table" and node.k == "raw" and node.text or ""
  if text:find("^aws_prometheus_workspace%.[%w_]+%.arn$") then
    return body:raw("workspace_id", (text:gsub("arn$", "id")))
  end
  body:raw("workspace_id", ('element(split("/", %s), 1)'):format(expr.text(node)))
end

return {
  ["AWS::APS::Workspace"] = { type = "aws_prometheus_workspace", ref = "arn",
    attributes = { WorkspaceId = "id" },
    props = { AlertManagerDefinition = { separate = "aws_prometheus_alert_manager_definition",
      suffix = "alert_manager", link = { workspace_id = "id" }, into = "definition" } } },
  ["AWS::APS::RuleGroupsNamespace"] = { type = "aws_prometheus_rule_group_namespace", ref = "arn",
    props = { Workspace = workspace } },
  ["AWS::APS::Scraper"] = { type = "aws_prometheus_scraper", ref = "arn",
    attributes = { ScraperId = "id" },
    props = {
      ScrapeConfiguration = { inline = true, props = { ConfigurationBlob = {
        to = "scrape_configuration", wrap = "base64decode(%s)" } } },
      Destination = { to = "destination", props = { AmpConfiguration = "amp" } },
      Source = { to = "source", props = { EksConfiguration = "eks" } },
    } },
}
