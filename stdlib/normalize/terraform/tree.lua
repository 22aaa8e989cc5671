-- SPDX-License-Identifier: Apache-2.0
-- Walking HCL trees, the references in them, and edits that leave every other byte alone.
local M = {}

-- --- walking ---------------------------------------------------------------------------------

local function with(bound, ...)
  local inner = setmetatable({}, { __index = bound })
  for _, name in ipairs { ... } do inner[name] = true end
  return inner
end

---Visits an expression and all in it, outermost first; `bound` has the names that for-expressions
---bind where the node stands.
function M.walk(expr, visit, bound)
  visit(expr, bound)
  if expr.kind == "for" or expr.kind == "loop" then
    bound = with(bound, expr.value_var, expr.key_var)
  end
  for _, child in pairs(expr) do
    if type(child) == "table" and child.kind then
      M.walk(child, visit, bound)
    elseif type(child) == "table" then
      for _, entry in ipairs(child) do
        if entry.kind then M.walk(entry, visit, bound) else
          -- An object's plain key is text, not a name.
          if entry.key.kind ~= "var" then M.walk(entry.key, visit, bound) end
          M.walk(entry.value, visit, bound)
        end
      end
    end
  end
end

---Visits every attribute of a body and of the blocks in it: visit(attribute, bound).
function M.attributes(body, visit, bound)
  bound = bound or {}
  for _, item in ipairs(body.items) do
    if item.kind == "attribute" then
      visit(item, bound)
    else
      local inner = bound
      if item.type == "dynamic" then
        local iterator = M.attr(item.body, "iterator")
        inner = with(bound, iterator and iterator.expr.name or item.labels[1])
      end
      M.attributes(item.body, visit, inner)
    end
  end
end

---@return table|nil attribute
function M.attr(body, name)
  for _, item in ipairs(body.items) do
    if item.kind == "attribute" and item.name == name then return item end
  end
end

---@return table[] blocks of a type
function M.blocks(body, kind)
  local found = {}
  for _, item in ipairs(body.items) do
    if item.kind == "block" and (not kind or item.type == kind) then found[#found + 1] = item end
  end
  return found
end

-- --- references ------------------------------------------------------------------------------

-- Steps from a name: {name=, last=} for attributes, {last=} for indexes and splats.
local function steps_of(node, steps)
  local kind, root = node.kind, nil
  if kind == "var" then return node end
  if kind == "item" then return node end
  if kind == "attr" then
    root = steps_of(node.object, steps)
    steps[#steps + 1] = { name = node.name, last = node.last }
  elseif kind == "index" then
    root = steps_of(node.object, steps)
    steps[#steps + 1] = { last = node.last }
  elseif kind == "splat" then
    root = steps_of(node.object, steps)
    steps[#steps + 1] = { last = node.last }
    steps_of(node.each, steps)
  end
  return root
end

local SPECIAL <const> = { var = "variable", ["local"] = "local", module = "module", data = "data",
  each = "each", count = "count", path = "path", terraform = "terraform", self = "self" }

local function reference(root, steps, node)
  local kind = SPECIAL[root.name] or "resource"
  -- "resource.aws_x.y" says the same as "aws_x.y".
  if root.name == "resource" and steps[2] and steps[2].name then
    return { kind = kind, first = root.first, last = node.last, line = root.line, col = root.col,
      rest = steps, type = steps[1].name, name = steps[2].name, name_last = steps[2].last,
      skip = 2 }
  end
  local ref = { kind = kind, first = root.first, last = node.last, line = root.line,
    col = root.col, rest = steps }
  if kind == "data" then
    ref.type, ref.name = steps[1] and steps[1].name, steps[2] and steps[2].name
    ref.name_last, ref.skip = steps[2] and steps[2].last, 2
  elseif kind == "resource" then
    ref.type, ref.name = root.name, steps[1] and steps[1].name
    ref.name_last, ref.skip = steps[1] and steps[1].last, 1
  else
    ref.name = steps[1] and steps[1].name
    ref.name_last, ref.skip = steps[1] and steps[1].last, 1
  end
  return ref.name and ref or nil
end

---References in an expression: {kind, type?, name, first, name_last, last, attribute?}; attribute
---is the step {name, last} behind the object and its index.
function M.references(expr, bound, visit)
  local seen = {}
  M.walk(expr, function(node, names)
    if node.kind ~= "attr" and node.kind ~= "index" and node.kind ~= "splat" then return end
    local steps = {}
    local root = steps_of(node, steps)
    if not root or root.kind ~= "var" or seen[root] or names[root.name] then return end
    seen[root] = true
    local ref = reference(root, steps, node)
    if not ref then return end
    local at = ref.skip + 1
    if steps[at] and not steps[at].name then at = at + 1 end
    ref.attribute = steps[at] and steps[at].name and steps[at] or nil
    visit(ref)
  end, bound)
end

-- --- edits -----------------------------------------------------------------------------------

---Applies edits {first, last, text} within [first, last] of a text; an edit inside of another one
---is dropped, since the outer one was made from the edited inside.
---@return string
function M.edit(text, edits, first, last)
  first, last = first or 1, last or #text
  table.sort(edits, function(a, b)
    if a.first ~= b.first then return a.first < b.first end
    return a.last > b.last
  end)
  local out, pos = {}, first
  for _, edit in ipairs(edits) do
    if edit.first >= pos and edit.last <= last then
      out[#out + 1] = text:sub(pos, edit.first - 1) .. edit.text
      pos = edit.last + 1
    end
  end
  return table.concat(out) .. text:sub(pos, last)
end

---Range of an item with its indentation and line break.
function M.whole_lines(text, item)
  local first = item.first
  while first > 1 and text:find("^[ \t]", first - 1) do first = first - 1 end
  local stop = text:match("^[ \t]*\r?\n()", item.last + 1)
  return first, (stop or item.last + 1) - 1
end

---A plain string literal, or nil.
function M.plain(attribute)
  local expr = attribute and attribute.expr
  if expr and expr.kind == "literal" and type(expr.value) == "string" then return expr.value end
  if expr and expr.kind == "template" and #expr.parts == 0 then return "" end
  if expr and expr.kind == "template" and #expr.parts == 1
    and expr.parts[1].kind == "literal" then return expr.parts[1].value end
end

return M
