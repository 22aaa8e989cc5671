-- SPDX-License-Identifier: Apache-2.0
-- A Terraform root as pieces that can be left out: top-level blocks, then the attributes and
-- blocks inside of what is left.

local fs = require "std.fs"
local hcl = require "std.hcl"

local M = {}

-- Names by which other blocks refer to a block.
local PREFIX = { variable = "var.", module = "module.", data = "data." }

local function address_of(item)
  if item.type == "locals" or item.type == "output" or #(item.labels or {}) == 0 then return nil end
  return (PREFIX[item.type] or "") .. table.concat(item.labels, ".")
end

local function add_inner(list, file, body, depth)
  for _, item in ipairs(body.items) do
    list[#list + 1] = { file = file, first = item.first, last = item.last, depth = depth,
      line = item.line, name = item.name or item.type }
    if item.body then add_inner(list, file, item.body, depth + 1) end
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

---@param dir string
---@return table<string, string>|nil files by path below dir
---@return lsqm.Error|nil err
function M.read(dir)
  local names, err = fs.walk(dir)
  if not names then return nil, err end
  local files = {}
  for _, name in ipairs(names) do
    files[name], err = fs.read(fs.join(dir, name))
    if not files[name] then return nil, err end
  end
  return files
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

---Attributes and blocks inside of the top-level blocks, outer ones before those in them.
function M.details(files)
  local list = {}
  local ok, err = each_file(files, function(name, body)
    for _, item in ipairs(body.items) do
      if item.body then add_inner(list, name, item.body, 1) end
    end
  end)
  return ok and list, err
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
      out[#out + 1] = text:sub(at, range.first - 1)
      at = range.last + 1
    end
  end
  out[#out + 1] = text:sub(at)
  return table.concat(out)
end

---The files without some pieces.
---@param files table<string, string>
---@param pieces table[]
---@return table<string, string>
function M.without(files, pieces)
  local out = {}
  for name, text in pairs(files) do
    local ranges = ranges_of(pieces, name)
    out[name] = #ranges == 0 and text or hcl.format(cut(text, ranges)) or text
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

---@param dir string
---@param files table<string, string>
---@return boolean|nil ok
---@return lsqm.Error|nil err
function M.write(dir, files)
  for name, text in pairs(files) do
    local path = fs.join(dir, name)
    local ok, err = fs.mkdir(fs.dirname(path))
    if ok then ok, err = fs.write(path, text) end
    if not ok then return nil, err end
  end
  return true
end

return M
