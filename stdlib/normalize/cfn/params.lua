-- SPDX-License-Identifier: Apache-2.0
-- Parameters to variables. Every variable gets a default, so that the result deploys by itself;
-- values that the template does not give are listed as assumptions.
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local pattern = require "std.normalize.pattern"
local stand_in = require "std.normalize.stand_in"

local M = { stand_in = stand_in.value }

local function is_list_type(kind)
  return kind == "CommaDelimitedList" or kind:find("List<", 1, true) ~= nil
end

local function trim(text) return text:match("^%s*(.-)%s*$") end

-- "" is a list of one empty text, as CloudFormation has it.
local function split_list(value, is_number)
  local items = {}
  for item in (expr.scalar(value) .. ","):gmatch("([^,]*),") do
    item = trim(item)
    items[#items + 1] = is_number and tonumber(item) or item
  end
  return expr.list(items)
end

-- --- what the account has by itself ------------------------------------------------------------

-- A network that every account has stands for one that nobody named.
local NETWORK = {
  { type = "AWS::EC2::VPC::Id", name = "vpc_id$", data = { "aws_vpc" }, what = "the default VPC",
    value = "data.aws_vpc.default.id" },
  { type = "List<AWS::EC2::Subnet::Id>", name = "subnet_ids$", data = { "aws_subnets" },
    what = "the subnets of the default VPC", value = "data.aws_subnets.default.ids" },
  { type = "AWS::EC2::Subnet::Id", name = "subnet_id$", data = { "aws_subnets" },
    what = "a subnet of the default VPC", value = "data.aws_subnets.default.ids[%d]" },
  { type = "List<AWS::EC2::SecurityGroup::Id>", name = "security_group_ids$",
    data = { "aws_vpc", "aws_security_group" }, what = "the default security group",
    value = "[data.aws_security_group.default.id]" },
  { type = "AWS::EC2::SecurityGroup::Id", name = "security_group_id$",
    data = { "aws_vpc", "aws_security_group" }, what = "the default security group",
    value = "data.aws_security_group.default.id" },
}

local function network_of(name, kind, parameter)
  if parameter.AllowedPattern or parameter.AllowedValues then kind = kind:gsub("^String$", "") end
  local is_list = is_list_type(kind)
  local plain = kind == "String" or kind == "CommaDelimitedList"
  for _, entry in ipairs(NETWORK) do
    local fits = is_list == (entry.type:find("List<", 1, true) ~= nil)
    if kind == entry.type or plain and fits and names.snake(name):find(entry.name) then
      return entry
    end
  end
end

-- Two parameters for subnets mean two subnets.
local function network_value(entry, scope)
  if not entry.value:find("%d", 1, true) then return entry.value end
  scope.subnets_used = (scope.subnets_used or -1) + 1
  return entry.value:format(scope.subnets_used % 3)
end

local function network_node(label, entry, scope)
  for _, kind in ipairs(entry.data) do scope.network[kind] = true end
  local value = network_value(entry, scope)
  if entry.type:find("List<", 1, true) then
    return expr.raw(("coalescelist(var.%s, %s)"):format(label, value), "list")
  end
  return expr.raw(("coalesce(var.%s, %s)"):format(label, value), "string")
end

-- --- defaults ----------------------------------------------------------------------------------

local function given_default(parameter)
  local value = parameter.Default
  if type(value) == "userdata" or type(value) == "table" then return nil end
  return value
end

local function satisfies(parameter, kind, value)
  local allowed = parameter.AllowedValues
  if type(allowed) == "table" and #allowed > 0 then
    for _, item in ipairs(allowed) do
      if expr.scalar(item) == expr.scalar(value) then return true end
    end
    return is_list_type(kind)
  end
  if kind == "Number" then
    local n, min, max = tonumber(value), tonumber(parameter.MinValue), tonumber(parameter.MaxValue)
    return n ~= nil and not (min and n < min) and not (max and n > max)
  end
  return is_list_type(kind) or stand_in.allows(parameter, expr.scalar(value))
end

local function list_stand_in(name, kind, parameter)
  local first = expr.scalar(stand_in.value(name, parameter))
  if kind:find("AvailabilityZone", 1, true) then return first .. ",us-east-1b" end
  if kind:find("Subnet", 1, true) then return first .. ",subnet-0123456789abcdef1" end
  return first
end

-- A default that the template itself refuses is no default: somebody has to give another.
local function default_of(name, kind, parameter, scope)
  local value = given_default(parameter)
  local ok = value ~= nil and satisfies(parameter, kind, value)
  if ok and not (value == "" and kind:find("AWS::", 1, true)) then return value end
  local made = is_list_type(kind) and list_stand_in(name, kind, parameter)
    or stand_in.value(name, parameter)
  local why = value == nil and "has no default" or "has a default that it does not allow"
  local shown = tostring(parameter.NoEcho) == "true" and "a placeholder" or expr.scalar(made)
  scope:assume(("parameter %s %s: %s"):format(name, why, shown))
  return made
end

-- --- validation --------------------------------------------------------------------------------

local function each(kind, label, test)
  if not is_list_type(kind) then return test:format("var." .. label) end
  return ("alltrue([for item in var.%s : %s])"):format(label, test:format("item"))
end

local function allowed_values(kind, parameter, label)
  local allowed = parameter.AllowedValues
  if type(allowed) ~= "table" or #allowed == 0 then return nil end
  local items, is_number = {}, kind == "Number" or kind == "List<Number>"
  for i, value in ipairs(allowed) do
    items[i] = is_number and tonumber(value) or expr.scalar(value)
  end
  local text = expr.text(expr.list(items), 2):gsub("%%", "%%%%")
  return each(kind, label, "contains(" .. text .. ", %s)"), "is not one of the allowed values"
end

local function allowed_pattern(kind, parameter, label, scope)
  if type(parameter.AllowedPattern) ~= "string" then return nil end
  local text, note = pattern.re2(parameter.AllowedPattern)
  if note then
    scope:assume(("pattern of variable %s: Terraform cannot say %s%s"):format(label, note,
      text and "" or ", so it is left out"))
  end
  if not text then return nil end
  local quoted = expr.quote(text):gsub("%%", "%%%%")
  return each(kind, label, "can(regex(" .. quoted .. ", %s))"),
    "does not match its pattern"
end

local function bounds(low, high, subject)
  local parts = {}
  if tonumber(low) then parts[1] = ("%s >= %s"):format(subject, expr.scalar(tonumber(low))) end
  if tonumber(high) then
    parts[#parts + 1] = ("%s <= %s"):format(subject, expr.scalar(tonumber(high)))
  end
  return #parts > 0 and table.concat(parts, " && ") or nil
end

local function lengths(kind, parameter, label)
  if is_list_type(kind) or kind == "Number" then return nil end
  return bounds(parameter.MinLength, parameter.MaxLength, "length(var." .. label .. ")"),
    "is too short or too long"
end

local function range(kind, parameter, label)
  if kind ~= "Number" then return nil end
  return bounds(parameter.MinValue, parameter.MaxValue, "var." .. label), "is out of range"
end

local function validations(name, kind, parameter, item, scope)
  local list = {}
  for _, rule in ipairs { allowed_values, allowed_pattern, lengths, range } do
    local condition, message = rule(kind, parameter, item.name, scope)
    if condition then
      local described = parameter.ConstraintDescription
      list[#list + 1] = { condition = condition, message = type(described) == "string"
        and described ~= "" and described or ("%s %s."):format(name, message) }
    end
  end
  return list
end

-- A pattern that no value was found for cannot be kept: the root would never deploy.
local function checked(name, kind, parameter, item, scope)
  local default = item.default
  if type(default) == "table" or satisfies(parameter, kind, default) then
    return validations(name, kind, parameter, item, scope)
  end
  scope:assume(("parameter %s: no value was found that it allows, so it allows any"):format(name))
  return {}
end

-- --- variables ---------------------------------------------------------------------------------

local function typed(label, kind, default)
  if kind == "Number" then
    return { name = label, type = "number", default = tonumber(default) or 0 }
  elseif is_list_type(kind) then
    local is_number = kind == "List<Number>"
    return { name = label, type = is_number and "list(number)" or "list(string)",
      default = split_list(default, is_number) }
  end
  return { name = label, type = "string", default = expr.scalar(default) }
end

local function type_of(item)
  return item.type:match("^list") and "list" or item.type
end

-- A key pair has to exist: without a name the instance has none.
local function key_pair(name, label, scope)
  scope:assume(("parameter %s has no default: no key pair"):format(name))
  local node = expr.raw("var." .. label, "string")
  node.or_else = "none"
  return { name = label, type = "string", default = expr.none }, node
end

local function network_variable(name, label, entry, scope)
  scope:assume(("parameter %s has no default: %s"):format(name, entry.what))
  local is_list = entry.type:find("List<", 1, true)
  local item = { name = label, type = is_list and "list(string)" or "string",
    default = is_list and expr.list {} or expr.none }
  return item, network_node(label, entry, scope)
end

-- The value of a parameter of Systems Manager is not there to be read.
local function ssm_kind(name, kind, parameter, scope)
  local inner = kind:match("^AWS::SSM::Parameter::Value<(.*)>$")
  if not inner then return kind, parameter end
  scope:assume(("parameter %s stands for the value of %s in Systems Manager"):format(name,
    expr.scalar(given_default(parameter) or "a parameter")))
  return inner, { Type = inner, Description = parameter.Description, NoEcho = parameter.NoEcho }
end

local function describe(parameter, item)
  item.description = type(parameter.Description) == "string" and parameter.Description or nil
  item.sensitive = tostring(parameter.NoEcho) == "true"
  return item
end

-- The outer stack gives the value.
local function given_variable(name, label, kind, parameter, scope)
  local item = typed(label, kind, "")
  item.default = nil
  item.validations = validations(name, kind, parameter, item, scope)
  scope.parameters[name] = { node = expr.raw("var." .. label, type_of(item)), variable = item }
  return describe(parameter, item)
end

local function add(name, parameter, scope, taken)
  local kind = type(parameter.Type) == "string" and parameter.Type or "String"
  local label = names.unique(taken, names.identifier(name))
  kind, parameter = ssm_kind(name, kind, parameter, scope)
  if scope.given[name] then return given_variable(name, label, kind, parameter, scope) end
  local default = given_default(parameter)
  local absent = default == nil or default == "" and kind:find("AWS::", 1, true)
  local network = absent and network_of(name, kind, parameter)
  local item, node
  if network then
    item, node = network_variable(name, label, network, scope)
  elseif absent and kind == "AWS::EC2::KeyPair::KeyName" then
    item, node = key_pair(name, label, scope)
  else
    item = typed(label, kind, default_of(name, kind, parameter, scope))
    item.validations = checked(name, kind, parameter, item, scope)
    node = expr.raw("var." .. label, type_of(item))
    if node.t ~= "list" then node.value = expr.scalar(item.default) end
  end
  scope.parameters[name] = { node = node, variable = item }
  return describe(parameter, item)
end

-- Names that Terraform keeps for itself in module calls.
local RESERVED = { "source", "version", "providers", "count", "for_each", "lifecycle",
  "depends_on", "locals", "stack_name" }

-- The first key of a parameter whose value is no text, number or list of them, as it has to be.
local function misshapen(parameter)
  local allowed = parameter.AllowedValues
  if allowed ~= nil and type(allowed) ~= "table" then return "AllowedValues" end
  for _, item in pairs(allowed or {}) do
    if type(item) == "table" or type(item) == "userdata" then return "AllowedValues" end
  end
  for _, key in ipairs { "Type", "Default", "AllowedPattern", "MinLength", "MaxLength",
    "MinValue", "MaxValue" } do
    if type(parameter[key]) == "table" then return key end
  end
end

---Fills scope.parameters and returns the variables in the order of their names.
---@return table[]
function M.convert(template, scope)
  local taken, variables = {}, {}
  for _, name in ipairs(RESERVED) do taken[name] = true end
  local parameters = type(template.Parameters) == "table" and template.Parameters or {}
  for _, name in ipairs(names.sorted_keys(parameters)) do
    scope.current_id, scope.current_type = name, "Parameter"
    local parameter = type(parameters[name]) == "table" and parameters[name] or {}
    local key = misshapen(parameter)
    if key then
      scope:unsupported(key, "not in the form of a parameter")
    elseif parameter.Type ~= nil then
      variables[#variables + 1] = add(name, parameters[name], scope, taken)
    else
      scope:unsupported(nil, "not a parameter: it has no Type")
    end
  end
  scope.current_id, scope.current_type = nil, nil
  return variables
end

return M
