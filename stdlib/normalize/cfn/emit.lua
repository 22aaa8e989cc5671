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

-- What an account has by itself (see params.lua).
local NETWORK = {
  aws_vpc = "  default = true\n",
  aws_security_group = '  name = "default"\n  vpc_id = data.aws_vpc.default.id\n',
  aws_subnets = '  filter {\n    name = "default-for-az"\n    values = ["true"]\n  }\n',
}

-- Attributes that the provider keeps out of outputs.
local SECRET = { "%.secret", "password", "%.private_key", "%.auth_token", "_api_key%.[%w_]+%.value",
  "aws_ssm_parameter%.[%w_]+%.value", "%.client_secret", "aws_appsync_api_key%.[%w_]+%.key" }

local function add(out, ...) out[#out + 1] = table.concat({ ... }) end

local function data_sources(scope, out)
  for _, kind in ipairs(names.sorted_keys(scope.data)) do
    add(out, ('data "%s" "current" {\n%s}\n'):format(kind, DATA[kind] or ""))
  end
  for _, kind in ipairs(names.sorted_keys(scope.network)) do
    add(out, ('data "%s" "default" {\n%s}\n'):format(kind, NETWORK[kind]))
  end
end

local function sensitive_names(parts)
  local set = {}
  for _, item in ipairs(parts.variables) do
    if item.sensitive then set[item.name] = true end
  end
  return set
end

local function mentions(text, sensitive)
  for name in text:gmatch("var%.([%w_]+)") do
    if sensitive[name] then return true end
  end
  return false
end

-- Attributes that are set from sensitive variables: "type.label.attribute".
local function carriers(parts)
  local set = {}
  for _, id in ipairs(parts.order) do
    local module = parts.done[id].module
    for _, output in ipairs(module and module.secrets or {}) do
      set[("module.%s.%s"):format(module.label, output)] = true
    end
  end
  if next(parts.sensitive) == nil then return set end
  local function test(text) return mentions(text, parts.sensitive) end
  for _, id in ipairs(parts.order) do
    for _, block in ipairs(parts.done[id].blocks) do
      for _, name in ipairs(block.body:names_where(test)) do
        set[("%s.%s.%s"):format(block.type, block.label, name)] = true
      end
    end
  end
  return set
end

local function is_sensitive(parts, text)
  if mentions(text, parts.sensitive) then return true end
  for address in text:gsub("%[[%d*]+%]", ""):gmatch("%f[%w_][%w_]+%.[%w_]+%.[%w_]+") do
    if parts.carriers[address] then return true end
  end
  for _, pattern in ipairs(SECRET) do
    if text:find(pattern) then return true end
  end
  return false
end

-- A secret that is made here can be read when its value is there.
local function secrets(parts, out)
  for _, label in ipairs(names.sorted_keys(parts.scope.secrets)) do
    local secret = parts.scope.secrets[label]
    local made = parts.done[secret.id]
    add(out, ('data "aws_secretsmanager_secret_version" "%s" {\n  secret_id = %s\n'):format(label,
      secret.text), "  depends_on = [", table.concat(made and made.addresses or {}, ", "), "]\n}\n")
  end
end

local function locals(parts, out)
  if #parts.conditions == 0 and not parts.mappings then return end
  local lines = { "locals {" }
  for _, condition in ipairs(parts.conditions) do
    local text = condition.text
    if mentions(text, parts.sensitive) then text = "nonsensitive(" .. text .. ")" end
    lines[#lines + 1] = ("  %s = %s"):format(condition.name, text)
  end
  if parts.mappings then
    lines[#lines + 1] = "  mappings = " .. expr.text(parts.mappings, 1)
  end
  add(out, table.concat(lines, "\n"), "\n}\n")
end

local function dependencies(depends_on, own)
  local all, seen = {}, {}
  for _, group in ipairs { own or {}, depends_on } do
    for _, address in ipairs(group) do
      if not seen[address] then all[#all + 1] = address end
      seen[address] = true
    end
  end
  if #all == 0 then return nil end
  return "  depends_on = [\n    " .. table.concat(all, ",\n    ") .. ",\n  ]"
end

local function module_block(block, depends_on, out)
  local lines = { ('module "%s" {'):format(block.label),
    ('  source = "./modules/%s"'):format(block.label) }
  if block.count then lines[#lines + 1] = ("  count = %s ? 1 : 0"):format(block.count) end
  for _, input in ipairs(block.inputs) do
    lines[#lines + 1] = ("  %s = %s"):format(input.name, input.text)
  end
  lines[#lines + 1] = dependencies(depends_on)
  add(out, table.concat(lines, "\n"), "\n}\n")
end

local function check_block(rule, out)
  local lines = { ('check "%s" {'):format(rule.name) }
  for _, item in ipairs(rule.assertions) do
    lines[#lines + 1] = ("  assert {\n    condition = %s\n    error_message = %s\n  }"):format(
      item.condition, expr.quote(item.message))
  end
  add(out, table.concat(lines, "\n"), "\n}\n")
end

-- What a rule waits for stands with what the template waits for.
local function all_dependencies(block, depends_on)
  local own = block.body:take("depends_on")
  if not own then return depends_on end
  local list, seen = {}, {}
  local function add_one(address)
    if not seen[address] then list[#list + 1], seen[address] = address, true end
  end
  for address in expr.text(own):gmatch("[^%[%],%s]+") do add_one(address) end
  for _, address in ipairs(depends_on) do add_one(address) end
  return list
end

local function resource_block(block, depends_on, out)
  depends_on = all_dependencies(block, depends_on)
  local lines = { ('resource "%s" "%s" {'):format(block.type, block.label) }
  local one = block.length or "1"
  if block.count then
    lines[#lines + 1] = ("  count = %s ? %s : 0"):format(block.count, one)
  elseif block.length then
    lines[#lines + 1] = "  count = " .. one
  end
  block.body:write(lines, 1)
  lines[#lines + 1] = dependencies(depends_on, block.body.depends)
  add(out, table.concat(lines, "\n"), "\n}\n")
end

local function main(parts)
  local out = { 'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n'
    .. "    }\n  }\n}\n" }
  data_sources(parts.scope, out)
  secrets(parts, out)
  locals(parts, out)
  for _, block in ipairs(parts.scope.stand_ins) do resource_block(block, {}, out) end
  for _, id in ipairs(parts.order) do
    local resource = parts.done[id]
    for _, block in ipairs(resource.blocks) do
      resource_block(block, resource.depends_on, out)
    end
    if resource.module then module_block(resource.module, resource.depends_on, out) end
  end
  for _, rule in ipairs(parts.rules) do check_block(rule, out) end
  return format(table.concat(out, "\n"))
end

local function variable(item, out)
  local lines = { ('variable "%s" {'):format(item.name), "  type = " .. item.type }
  if item.description then
    lines[#lines + 1] = "  description = " .. expr.quote(item.description)
  end
  if item.default ~= nil then
    lines[#lines + 1] = "  default = " .. expr.text(item.default, 1)
  end
  if item.sensitive then lines[#lines + 1] = "  sensitive = true" end
  for _, rule in ipairs(item.validations or {}) do
    lines[#lines + 1] = ("  validation {\n    condition = %s\n    error_message = %s\n  }"):format(
      rule.condition, expr.quote(rule.message))
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

local function outputs(parts)
  local out = {}
  for _, output in ipairs(parts.outputs) do
    local lines = { ('output "%s" {'):format(output.name) }
    if output.description then
      lines[#lines + 1] = "  description = " .. expr.quote(output.description)
    end
    local text = expr.text(output.node, 1)
    lines[#lines + 1] = "  value = " .. text
    if is_sensitive(parts, text) then
      lines[#lines + 1] = "  sensitive = true"
      parts.secrets[#parts.secrets + 1] = output.name
    end
    add(out, table.concat(lines, "\n"), "\n}\n")
  end
  return #out > 0 and format(table.concat(out, "\n")) or nil
end

---@param parts table see std.normalize.cfn
---@return table<string, string> text by file name
function M.files(parts)
  for _, name in ipairs(names.sorted_keys(parts.scope.references)) do
    parts.variables[#parts.variables + 1] = parts.scope.references[name]
  end
  parts.sensitive = sensitive_names(parts)
  parts.carriers, parts.secrets = carriers(parts), {}
  return { ["main.tf"] = main(parts), ["outputs.tf"] = outputs(parts),
    ["variables.tf"] = variables(parts) }
end

return M
