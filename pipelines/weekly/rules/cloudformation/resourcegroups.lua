-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"

-- A group of a stack's resources has no query of its own; in Terraform there is no stack.
local function of_stack(self, props, body)
  local query = type(props.ResourceQuery) == "table" and props.ResourceQuery or {}
  local block = body:single("resource_query")
  if query.Type ~= "CLOUDFORMATION_STACK_1_0" or block:has("query") then return end
  self.scope:assume(self.id .. ": all resources of the stack; the query names the stack only")
  block:set("query", expr.raw(expr.json(self:value { ResourceTypeFilters = {
    "AWS::AllSupported" }, StackIdentifier = { Ref = "AWS::StackId" } }, 1)))
end

return {
  ["AWS::ResourceGroups::Group"] = { finish = of_stack,
    type = "aws_resourcegroups_group", ref = "name",
    props = {
      ResourceQuery = { to = "resource_query", props = { Query = { to = "query", json = true } } },
      Resources = { separate = "aws_resourcegroups_resource", suffix = "resource",
        link = { group_arn = "arn" }, item = "resource_arn" },
    },
  },
}
