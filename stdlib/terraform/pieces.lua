-- SPDX-License-Identifier: Apache-2.0
-- A Terraform root as pieces that can be left out: top-level blocks, then the attributes and
-- blocks inside of what is left.

local hcl = require "std.hcl"

local M = {}

-- Names by which other blocks refer to a block.
local PREFIX = { variable = "var.", module = "module.", data = "data." }

local function address_of(item)
  if item.type == "locals" or item.type == "output" or #(item.labels or {}) == 0 then return nil end
  return (PREFIX[item.type] or "") .. table.concat(item.labels, ".")
end

-- Every node of an expression, outer ones first; fn returns true to leave out what is inside.
local function walk(expr, fn)
  if type(expr) ~= "table" or expr.kind and fn(expr) then return end
  for _, child in pairs(expr) do
    if type(child) == "table" then walk(child, fn) end
  end
end

-- The members of lists and objects, each with what separates it from the next one, or from the
-- list's end: a comma that is left of the last one is no error, one that stands alone is.
local function add_members(list, file, expr)
  walk(expr, function(node)
    local is_object = node.kind == "object"
    local items = (is_object or node.kind == "tuple") and node.items or {}
    local function first(item) return (is_object and item.key or item).first end
    for i, item in ipairs(items) do
      list[#list + 1] = { file = file, first = first(item), line = node.line, name = "member",
        last = (items[i + 1] and first(items[i + 1]) or node.last) - 1 }
    end
  end)
end

local function add_inner(list, file, body)
  for _, item in ipairs(body.items) do
    list[#list + 1] = { file = file, first = item.first, last = item.last, line = item.line,
      name = item.name or item.type }
    if item.body then add_inner(list, file, item.body) else add_members(list, file, item.expr) end
  end
end

local function each_file(files, fn)
  local names = {}
  for name in pairs(files) do
    if name:find("%.tf$") and not name:find("/") then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local body, err = hcl.parse(files[name], { file = name })
    if not body then return nil, err end
    fn(name, body)
  end
  return true
end

-- As they stand in the text: the same root is always tried in the same order.
local function in_order(list)
  table.sort(list, function(a, b)
    if a.file ~= b.file then return a.file < b.file end
    if a.first ~= b.first then return a.first < b.first end
    return a.last > b.last
  end)
  return list
end

---The top-level blocks of the root's own files.
---@param files table<string, string>
---@return table[]|nil pieces {file, first, last, line, name, address?}
---@return lsqm.Error|nil err
function M.blocks(files)
  local list = {}
  local ok, err = each_file(files, function(name, body)
    for _, item in ipairs(body.items) do
      local address = address_of(item)
      list[#list + 1] = { file = name, first = item.first, last = item.last, line = item.line,
        name = address or item.type, address = address }
    end
  end)
  return ok and list, err
end

---Attributes, blocks and members of lists and objects inside of the top-level blocks.
function M.details(files)
  local list = {}
  local ok, err = each_file(files, function(name, body)
    for _, item in ipairs(body.items) do
      if item.body then add_inner(list, name, item.body) end
    end
  end)
  return ok and in_order(list), err
end

local CHAIN <const> = { attr = true, index = true, var = true }

-- The words of `aws_iam_role.r.arn`; nil for what is no plain chain of names.
local function chain_of(node)
  local words = {}
  while CHAIN[node.kind] do
    if node.kind ~= "index" then table.insert(words, 1, node.name) end
    if node.kind == "var" then return words end
    node = node.object
  end
  return nil
end

-- Values that terraform gives itself, and names of loops: nothing that could be left out.
local GIVEN <const> = { each = true, count = true, path = true, self = true, terraform = true }

