-- SPDX-License-Identifier: Apache-2.0
-- Globs over "/"-separated paths: `*`, `?`, `[a-z]`, `{x,y}` within one part, `**` across parts.

local error_of = require "std.error"

local M = {}

local cache = setmetatable({}, { __mode = "kv" })

local MOST <const> = 1000 -- names that the braces of one glob may stand for: each pair doubles them

-- "a{b,c}d" -> { "abd", "acd" }, inner braces included.
local function expand(pattern, count)
  local before, inside, after = pattern:match("^(.-)(%b{})(.*)$")
  if not before then
    count.n = count.n + 1
    if count.n <= MOST then return { pattern } end
    error(error_of.new { op = "glob", code = "limit",
      message = ("the braces stand for more than %d names"):format(MOST) }, 0)
  end
  local out, depth, start = {}, 0, 2
  for i = 2, #inside do
    local c = inside:sub(i, i)
    if (c == "," and depth == 0) or i == #inside then
      local one = before .. inside:sub(start, i - 1) .. after
      for _, rest in ipairs(expand(one, count)) do
        out[#out + 1] = rest
      end
      start = i + 1
    elseif c == "{" then
      depth = depth + 1
    elseif c == "}" then
      depth = depth - 1
    end
  end
  return out
end

-- A part as Lua patterns of fixed length: what stands between its stars.
local function part_pattern(part)
  local pieces, out, i = {}, {}, 1
  while i <= #part do
    local c = part:sub(i, i)
    local set = c == "[" and part:match("^%[[!^]?[^%]]+%]", i)
    if set then
      out[#out + 1] = "[" .. set:sub(2, -2):gsub("^[!^]", "^"):gsub("%%", "%%%%") .. "]"
      i = i + #set - 1
    elseif c == "*" then
      pieces[#pieces + 1], out = table.concat(out), {}
    elseif c == "?" then
      out[#out + 1] = "[^/]"
    else
      out[#out + 1] = c:gsub("%p", "%%%0")
    end
    i = i + 1
  end
  pieces[#pieces + 1] = table.concat(out)
  return pieces
end

-- The first piece stands at the begin, the last at the end, each other where it first fits: one
-- Lua pattern with many stars would try for hours, and nothing could interrupt it.
local function fits(pieces, text)
  if #pieces == 1 then return text:find("^" .. pieces[1] .. "$") ~= nil end
  local _, last = text:find("^" .. pieces[1])
  for i = 2, #pieces - 1 do
    if not last then return false end
    _, last = text:find(pieces[i], last + 1)
  end
  if not last then return false end
  local final = text:find(pieces[#pieces] .. "$", last + 1)
  return final ~= nil
end

local function split(path)
  local parts = {}
  for part in path:gmatch("[^/]+") do parts[#parts + 1] = part end
  return parts
end

local function compile(pattern)
  local made = cache[pattern]
  if made then return made end
  made = {}
  for _, one in ipairs(expand(pattern, { n = 0 })) do
    local parts = split(one)
    for i, part in ipairs(parts) do
      if part ~= "**" then parts[i] = part_pattern(part) end
    end
    made[#made + 1] = parts
  end
  cache[pattern] = made
  return made
end

-- One row per pattern part, so that many `**` cost no more than parts × parts.
local function match_parts(pattern, parts)
  local reach = { [0] = true }
  for _, p in ipairs(pattern) do
    local following = {}
    local open = false
    for j = 0, #parts do
      if p == "**" then
        open = open or reach[j]
        following[j] = open
      else
        following[j] = j > 0 and reach[j - 1] and fits(p, parts[j])
      end
    end
    reach = following
  end
  return reach[#parts] == true
end

--- Does the glob match the whole path? Raises an error value, code "limit", where its braces stand
--- for too many names.
---@return boolean
function M.match(pattern, path)
  if type(pattern) ~= "string" then error("glob.match: pattern must be a string", 2) end
  if type(path) ~= "string" then error("glob.match: path must be a string", 2) end
  local parts = split(path)
  for _, one in ipairs(compile(pattern)) do
    if match_parts(one, parts) then return true end
  end
  return false
end

--- Does any of the globs match?
---@return boolean
function M.match_any(patterns, path)
  for _, pattern in ipairs(patterns) do
    if M.match(pattern, path) then return true end
  end
  return false
end

return M
