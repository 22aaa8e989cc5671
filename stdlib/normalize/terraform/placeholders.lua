-- SPDX-License-Identifier: Apache-2.0
-- Texts that stand for a value that the user has to fill in, and runtimes that are too new.
local expr = require "std.normalize.expr"
local params = require "std.normalize.cfn.params"
local tree = require "std.normalize.terraform.tree"

local M = {}

local function is_placeholder(state, value)
  if type(value) ~= "string" then return false end
  for _, pattern in ipairs(state.rules.placeholders) do
    if value:find(pattern) then return true end
  end
  return false
end

local TAKES_LIST <const> = { element = true, length = true, flatten = true, concat = true }

-- Names of locals and variables that some expression uses as a list.
local function used_as_list(unit)
  local names = {}
  for _, file in ipairs(unit.files) do
    tree.attributes(file.body, function(attribute, bound)
      tree.walk(attribute.expr, function(node)
        local first = node.kind == "call" and TAKES_LIST[node.name] and node.args[1]
        if first then
          tree.references(first, bound, function(ref)
            if ref.first == first.first and ref.last == first.last then names[ref.name] = true end
          end)
        end
      end, bound)
    end)
  end
  return names
end

local function put(state, file, node, text, format, ...)
  table.insert(file.edits, { first = node.first, last = node.last, text = text })
  state:assume(format, ...)
end

---Replaces both in a unit's files.
function M.replace(state, unit)
  local lists
  for _, file in ipairs(unit.files) do
    tree.attributes(file.body, function(attribute)
      tree.walk(attribute.expr, function(node)
        if node.kind ~= "literal" then return end
        local runtime = state.rules.runtimes[node.value]
        if runtime and file.text:sub(node.first, node.first) == '"' then
          put(state, file, node, expr.quote(runtime), "runtime %s replaced by %s", node.value,
            runtime)
        elseif is_placeholder(state, node.value) and file.text:sub(node.first, node.first) == '"'
        then
          lists = lists or used_as_list(unit)
          if lists[attribute.name] then
            state:refuse(unit, nil, attribute, "placeholder " .. node.value, file,
              { type = "local", labels = { attribute.name } })
          end
          local value = params.stand_in(attribute.name, {})
          put(state, file, node, expr.quote(value), "placeholder %s replaced by %s", node.value,
            value)
        end
      end, {})
    end)
  end
end

return M