-- A value of the right form where the name says which one it is.
local function stand_in(words)
  local last, root = words[#words], words[1]
  if last == "partition" then return '"aws"' end
  if last == "account_id" then return '"000000000000"' end
  if words[2] == "aws_region" then return '"us-east-1"' end
  if last ~= "arn" then return '"lsqm"' end
  if root == "aws_iam_role" then return '"arn:aws:iam::000000000000:role/lsqm"' end
  return ('"arn:aws:%s:us-east-1:000000000000:lsqm"'):format(root:match("^aws_(%a+)") or "lsqm")
end

-- A reference that is all of a template's "${…}" goes with that.
local function reference(file, text, node, words)
  local piece = { file = file, first = node.first, last = node.last, line = node.line,
    name = table.concat(words, "."), instead = stand_in(words) }
  if text:sub(node.first - 2, node.first - 1) == "${"
    and text:sub(node.last + 1, node.last + 1) == "}" then
    piece.first, piece.last = node.first - 2, node.last + 1
    piece.instead = piece.instead:sub(2, -2)
  end
  return piece
end

local function add_references(list, file, text, body)
  for _, item in ipairs(body.items) do
    if item.body then
      add_references(list, file, text, item.body)
    else
      walk(item.expr, function(node)
        local words = CHAIN[node.kind] and chain_of(node)
        if not words then return false end
        if #words > 1 and not GIVEN[words[1]] then
          list[#list + 1] = reference(file, text, node, words)
        end
        return true
      end)
    end
  end
end

---References to other blocks, each with a plain value that can stand in its place (`instead`), so
---that what it refers to can go.
---@param files table<string, string>
---@return table[]|nil pieces
---@return lsqm.Error|nil err
function M.references(files)
  local list = {}
  local ok, err = each_file(files, function(name, body)
    add_references(list, name, files[name], body)
  end)
  return ok and in_order(list), err
end

-- Byte ranges of a file that go, outer ones swallowing those inside.
local function ranges_of(pieces, file)
  local ranges = {}
  for _, piece in ipairs(pieces) do
    if piece.file == file then ranges[#ranges + 1] = piece end
  end
  table.sort(ranges, function(a, b)
    if a.first ~= b.first then return a.first < b.first end
    return a.last > b.last
  end)
  return ranges
end

local function cut(text, ranges)
  local out, at = {}, 1
  for _, range in ipairs(ranges) do
    if range.first >= at then
      out[#out + 1] = text:sub(at, range.first - 1) .. (range.instead or "")
      at = range.last + 1
    end
  end
  out[#out + 1] = text:sub(at)
  return table.concat(out)
end

-- Without the empty lines that pieces leave behind. What is no HCL any more stays as it is: its
-- reader says so.
local function tidy(text)
  text = ("\n" .. text):gsub("\n[ \t]*\n[%s]*\n", "\n\n"):gsub("([{%[(]\n)%s*\n", "%1")
    :gsub("\n%s*\n([ \t]*[]})])", "\n%1"):gsub("^%s+", ""):gsub("%s+$", "\n")
  return hcl.format(text) or text
end

---The files without some pieces; those with `instead` have that in their place.
---@param files table<string, string>
---@param pieces table[]
---@return table<string, string>
function M.without(files, pieces)
  local out = {}
  for name, text in pairs(files) do
    local ranges = ranges_of(pieces, name)
    out[name] = #ranges == 0 and text or tidy(cut(text, ranges))
  end
  return out
end

local function mentions(text, address)
  local at = 1
  while true do
    local first, last = text:find(address, at, true)
    if not first then return false end
    local before, after = text:sub(first - 1, first - 1), text:sub(last + 1, last + 1)
    if not before:find("[%w_.%-]") and not after:find("[%w_%-]") then return true end
    at = last + 1
  end
end

---Pieces that refer to something that is left out go as well.
---@param files table<string, string>
---@param all table[] from M.blocks
---@param kept table<table, boolean>
---@return table[] gone
function M.gone(files, all, kept)
  local gone, list = {}, {}
  for _, piece in ipairs(all) do gone[piece] = not kept[piece] end
  local changed = true
  while changed do
    changed = false
    for _, piece in ipairs(all) do
      local text = not gone[piece] and files[piece.file]:sub(piece.first, piece.last)
      for _, other in ipairs(text and all or {}) do
        if gone[other] and other.address and mentions(text, other.address) then
          gone[piece], changed = true, true
          break
        end
      end
    end
  end
  for _, piece in ipairs(all) do if gone[piece] then list[#list + 1] = piece end end
  return list
end

---One block, all that it refers to, and what has no address: outputs go, locals stay.
---@param files table<string, string>
---@param all table[] from M.blocks
---@param address string
---@return table[]|nil kept nil when there is no such block
function M.needed(files, all, address)
  local kept, open = {}, {}
  for _, piece in ipairs(all) do
    if piece.address == address then open = { piece } end
  end
  if not open[1] then return nil end
  for _, piece in ipairs(all) do
    if not piece.address and piece.name ~= "output" then open[#open + 1] = piece end
  end
  local set = {}
  while #open > 0 do
    local piece = table.remove(open)
    if not set[piece] then
      set[piece] = true
      kept[#kept + 1] = piece
      local text = files[piece.file]:sub(piece.first, piece.last)
      for _, other in ipairs(all) do
        if other.address and not set[other] and mentions(text, other.address) then
          open[#open + 1] = other
        end
      end
    end
  end
  return kept
end

---Lines of Terraform that are not empty.
---@param files table<string, string>
---@return integer
function M.count_lines(files)
  local count = 0
  for name, text in pairs(files) do
    if name:find("%.tf$") then
      for line in text:gmatch("[^\n]+") do count = count + (line:find("%S") and 1 or 0) end
    end
  end
  return count
end

return M
