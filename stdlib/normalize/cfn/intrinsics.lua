-- SPDX-License-Identifier: Apache-2.0
-- CloudFormation values to expression nodes. Everything that cannot be said in Terraform is
-- reported through scope:unsupported and becomes a null that never reaches the output.
local expr = require "std.normalize.expr"
local functions = require "std.normalize.cfn.functions"
local names = require "std.normalize.names"
local references = require "std.normalize.cfn.references"

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
  if type(name) == "table" then name = scope:constant(eval(name, scope)) end
  if type(name) ~= "string" then return bad(scope, "Ref takes a name") end
  local node = pseudo(name, scope)
  if node then return node end
  local parameter = scope.parameters[name]
  if parameter then return parameter.node end
  if scope.resources[name] then return scope:reference(name) end
  return bad(scope, "Ref to '" .. name .. "', which the template does not declare")
end

-- A name that may itself be worked out (language extensions).
local function name_of(value, scope)
  if type(value) == "table" then value = scope:constant(eval(value, scope)) end
  return (type(value) == "string" or type(value) == "number") and value or nil
end

local function get_att(arg, scope)
  local id, attribute
  if type(arg) == "string" then
    id, attribute = arg:match("^([^.]+)%.(.+)$")
  elseif type(arg) == "table" and arg[2] ~= nil then
    id = name_of(arg[1], scope)
    local parts = {}
    for i = 2, #arg do parts[#parts + 1] = name_of(arg[i], scope) end
    attribute = #parts == #arg - 1 and table.concat(parts, ".") or nil
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
  if variables ~= nil and type(variables) ~= "table" then
    return bad(scope, "Sub takes a map of variables")
  end
  if type(format) == "table" then format = scope:constant(eval(format, scope)) end
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

-- --- conditions ------------------------------------------------------------------------------

local function operand(node, other)
  if type(other) == "table" and other.t == "number" and type(node) ~= "table" then
    return expr.quote(expr.scalar(node))
  end
  if type(node) == "table" and (node.t == "number" or node.t == "bool") then
    return "tostring(" .. text(node) .. ")"
  end
  return type(node) == "table" and text(node) or expr.quote(expr.scalar(node))
end

local function equals(arg, scope)
  if type(arg) ~= "table" or #arg ~= 2 then
    bad(scope, "Equals takes two values")
    return "false"
  end
  local left, right = eval(arg[1], scope), eval(arg[2], scope)
  return ("(%s == %s)"):format(operand(left, right), operand(right, left))
end

-- What only rules have: memberships of lists of texts.
local MEMBERS = {
  ["Fn::Contains"] = "contains(%s, %s)",
  ["Fn::EachMemberEquals"] = "alltrue([for item in %s : item == %s])",
  ["Fn::EachMemberIn"] = "alltrue([for item in %s : contains(%s, item)])",
}

local OPERATORS = { ["Fn::And"] = " && ", ["Fn::Or"] = " || " }

---A condition as expression text.
---@return string
function M.condition(value, scope)
  if type(value) == "string" then return scope:condition(value) end
  local name, arg
  if type(value) == "table" then name, arg = next(value) end
  if name == "Condition" then return scope:condition(arg) end
  if name == "Fn::Equals" then return equals(arg, scope) end
  if name == "Fn::Not" and type(arg) == "table" and #arg == 1 then
    return "!" .. M.condition(arg[1], scope)
  end
  if MEMBERS[name] and type(arg) == "table" and arg[2] ~= nil then
    return MEMBERS[name]:format(text(eval(arg[1], scope)), text(eval(arg[2], scope)))
  end
  local operator = OPERATORS[name]
  if not operator or type(arg) ~= "table" or #arg == 0 then
    bad(scope, tostring(name) .. " in a condition")
    return "false"
  end
  local parts = {}
  for i, item in ipairs(arg) do parts[i] = M.condition(item, scope) end
  return "(" .. table.concat(parts, operator) .. ")"
end

local function if_else(arg, scope)
  if type(arg) ~= "table" or #arg ~= 3 or type(arg[1]) ~= "string" then
    return bad(scope, "If takes a condition and two values")
  end
  local yes, no = eval(arg[2], scope), eval(arg[3], scope)
  if yes == expr.none and no == expr.none then return expr.none end
  return expr.cond(scope:condition(arg[1]), yes, no)
end

local function import_value(arg, scope)
  local name = eval(arg, scope)
  if name == expr.none then return bad(scope, "ImportValue takes a name") end
  return scope:import(scope:constant(name) or text(name):gsub("[^%w]+", "_"))
end

local FUNCTIONS = {
  Ref = ref, ["Fn::GetAtt"] = get_att, ["Fn::Sub"] = sub, ["Fn::If"] = if_else,
  ["Fn::ImportValue"] = import_value, ["Fn::Join"] = functions.join,
  ["Fn::Split"] = functions.split, ["Fn::Select"] = functions.select,
  ["Fn::Base64"] = functions.base64, ["Fn::FindInMap"] = functions.find_in_map,
  ["Fn::GetAZs"] = functions.get_azs, ["Fn::Cidr"] = functions.cidr,
  ["Fn::ToJsonString"] = functions.to_json, ["Fn::Length"] = functions.length,
}

local CONDITIONS = { ["Fn::Equals"] = true, ["Fn::And"] = true, ["Fn::Or"] = true,
  ["Fn::Not"] = true }

-- Functions whose argument is nothing but a list.
local TAKES_LIST = { ["Fn::Split"] = true, ["Fn::Equals"] = true, ["Fn::And"] = true,
  ["Fn::Or"] = true, ["Fn::Not"] = true }

local function eval_function(name, value, scope)
  local arg = value[name]
  if TAKES_LIST[name] and type(arg) ~= "table" then return bad(scope, name .. " takes a list") end
  if FUNCTIONS[name] then return FUNCTIONS[name](arg, scope, eval) end
  if CONDITIONS[name] then return expr.raw(M.condition(value, scope), "bool") end
  if name == "Fn::Transform" then
    local macro = type(arg) == "table" and arg.Name
    return bad(scope, "macro " .. (type(macro) == "string" and macro or "without a name"))
  end
  if name:sub(1, 4) == "Fn::" then return bad(scope, name .. " is not a function") end
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
  if type(value) == "string" then return references.resolve(value, scope) end
  if type(value) ~= "table" then return value end
  if getmetatable(value) == M.ready then return value.node end
  local name = next(value)
  if type(name) == "string" and next(value, name) == nil
      and (name == "Ref" or name:sub(1, 4) == "Fn::") then
    local node = eval_function(name, value, scope)
    if node ~= nil then return references.resolve(node, scope) end
  end
  return eval_table(value, scope)
end

M.eval = eval

-- A node where a template value is expected (rules that make values pass them so).
M.ready = {}

function M.node(node) return setmetatable({ node = node }, M.ready) end

return M
