-- SPDX-License-Identifier: Apache-2.0
-- CloudFormation values to expression nodes. Everything that cannot be said in Terraform is
-- reported through scope:unsupported and becomes a null that never reaches the output.
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"

local M = {}
local eval

local function is_list(value) return #value > 0 or next(value) == nil end

local function text(node) return expr.text(node) end

local function bad(scope, reason)
  scope:unsupported(nil, reason)
  return expr.none
end

-- --- pseudo parameters and references -----------------------------------------------------------

local PSEUDO = {
  ["AWS::Region"] = { data = "aws_region", attr = "name" },
  ["AWS::AccountId"] = { data = "aws_caller_identity", attr = "account_id" },
  ["AWS::Partition"] = { data = "aws_partition", attr = "partition" },
  ["AWS::URLSuffix"] = { data = "aws_partition", attr = "dns_suffix" },
}

local function data_source(scope, kind, attr)
  scope.data[kind] = true
  return expr.raw(("data.%s.current.%s"):format(kind, attr), "string")
end

local function pseudo(name, scope)
  local known = PSEUDO[name]
  if known then return data_source(scope, known.data, known.attr) end
  if name == "AWS::NoValue" then return expr.none end
  if name == "AWS::NotificationARNs" then return expr.list {} end
  if name == "AWS::StackName" then
    scope.uses_stack_name = true
    return expr.raw("var.stack_name", "string")
  end
  if name ~= "AWS::StackId" then return nil end
  scope.uses_stack_name = true
  return expr.template { "arn:", pseudo("AWS::Partition", scope), ":cloudformation:",
    pseudo("AWS::Region", scope), ":", pseudo("AWS::AccountId", scope), ":stack/",
    expr.raw("var.stack_name", "string"), "/00000000-0000-4000-8000-000000000000" }
end

local function ref(name, scope)
  if type(name) ~= "string" then return bad(scope, "Ref takes a name") end
  local node = pseudo(name, scope)
  if node then return node end
  local parameter = scope.parameters[name]
  if parameter then return parameter.node end
  if scope.resources[name] then return scope:reference(name) end
  return bad(scope, "Ref to '" .. name .. "', which the template does not declare")
end

local function get_att(arg, scope)
  local id, attribute
  if type(arg) == "string" then
    id, attribute = arg:match("^([^.]+)%.(.+)$")
  elseif type(arg) == "table" then
    id = arg[1]
    attribute = type(arg[2]) == "string" and table.concat(arg, ".", 2) or nil
  end
  if type(id) ~= "string" or not attribute then return bad(scope, "GetAtt takes two names") end
  if not scope.resources[id] then
    return bad(scope, "GetAtt of '" .. id .. "', which the template does not declare")
  end
  return scope:attribute(id, attribute)
end

-- --- strings ---------------------------------------------------------------------------------

local function sub_variable(name, variables, scope)
  if name:sub(1, 1) == "!" then return "${" .. name:sub(2) .. "}" end
  name = name:match("^%s*(.-)%s*$")
  if variables and variables[name] ~= nil then return eval(variables[name], scope) end
  if name:find(".", 1, true) and not name:find("::", 1, true) then return get_att(name, scope) end
  return ref(name, scope)
end

