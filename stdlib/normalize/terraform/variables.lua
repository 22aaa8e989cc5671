-- SPDX-License-Identifier: Apache-2.0
-- Values for variables without one: by type and name, and such that their validation holds.
local hcl = require "std.hcl"
local json = require "std.json"
local params = require "std.normalize.cfn.params"
local sample = require "std.normalize.terraform.sample"
local tree = require "std.normalize.terraform.tree"
local types = require "std.normalize.terraform.types"

local M = {}

local function plain(kind, name)
  if kind == "bool" then return false end
  local text = params.stand_in(name, {})
  if kind == "number" then return tonumber(text) or 1 end
  return text
end

local function literals(conditions)
  local texts, numbers = {}, {}
  for _, condition in ipairs(conditions) do
    tree.walk(condition, function(node)
      if node.kind ~= "literal" then return end
      if type(node.value) == "string" and node.value ~= "" then texts[#texts + 1] = node.value end
      if type(node.value) == "number" then numbers[#numbers + 1] = node.value end
    end, {})
  end
  return texts, numbers
end

-- Values of the forms that validations usually ask for.
local SAMPLES = { "lsqm", "lsqm-a1", "Lsqm1", "1", "a", "000000000000", "user@example.com",
  "arn:aws:iam::000000000000:role/lsqm", "10.0.0.0/16", "us-east-1", "https://example.com",
  "example.com", "vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "sg-0123456789abcdef0",
  "ami-0123456789abcdef0", "t3.micro", "dev", "2024-01-01", "00:00-01:00", "+15555550100",
  "Z0123456789ABCDEFGHIJ", "rate(1 hour)", "10.0.0.1", "1.0", "0123456789abcdef0123456789abcdef" }

local function candidates(conditions, kind, first)
  local texts, numbers = literals(conditions)
  local list = { first }
  if kind == "number" then
    for _, n in ipairs(numbers) do
      for _, value in ipairs { n, n + 1, n - 1 } do list[#list + 1] = value end
    end
  elseif kind == "bool" then
    list[#list + 1] = true
  else
    for _, text in ipairs(texts) do
      list[#list + 1] = text
      list[#list + 1] = sample.of(text)
    end
    for _, text in ipairs(SAMPLES) do list[#list + 1] = text end
    for _, n in ipairs(numbers) do
      if math.type(n) == "integer" and n > 0 and n < 256 then
        list[#list + 1] = ("lsqm"):rep(n // 4 + 1):sub(1, n)
        list[#list + 1] = ("0123456789"):rep(n // 10 + 1):sub(1, n)
      end
    end
  end
  return list
end

-- A validation that cannot be decided here does not speak against a value.
local function holds(unit, name, value, conditions)
  local scope = setmetatable({ var = setmetatable({ [name] = value },
    { __index = unit.scope.var }) }, { __index = unit.scope })
  for _, condition in ipairs(conditions) do
    local result, why = hcl.eval(condition.text, scope)
    if result == false or (result == nil and why) then return false end
  end
  return true
end

---Whether the validations of a variable refuse the value that it is given.
function M.is_refused(unit, name)
  for _, condition in ipairs(M.conditions(unit.variables[name].item.body)) do
    if unit:value(condition) == false then return true end
  end
  return false
end

function M.conditions(body)
  local list = {}
  for _, block in ipairs(tree.blocks(body, "validation")) do
    local condition = tree.attr(block.body, "condition")
    if condition then list[#list + 1] = condition.expr end
  end
  return list
end

local function value_for(unit, name, body)
  local kind = tree.attr(body, "type")
  local expr = kind and kind.expr or { kind = "var", name = "string" }
  if kind and type(expr.value) == "string" then expr = { kind = "var", name = expr.value } end
  local first = types.make(expr, function(inner, field) return plain(inner, field or name) end)
  local conditions = M.conditions(body)
  if #conditions == 0 then return first end
  local list = candidates(conditions, expr.name, first)
  local element = expr.kind == "call" and (expr.name == "list" or expr.name == "set")
  for _, value in ipairs(list) do
    if element and type(value) ~= "table" then value = json.array { value } end
    if holds(unit, name, value, conditions) then return value end
  end
end

---Fills state.values for the root's variables that have no value.
function M.fill(state, unit)
  for _, name in ipairs(require("std.normalize.names").sorted_keys(unit.variables)) do
    local entry = unit.variables[name]
    if not tree.attr(entry.item.body, "default") and unit.given[name] == nil then
      local value = value_for(unit, name, entry.item.body)
      if value == nil then
        state:refuse(unit, nil, entry.item, "no value that its validation accepts can be made up",
          entry.file, entry.item)
      else
        state.values[name], unit.given[name] = value, value
        rawset(unit.scope.var, name, nil)
        state:assume("variable %s has no default: %s", name, json.encode(value))
      end
    end
  end
end

return M
