-- SPDX-License-Identifier: Apache-2.0
-- The Terraform files of a converted template: main.tf, variables.tf, outputs.tf.
local expr = require "std.normalize.expr"
local hcl = require "std.hcl"
local names = require "std.normalize.names"
local params = require "std.normalize.cfn.params"

local M = {}

-- Looks as `terraform fmt` would leave it.
local function format(text)
  return hcl.format(text) or text
end

local DATA = {
  aws_availability_zones = '  state = "available"\n',
}

local function add(out, ...) out[#out + 1] = table.concat({ ... }) end

local function data_sources(scope, out)
  for _, kind in ipairs(names.sorted_keys(scope.data)) do
    add(out, ('data "%s" "current" {\n%s}\n'):format(kind, DATA[kind] or ""))
  end
  for _, lookup in ipairs(scope.lookups) do
    local lines = { ('data "%s" "%s" {'):format(lookup.type, lookup.label) }
    lookup.body:write(lines, 1)
    add(out, table.concat(lines, "\n"), "\n}\n")
  end
  for _, label in ipairs(scope.ssm) do
    add(out, ('data "aws_ssm_parameter" "%s" {\n  name = var.%s\n}\n'):format(label, label))
  end
end

local function locals(parts, out)
  if #parts.conditions == 0 and not parts.mappings then return end
  local lines = { "locals {" }
  for _, condition in ipairs(parts.conditions) do
    lines[#lines + 1] = ("  %s = %s"):format(condition.name, condition.text)
  end
  if parts.mappings then
    lines[#lines + 1] = "  mappings = " .. expr.text(parts.mappings, 1)
  end
  add(out, table.concat(lines, "\n"), "\n}\n")
end

local function resource_block(block, depends_on, out)
  local lines = { ('resource "%s" "%s" {'):format(block.type, block.label) }
  if block.count then lines[#lines + 1] = ("  count = %s ? 1 : 0"):format(block.count) end
  block.body:write(lines, 1)
  if #depends_on > 0 then
    lines[#lines + 1] = "  depends_on = [\n    " .. table.concat(depends_on, ",\n    ") .. ",\n  ]"
  end
  add(out, table.concat(lines, "\n"), "\n}\n")
end

local function main(parts)
  local out = { 'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n'
    .. "    }\n  }\n}\n" }
  data_sources(parts.scope, out)
  locals(parts, out)
  for _, id in ipairs(parts.order) do
    local resource = parts.done[id]
    for _, block in ipairs(resource.blocks) do
      resource_block(block, resource.depends_on, out)
    end
  end
  return format(table.concat(out, "\n"))
end

local function variable(item, out)
  local lines = { ('variable "%s" {'):format(item.name), "  type = " .. item.type }
  if item.description then
    lines[#lines + 1] = "  description = " .. expr.quote(item.description)
  end
  lines[#lines + 1] = "  default = " .. expr.text(item.default, 1)
  if item.sensitive then lines[#lines + 1] = "  sensitive = true" end
  if item.validation then
    lines[#lines + 1] = ("  validation {\n    condition = %s\n    error_message = %s\n  }"):format(
      item.validation.condition, expr.quote(item.validation.message))
  end
  add(out, table.concat(lines, "\n"), "\n}\n")
end

local function variables(parts)
  local out, scope = {}, parts.scope
  for _, item in ipairs(parts.variables) do variable(item, out) end
  for _, name in ipairs(names.sorted_keys(scope.imports)) do
    local default = params.stand_in(scope.imports[name], {})
    variable({ name = name, type = "string", default = default }, out)
  end
  if scope.uses_stack_name then
    variable({ name = "stack_name", type = "string", default = scope.stack_name }, out)
  end
  return #out > 0 and format(table.concat(out, "\n")) or nil
end

local function is_sensitive(parts, text)
  for _, item in ipairs(parts.variables) do
    if item.sensitive and text:find("var." .. item.name, 1, true) then return true end
  end
end

local function outputs(parts)
  local out = {}
  for _, output in ipairs(parts.outputs) do
    local lines = { ('output "%s" {'):format(output.name) }
    if output.description then
      lines[#lines + 1] = "  description = " .. expr.quote(output.description)
    end
    local text = expr.text(output.node, 1)
    lines[#lines + 1] = "  value = " .. text
    if is_sensitive(parts, text) then lines[#lines + 1] = "  sensitive = true" end
    add(out, table.concat(lines, "\n"), "\n}\n")
  end
  return #out > 0 and format(table.concat(out, "\n")) or nil
end

---@param parts table see std.normalize.cfn
---@return table<string, string> text by file name
function M.files(parts)
  return { ["main.tf"] = main(parts), ["outputs.tf"] = outputs(parts),
    ["variables.tf"] = variables(parts) }
end

return M
