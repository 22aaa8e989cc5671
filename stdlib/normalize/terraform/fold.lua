-- SPDX-License-Identifier: Apache-2.0
-- Makes a generated expression readable: what is constant in it becomes its value, a condition
-- that is decided becomes its branch.
local expr = require "std.normalize.expr"
local hcl = require "std.hcl"
local tree = require "std.normalize.terraform.tree"

local M = {}

local function literal(value)
  if type(value) == "string" then return expr.quote(value) end
  if type(value) == "number" or type(value) == "boolean" then return tostring(value) end
end

local visit

local function children(node, edits)
  for _, child in pairs(node) do
    if type(child) == "table" and child.kind then
      visit(child, edits)
    elseif type(child) == "table" then
      for _, entry in ipairs(child) do
        if entry.kind then visit(entry, edits) else visit(entry.value, edits) end
      end
    end
  end
end

local function text_of(node, source)
  local inner = { source = source }
  visit(node, inner)
  return tree.edit(source, inner, node.first, node.last)
end

visit = function(node, edits)
  if node.kind == "literal" then return end
  local value = hcl.eval(node.text, {})
  local text = literal(value)
  if text then
    edits[#edits + 1] = { first = node.first, last = node.last, text = text }
    return
  end
  local test
  if node.kind == "cond" then test = hcl.eval(node.test.text, {}) end
  if type(test) == "boolean" then
    edits[#edits + 1] = { first = node.first, last = node.last,
      text = text_of(test and node.yes or node.no, edits.source) }
    return
  end
  children(node, edits)
end

---@param text string an expression
---@return string
function M.expression(text)
  local source = "v = " .. text .. "\n"
  local body = hcl.parse(source)
  if not body then return text end
  local edits = { source = source }
  local node = body.items[1].expr
  visit(node, edits)
  return tree.edit(source, edits, node.first, node.last)
end

return M
