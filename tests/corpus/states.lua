-- SPDX-License-Identifier: Apache-2.0
-- Are two Terraform states of one root, each made in an emulator of its own, the same? Every value
-- must be, but where REASONS says why it cannot: what was generated may have another name in the
-- other state, always the same one, and nothing else may have that name.

local time = require "std.time"

local M = {}

local function hex(count) return ("%x"):rep(count) end

local function digits(count) return ("%d"):rep(count) end

-- Seconds that two deployments of one comparison may lie apart.
local APART <const> = 3600

local TIME <const> = "%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d[%d.]*[Z+]?0*"

local function is_near(a, b)
  local x, y = time.parse((a:gsub("%+0000$", ""):gsub("Z?$", "Z", 1))),
    time.parse((b:gsub("%+0000$", ""):gsub("Z?$", "Z", 1)))
  return x ~= nil and y ~= nil and math.abs(x - y) <= APART
end

--- Why two values may differ, in the order in which they are tried. `pattern`: the part of a text
--- that is generated, its capture where something around it tells what it is. `fits`: instead of
--- being the other's name everywhere.
M.REASONS = {
  { name = "timestamp", why = "when it was made", pattern = "(" .. TIME .. ")",
    fits = is_near },
  { name = "uuid", why = "ids of KMS keys, mappings, subscriptions, revisions",
    pattern = ("(%s%%-%s%%-%s%%-%s%%-%s)"):format(hex(8), hex(4), hex(4), hex(4), hex(12)) },
  { name = "unique name", why = "the provider's own: time and a count over its whole life",
    pattern = "(20" .. digits(16) .. hex(8) .. ")" },
  { name = "iam id", why = "AROA… of roles, ANPA… of policies, and the like",
    pattern = "%f[%w](A%u%u%u" .. ("[%u%d]"):rep(17) .. ")%f[%W]" },
  { name = "user pool", why = "Cognito's REGION_ID",
    pattern = "(%l%l%-%l+%-%d_" .. ("%w"):rep(9) .. ")%f[%W]" },
  { name = "secret", why = "six digits that end a secret's ARN",
    pattern = "(:secret:[%w/_+=.@-]+%-" .. hex(6) .. ")%f[%W]" },
  { name = "short id", why = "APIs, their resources and deployments",
    pattern = "%f[%w](" .. hex(8) .. ")%f[%W]" },
}

-- Parts of the state itself that are no value of a resource.
local OWN_PARTS <const> = {
  [".lineage"] = "lineage", -- a random name of the state
  [".serial"] = "serial", -- how often it was written: what ends together shares a write
}

local function mask(text, reason)
  local found = {}
  local masked = text:gsub(reason.pattern, function(part)
    found[#found + 1] = part
    return "\1" .. reason.name .. "\2"
  end)
  return masked, found
end

local function is_same_name(seen, a, b)
  if (seen.there[a] or b) ~= b or (seen.back[b] or a) ~= a then return false end
  seen.there[a], seen.back[b] = b, a
  return true
end

local function pair_up(seen, reason, mine, others)
  if #mine ~= #others then return false end
  for i, a in ipairs(mine) do
    local b = others[i]
    if a ~= b and reason.fits then
      if not reason.fits(a, b) then return false end
    elseif not reason.fits and not is_same_name(seen, a, b) then
      return false
    end
  end
  return true
end

-- Texts that differ: by generated parts alone?
local function excuse(seen, a, b)
  local used = {}
  for _, reason in ipairs(M.REASONS) do
    local mine, others
    a, mine = mask(a, reason)
    b, others = mask(b, reason)
    if not pair_up(seen, reason, mine, others) then return false end
    if #mine > 0 then used[#used + 1] = reason.name end
  end
  if a ~= b then return false end
  for _, name in ipairs(used) do seen.excused[name] = (seen.excused[name] or 0) + 1 end
  return true
end

local function describe(path, a, b)
  return ("%s: plain %s / warm %s"):format(path, tostring(a), tostring(b))
end

local compare

-- Paths of attributes, which terraform writes in the order of a Go map: any.
local function is_unordered(path) return path:find("%.sensitive_attributes$") ~= nil end

local function ordered(list)
  local json, copy = require "std.json", {}
  for i, item in ipairs(list) do copy[i] = item end
  table.sort(copy, function(x, y) return json.encode(x) < json.encode(y) end)
  return copy
end

local function compare_tables(seen, a, b, path)
  if #a > 0 and is_unordered(path) then a, b = ordered(a), ordered(b) end
  local keys = {}
  for key in pairs(a) do keys[#keys + 1] = key end
  for key in pairs(b) do
    if a[key] == nil then return describe(path .. "." .. tostring(key), "nothing", b[key]) end
  end
  table.sort(keys, function(x, y) return tostring(x) < tostring(y) end)
  for _, key in ipairs(keys) do
    local problem = compare(seen, a[key], b[key], path .. "." .. tostring(key))
    if problem then return problem end
  end
  return nil
end

function compare(seen, a, b, path)
  local part = OWN_PARTS[path]
  if part then
    if a ~= b then seen.excused[part] = 1 end
    return type(a) ~= type(b) and describe(path, a, b) or nil
  end
  if type(a) == "table" and type(b) == "table" then return compare_tables(seen, a, b, path) end
  if a == b then return nil end
  if type(a) == "string" and type(b) == "string" then
    local x, y = seen.plain(a), seen.warm(b)
    if x == y then
      seen.excused.place = (seen.excused.place or 0) + 1
      return nil
    end
    if excuse(seen, x, y) then return nil end
  end
  return describe(path, a, b)
end

-- The emulator's address and the root's folder are known, so nothing is guessed about them.
local function placeless(one)
  local address = one.endpoint:match("^http://(.+)$")
  local function replace(text, part, word)
    local at, last = text:find(part, 1, true)
    while at do
      text = text:sub(1, at - 1) .. word .. text:sub(last + 1)
      at, last = text:find(part, at + #word, true)
    end
    return text
  end
  return function(text)
    return replace(replace(text, address, "\1emulator\2"), one.dir, "\1root\2")
  end
end

--- Compares the states of {state=, endpoint=, dir=} and another one.
---@param plain table
---@param warm table
---@return boolean equal
---@return string|nil difference the first one
---@return table<string, integer> excused reason → how many values
function M.compare(plain, warm)
  local seen = { there = {}, back = {}, excused = {}, plain = placeless(plain),
    warm = placeless(warm) }
  local problem = compare(seen, plain.state, warm.state, "")
  return problem == nil, problem, seen.excused
end

return M