local function sub(arg, scope)
  local format, variables = arg, nil
  if type(arg) == "table" then format, variables = arg[1], arg[2] end
  if type(format) ~= "string" then return bad(scope, "Sub takes a string") end
  local parts, pos = {}, 1
  while true do
    local start, stop, name = format:find("%${([^}]*)}", pos)
    parts[#parts + 1] = format:sub(pos, (start or 0) - 1)
    if not start then break end
    parts[#parts + 1] = sub_variable(name, variables, scope)
    pos = stop + 1
  end
  return expr.template(parts)
end

local function join(arg, scope)
  if type(arg) ~= "table" or type(arg[1]) ~= "string" then
    return bad(scope, "Join takes a list")
  end
  local items = eval(arg[2], scope)
  if type(items) ~= "table" or items.k ~= "list" then
    return expr.raw(("join(%s, %s)"):format(expr.quote(arg[1]), text(items)), "string")
  end
  local parts = {}
  for i, item in ipairs(items.items) do
    if type(item) == "table" and (item.k == "list" or item.t == "list" or item == expr.none
        or expr.may_be_none(item)) then
      return expr.raw(("join(%s, compact(flatten(%s)))"):format(expr.quote(arg[1]), text(items)),
        "string")
    end
    if i > 1 then parts[#parts + 1] = arg[1] end
    parts[#parts + 1] = item
  end
  return expr.template(parts)
end

local function split(arg, scope)
  local value = eval(arg[2], scope)
  if type(value) ~= "string" or type(arg[1]) ~= "string" or arg[1] == "" then
    return expr.raw(("split(%s, %s)"):format(text(eval(arg[1], scope)), text(value)), "list")
  end
  local items, pos = {}, 1
  while true do
    local start, stop = value:find(arg[1], pos, true)
    items[#items + 1] = value:sub(pos, (start or 0) - 1)
    if not start then return expr.list(items) end
    pos = stop + 1
  end
end

local function select_item(arg, scope)
  if type(arg) ~= "table" then return bad(scope, "Select takes a list") end
  local index, items = eval(arg[1], scope), eval(arg[2], scope)
  local n = tonumber(index)
  if n and type(items) == "table" and items.k == "list" then
    local item = items.items[math.tointeger(n) + 1]
    if item == nil then return bad(scope, "Select index is out of range") end
    return item
  end
  local position = n and ("%d"):format(n) or "tonumber(" .. text(index) .. ")"
  return expr.raw(("element(%s, %s)"):format(text(items), position), "string")
end

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

---@param s string
function M.base64(s)
  return (s:gsub("..?.?", function(group)
    local a, b, c = group:byte(1, 3)
    local bits = (a << 16) | ((b or 0) << 8) | (c or 0)
    local out = {}
    for i = 0, #group do
      local at = ((bits >> (18 - 6 * i)) & 63) + 1
      out[#out + 1] = BASE64:sub(at, at)
    end
    return table.concat(out) .. ("="):rep(3 - #group)
  end))
end

local function base64(arg, scope)
  local node = eval(arg, scope)
  return expr.raw("base64encode(" .. text(node) .. ")", "string")
end

-- --- collections, lookups, conditions -----------------------------------------------------------

local function find_in_map(arg, scope)
  local map = eval(arg[1], scope)
  if type(map) == "string" and not scope.mappings[map] then
    return bad(scope, "FindInMap of '" .. map .. "', which the template does not declare")
  end
  scope.uses_mappings = true
  local path = ("local.mappings[%s][%s][%s]"):format(text(map), text(eval(arg[2], scope)),
    text(eval(arg[3], scope)))
  local first = type(map) == "string" and select(2, next(scope.mappings[map]))
  local sample = type(first) == "table" and select(2, next(first))
  return expr.raw(path, type(sample) == "table" and "list" or nil)
end

local function get_azs(_, scope)
  scope.data.aws_availability_zones = true
  return expr.raw("data.aws_availability_zones.current.names", "list")
end

local function cidr(arg, scope)
  local block, count, bits = text(eval(arg[1], scope)), eval(arg[2], scope), eval(arg[3], scope)
  if not tonumber(count) then return bad(scope, "Cidr with a count that is not a number") end
  local width = tonumber(bits) and ("32 - %d"):format(tonumber(bits))
    or "32 - tonumber(" .. text(bits) .. ")"
  return expr.raw(("[for i in range(%d) : cidrsubnet(%s, %s - tonumber(split(\"/\", %s)[1]), i)]")
    :format(tonumber(count), block, width, block), "list")
end

local function operand(node, other)
  if type(other) == "table" and other.t == "number" and type(node) ~= "table" then
    return expr.quote(expr.scalar(node))
  end
  if type(node) == "table" and node.t == "number" then return "tostring(" .. text(node) .. ")" end
  return type(node) == "table" and text(node) or expr.quote(expr.scalar(node))
end

local function equals(arg, scope)
  local left, right = eval(arg[1], scope), eval(arg[2], scope)
  return ("%s == %s"):format(operand(left, right), operand(right, left))
end

---A condition as expression text.
---@return string
function M.condition(value, scope)
  if type(value) == "string" then return scope:condition(value) end
  local name, arg = next(value)
  if name == "Condition" then return scope:condition(arg) end
  if name == "Fn::Equals" then return "(" .. equals(arg, scope) .. ")" end
  if name == "Fn::Not" then return "!" .. M.condition(arg[1], scope) end
  local operator = name == "Fn::And" and " && " or name == "Fn::Or" and " || "
  if not operator then
    bad(scope, tostring(name) .. " in a condition")
    return "false"
  end
  local parts = {}
  for i, item in ipairs(arg) do parts[i] = M.condition(item, scope) end
  return "(" .. table.concat(parts, operator) .. ")"
end

local function if_else(arg, scope)
  if type(arg) ~= "table" or type(arg[1]) ~= "string" then return bad(scope, "If takes a list") end
  local yes, no = eval(arg[2], scope), eval(arg[3], scope)
  if yes == expr.none and no == expr.none then return expr.none end
  return expr.cond(scope:condition(arg[1]), yes, no)
end

local function import_value(arg, scope)
  local name = eval(arg, scope)
  return scope:import(type(name) == "string" and name or text(name):gsub("[^%w]+", "_"))
end

local function to_json(arg, scope)
  return expr.raw(expr.json(eval(arg, scope)), "string")
end

local function length(arg, scope)
  return expr.raw("length(" .. text(eval(arg, scope)) .. ")", "number")
end

local FUNCTIONS = {
  Ref = ref, ["Fn::GetAtt"] = get_att, ["Fn::Sub"] = sub, ["Fn::Join"] = join,
  ["Fn::Split"] = split, ["Fn::Select"] = select_item, ["Fn::Base64"] = base64,
  ["Fn::FindInMap"] = find_in_map, ["Fn::GetAZs"] = get_azs, ["Fn::Cidr"] = cidr,
  ["Fn::If"] = if_else, ["Fn::ImportValue"] = import_value, ["Fn::ToJsonString"] = to_json,
  ["Fn::Length"] = length,
}

local CONDITIONS = { ["Fn::Equals"] = true, ["Fn::And"] = true, ["Fn::Or"] = true,
  ["Fn::Not"] = true }

local function eval_function(name, value, scope)
  local arg = value[name]
  if FUNCTIONS[name] then
    if type(arg) ~= "table" and name:find("^Fn::[SJFIC]") and name ~= "Fn::Sub"
        and name ~= "Fn::ImportValue" then
      return bad(scope, name .. " takes a list")
    end
    return FUNCTIONS[name](arg, scope)
  end
  if CONDITIONS[name] then return expr.raw(M.condition(value, scope), "bool") end
  if name:sub(1, 4) == "Fn::" then return bad(scope, name) end
end

local function eval_table(value, scope)
  local items = {}
  if is_list(value) then
    for i, item in ipairs(value) do items[i] = eval(item, scope) end
    return next(value) == nil and scope.empty(value) or expr.list(items)
  end
  for _, key in ipairs(names.sorted_keys(value)) do
    items[tostring(key)] = eval(value[key], scope)
  end
  return expr.map(items)
end

---@param value any a value of a template, short tags already in their long form
---@param scope table see std.normalize.cfn.scope
---@return any node
eval = function(value, scope)
  if type(value) == "userdata" or value == nil then return expr.none end
  if type(value) ~= "table" then return value end
  if getmetatable(value) == M.ready then return value.node end
  local name = next(value)
  if type(name) == "string" and next(value, name) == nil
      and (name == "Ref" or name:sub(1, 4) == "Fn::") then
    local node = eval_function(name, value, scope)
    if node ~= nil then return node end
  end
  return eval_table(value, scope)
end

M.eval = eval

-- A node where a template value is expected (rules that make values pass them so).
M.ready = {}

function M.node(node) return setmetatable({ node = node }, M.ready) end

return M
