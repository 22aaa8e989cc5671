-- SPDX-License-Identifier: Apache-2.0
-- Shrinks a Terraform root as far as something that it shows allows: whole blocks and files,
-- references to others, attributes, members of lists; again, until nothing more can go.

local ddmin = require "std.ddmin"
local hcl = require "std.hcl"
local pieces = require "std.terraform.pieces"
local sha256 = require "std.sha256"
local tables = require "std.table"

local M = {}

local function others(all, kept)
  local set, list = tables.set(kept), {}
  for _, item in ipairs(all) do if not set[item] then list[#list + 1] = item end end
  return list
end

local function key_of(files)
  local hash = sha256.new()
  for name, text in tables.sorted_pairs(files) do hash:update(("%s\0%s\0"):format(name, text)) end
  return hash:final()
end

local function is_readable(files)
  for name, text in pairs(files) do
    if name:find("%.tf$") and not hcl.parse(text) then return false end
  end
  return true
end

-- Asks once for each candidate; what is no Terraform at all shows nothing.
local function asker(shows)
  local known = {}
  return function(files)
    if not is_readable(files) then return false end
    local key = key_of(files)
    if known[key] == nil then
      local answer = shows(files)
      if answer == nil then return nil end
      known[key] = answer
    end
    return known[key]
  end
end

-- Each way: the pieces that may go, and the files without some of them; nil where that would take
-- the block away that it is about.
local BLOCKS <const> = { all = pieces.blocks, without = function(files, all, kept, address)
  local gone = pieces.gone(files, all, tables.set(kept))
  for _, piece in ipairs(gone) do
    if address and piece.address == address then return nil end
  end
  return pieces.without(files, gone)
end }

local FILES <const> = { all = function(files)
  local list = {}
  for name in pairs(files) do
    if not name:find("^[^/]+%.tf$") then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end, without = function(files, all, kept)
  local out = {}
  for name, text in pairs(files) do out[name] = text end
  for _, name in ipairs(others(all, kept)) do out[name] = nil end
  return out
end }

local function without_others(files, all, kept)
  return pieces.without(files, others(all, kept))
end

local REFERENCES <const> = { all = pieces.references, without = without_others }
local DETAILS <const> = { all = pieces.details, without = without_others }

-- What nothing refers to any more goes before each of its attributes is tried.
local WAYS <const> = { BLOCKS, FILES, REFERENCES, BLOCKS, DETAILS }

local function go(way, files, ask, address)
  local all, err = way.all(files)
  if not all then return nil, err end
  if #all == 0 then return files, true end
  local kept, complete = ddmin.minimise(all, function(list)
    local smaller = way.without(files, all, list, address)
    return smaller ~= nil and ask(smaller)
  end)
  if #kept == #all then return files, complete end
  return way.without(files, all, kept, address), complete
end

-- What a block still needs where nothing refers to anything: mostly itself.
local function alone(files, address)
  local all = pieces.blocks(files)
  local kept = all and pieces.needed(files, all, address)
  return kept and pieces.without(files, others(all, kept)) or files
end

-- What the failure is said to be about is most often all that it takes: the block alone, with plain
-- values in place of what it refers to; or with that.
local function guess(files, ask, address)
  local all, err = pieces.blocks(files)
  if not all then return nil, err end
  local kept = pieces.needed(files, all, address)
  if not kept then return files end
  local smaller = pieces.without(files, others(all, kept))
  local references
  references, err = pieces.references(smaller)
  if not references then return nil, err end
  for _, candidate in ipairs { alone(pieces.without(smaller, references), address), smaller } do
    local answer = ask(candidate)
    if answer or answer == nil then return answer and candidate or files end
  end
  return files
end

---@param files table<string, string> a root, by path
---@param shows fun(files: table<string, string>): boolean|nil whether a smaller root still shows
---  it; nil: stop here
---@param address string|nil of the block that it is said to be about: tried first, and kept
---@return table<string, string>|nil files no single piece can go, unless it was stopped
---@return boolean|lsqm.Error complete false when it was stopped
function M.shrink(files, shows, address)
  local ask = asker(shows)
  if address then
    local err
    files, err = guess(files, ask, address)
    if not files then return nil, err end
  end
  repeat
    local before = key_of(files)
    for _, way in ipairs(WAYS) do
      local smaller, complete = go(way, files, ask, address)
      if not smaller then return nil, complete end
      files = smaller
      if not complete then return files, false end
    end
  until key_of(files) == before
  return files, true
end

return M
