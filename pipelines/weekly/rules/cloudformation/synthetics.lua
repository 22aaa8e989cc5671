-- SPDX-License-Identifier: Apache-2.0
local values = require "std.normalize.cfn.values"

-- A script is packaged where the runtime looks for the module of the handler.
local function script(self, value, body)
  local text = self.scope:constant(self:value(value))
  local props = self.props
  local handler = self.scope:constant(self:value(props.Code.Handler)) or ""
  local runtime = self.scope:constant(self:value(props.RuntimeVersion)) or ""
  if not text then return self:unsupported(nil, "a script with values known at deploy time") end
  local module = handler:match("^(.*)%.[^.]+$") or "index"
  local file = runtime:find("python", 1, true) and "python/" .. module .. ".py"
    or "nodejs/node_modules/" .. module .. ".js"
  local path = "packages/" .. self.label .. ".zip"
  self.scope.packages[path] = { files = { [file] = text } }
  body:raw("zip_file", '"${path.module}/' .. path .. '"')
end

local CODE = { inline = true, props = { Script = script, S3ObjectVersion = "s3_version",
  SourceLocationArn = { drop = "the service fills it in" } } }

local function members(self, value)
  values.each(self, value, function(item, test, i)
    local body = self:block("aws_synthetics_group_association", "member_" .. i, test)
    body:raw("group_name", self:own("name"))
    body:set("canary_arn", self:value(item))
  end)
end

return {
  ["AWS::Synthetics::Canary"] = {
    type = "aws_synthetics_canary", ref = "name",
    attributes = { Id = false, State = "status",
      ["Code.SourceLocationArn"] = "source_location_arn" },
    props = { Code = CODE, DeleteLambdaResourcesOnCanaryDeletion = "delete_lambda",
      StartCanaryAfterCreation = "start_canary",
      VPCConfig = { to = "vpc_config", props = { VpcId = { drop = "the subnets say it" } } } },
  },
  ["AWS::Synthetics::Group"] = { type = "aws_synthetics_group", ref = "name",
    attributes = { Id = "group_id" }, props = { ResourceArns = members } },
}
