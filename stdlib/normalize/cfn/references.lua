-- SPDX-License-Identifier: Apache-2.0
-- Dynamic references, {{resolve:service:name…}}, within texts. A secret that the template makes is
-- read back; anything else is not there to be read and becomes a variable with a stand-in value.
local expr = require "std.normalize.expr"
local names = require "std.normalize.names"
local stand_in = require "std.normalize.stand_in"

local M = {}

local MARK = "{{resolve:"

local function has_mark(node)
  if type(node) == "string" then return node:find(MARK, 1, true) ~= nil end
  if type(node) ~= "table" or node.k ~= "tpl" then return false end
  for _, part in ipairs(node.parts) do
    if type(part) == "string" and part:find(MARK, 1, true) then return true end
  end
  return false
end

-- One text; nodes in it are written as \1N\2.
local function flatten(node)
  if type(node) == "string" then return node, {} end
  local out, nodes = {}, {}
  for i, part in ipairs(node.parts) do
    if type(part) ~= "string" then nodes[#nodes + 1] = part end
    out[i] = type(part) == "string" and part or ("\1%d\2"):format(#nodes)
  end
  return table.concat(out), nodes
end

local function unflatten(text, nodes, parts)
  local pos = 1
  for start, n, stop in text:gmatch("()\1(%d+)\2()") do
    parts[#parts + 1] = text:sub(pos, start - 1)
    parts[#parts + 1] = nodes[tonumber(n)]
    pos = stop
  end
  parts[#parts + 1] = text:sub(pos)
  return parts
end

local function label_of(text, nodes, scope)
  local readable = text:gsub("\1(%d+)\2", function(n)
    local node = nodes[tonumber(n)]
    return scope:constant(node) or expr.text(node)
  end)
  return names.identifier(readable)
end

local function variable(scope, label, wanted, sensitive)
  local name = "resolve_" .. label
  if not scope.references[name] then
    scope.references[name] = { name = name, type = "string", sensitive = sensitive,
      default = expr.scalar(stand_in.value(wanted, {})) }
    scope:assume(("variable %s stands for a dynamic reference"):format(name))
  end
  return expr.raw("var." .. name, "string")
end

-- The logical id of the secret that a node is a reference to.
local function own_secret(scope, text, nodes)
  local n = text:match("^\1(%d+)\2$")
  local node = n and nodes[tonumber(n)]
  local label = type(node) == "table" and node.k == "raw"
    and node.text:match("aws_secretsmanager_secret%.([%w_]+)")
  for id, target in pairs(label and scope.resources or {}) do
    if target.label == label and target.type == "aws_secretsmanager_secret" then
      return id, node
    end
  end
end

local function secret(scope, text, nodes)
  local id_text, rest = text:match("^(.-):SecretString:?(.*)$")
  id_text = id_text or text
  local key = (rest or ""):match("^[^:]*")
  local id, node = own_secret(scope, id_text, nodes)
  if not id then
    return variable(scope, label_of(id_text .. "_" .. key, nodes, scope),
      key ~= "" and key or "secret", true)
  end
  local label = scope.resources[id].label
  scope.secrets[label] = { id = id, text = expr.text(node) }
  local value = ("data.aws_secretsmanager_secret_version.%s.secret_string"):format(label)
  if key == "" then return expr.raw(value, "string") end
  return expr.raw(("jsondecode(%s)[%s]"):format(value, expr.text(expr.template(
    unflatten(key, nodes, {})))), "string")
end

local function resolve(scope, body, nodes)
  local service, rest = body:match("^([%w-]+):(.*)$")
  if service == "secretsmanager" then return secret(scope, rest, nodes) end
  if service ~= "ssm" and service ~= "ssm-secure" then
    scope:unsupported(nil, "dynamic reference to " .. tostring(service))
    return expr.none
  end
  local name = rest:gsub(":%d+$", "")
  local label = label_of(name, nodes, scope)
  return variable(scope, label, label, service == "ssm-secure")
end

---A node whose dynamic references are resolved; any other node as it is.
---@param node any
---@param scope table see std.normalize.cfn.scope
function M.resolve(node, scope)
  if not has_mark(node) then return node end
  local text, nodes = flatten(node)
  local parts, pos = {}, 1
  while true do
    local start, stop, body = text:find("{{resolve:(.-)}}", pos)
    unflatten(text:sub(pos, (start or 0) - 1), nodes, parts)
    if not start then break end
    parts[#parts + 1] = resolve(scope, body, nodes)
    pos = stop + 1
  end
  local filled = {}
  for _, part in ipairs(parts) do
    if part ~= "" then filled[#filled + 1] = part end
  end
  if #filled == 1 then return filled[1] end
  return expr.template(filled)
end

return M
