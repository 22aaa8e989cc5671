-- SPDX-License-Identifier: Apache-2.0
-- Which providers a root wants, in which versions. A warm provider is what it is: whether plain
-- terraform would have chosen the same one has to be known before it is used.

local error_of = require "std.error"
local fs = require "std.fs"

local M = {}

local function numbers(version)
  local list = {}
  for part in version:gmatch("%d+") do list[#list + 1] = math.tointeger(tonumber(part)) end
  return list
end

--- -1, 0 or 1: is version a older than, as old as, or newer than b? Missing parts are zero.
---@param a string "5.100.0"
---@param b string
---@return integer
function M.compare(a, b)
  local x, y = numbers(a), numbers(b)
  for i = 1, math.max(#x, #y) do
    local one, two = x[i] or 0, y[i] or 0
    if one ~= two then return one < two and -1 or 1 end
  end
  return 0
end

-- "~> 5.1" lets the last written part grow: from 5.1 on, below 6.
local function is_pessimistic(version, wanted)
  if M.compare(version, wanted) < 0 then return false end
  local parts, own = numbers(wanted), numbers(version)
  for i = 1, #parts - 1 do
    if (own[i] or 0) ~= parts[i] then return false end
  end
  return true
end

local OPERATORS = {
  ["="] = function(v, w) return M.compare(v, w) == 0 end,
  ["!="] = function(v, w) return M.compare(v, w) ~= 0 end,
  [">"] = function(v, w) return M.compare(v, w) > 0 end,
  [">="] = function(v, w) return M.compare(v, w) >= 0 end,
  ["<"] = function(v, w) return M.compare(v, w) < 0 end,
  ["<="] = function(v, w) return M.compare(v, w) <= 0 end,
  ["~>"] = is_pessimistic,
}

--- Does the version satisfy terraform's constraints ("~> 5.0, != 5.3.1")? A constraint that is not
--- understood is not satisfied, and neither is one that names a prerelease.
---@param version string
---@param constraints string
---@return boolean
function M.satisfies(version, constraints)
  for one in constraints:gmatch("[^,]+") do
    local operator, wanted = one:match("^%s*([=!<>~]*)%s*v?(%d[%d.]*)%s*$")
    local holds = operator and OPERATORS[operator == "" and "=" or operator]
    if not holds or not holds(version, wanted) then return false end
  end
  return true
end

--- Reads the tree that `terraform providers` prints.
---@param text string
---@return {address: string, constraints: string}[]
function M.parse(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do
    local address, constraints = line:match("provider%[([^%]]+)%]%s*(.-)%s*$")
    if address then list[#list + 1] = { address = address, constraints = constraints } end
  end
  return list
end

local CONFIGURATION <const> = { "%.tf$", "%.tf%.json$", "%.tfstate$" }

local function is_configuration(name)
  for _, pattern in ipairs(CONFIGURATION) do if name:find(pattern) then return true end end
  return false
end

--- The provider's types that terraform can meet in a tree: each word in its configuration that
--- begins with the prefix, which is more than there are resources, and never less: a type's name is
--- written out wherever it is used. nil (all) where that is not so, because a name may have an
--- escape in it, and where there is no configuration yet.
---@param dir string
---@param prefix string|nil default "aws_"
---@return string[]|nil types
function M.types(dir, prefix)
  local word, seen, list = "%f[%w_]" .. (prefix or "aws_") .. "[%w_]+", {}, {}
  for _, name in ipairs(fs.walk(dir) or {}) do
    local text = is_configuration(name) and fs.read(fs.join(dir, name)) or ""
    if text:find('\\u', 1, true) or text:find('\\U', 1, true) then return nil end
    for type_name in text:gmatch(word) do
      if not seen[type_name] then
        seen[type_name] = true
        list[#list + 1] = type_name
      end
    end
  end
  table.sort(list)
  return #list > 0 and list or nil
end

--- Would plain terraform use exactly this provider for the root, and no other?
---@param required table[] from M.parse
---@param provider {address: string, version: string}
---@return boolean
---@return table? why not
function M.fits(required, provider)
  for _, one in ipairs(required) do
    local other = one.address ~= provider.address
    if other or not M.satisfies(provider.version, one.constraints) then
      return false, error_of.new { op = "warm provider", code = "unsupported",
        message = other and ("the root needs %s"):format(one.address)
          or ("the root wants %s %s, warm is %s"):format(one.address, one.constraints,
            provider.version) }
    end
  end
  return true
end

return M
