-- SPDX-License-Identifier: Apache-2.0
-- The filters of `on:`: would GitHub start this workflow for this branch or tag? Patterns are
-- GitHub's: `*` within a part, `**` across, `?` and `+` repeat what is before them, `!` takes away.

local regex = require "std.regex"

local M = {}

local SPECIAL <const> = "[%.%^%$%(%)%{%}|]"

-- Pieces of a pattern, the longest first, and what they are as a regular expression.
local PIECES <const> = { { "^%*%*/", "(?:.*/)?" }, { "^%*%*", ".*" }, { "^%*", "[^/]*" },
  { "^%[[^%]]*%]" }, { "^[?+]" }, { "^\\." } }

local function piece_at(pattern, at)
  for _, row in ipairs(PIECES) do
    local found = pattern:sub(at):match(row[1])
    if found then return row[2] or found, at + #found end
  end
  return pattern:sub(at, at):gsub(SPECIAL, "\\%0"), at + 1
end

local function to_regex(pattern)
  local out, at = {}, 1
  while at <= #pattern do
    out[#out + 1], at = piece_at(pattern, at)
  end
  return "^(?:" .. table.concat(out) .. ")$"
end

--- Does a name fit a list of patterns? The last that fits decides.
---@return boolean|nil
---@return lsqm.Error|nil where a pattern is none
function M.fits(patterns, name)
  local fits = false
  for _, pattern in ipairs(patterns) do
    local negated, rest = tostring(pattern):match("^(!?)(.*)$")
    local compiled, err = regex.compile(to_regex(rest))
    if not compiled then return nil, err end
    if compiled:test(name) then fits = negated == "" end
  end
  return fits
end

local function as_list(value) return type(value) == "table" and value or { value } end

-- The filters that name what started it: key, and whether it must fit.
local function rows_of(kind)
  return { { kind, true }, { kind .. "-ignore", false } }
end

local OTHER <const> = { branches = { "tags", "tags-ignore" }, tags = { "branches",
  "branches-ignore" } }

-- A push of a tag is not started by branches alone, and the other way around.
local function is_other_kind(settings, kind)
  local own = settings[kind] ~= nil or settings[kind .. "-ignore"] ~= nil
  for _, key in ipairs(OTHER[kind]) do
    if not own and settings[key] ~= nil then return key end
  end
  return nil
end

--- Why an event would not start a workflow: the key, and a text; nil when it would.
---@param settings table<string, any> of the event in `on:`
---@param kind "branches"|"tags"
---@param name string the branch or tag
---@return string? key
---@return string? text
function M.refusal(settings, kind, name)
  for _, row in ipairs(rows_of(kind)) do
    local patterns = settings[row[1]]
    if patterns ~= nil then
      local fits, err = M.fits(as_list(patterns), name)
      if err then return row[1], tostring(err) end
      if fits ~= row[2] then
        return row[1], ("%s is %s of %s"):format(name, row[2] and "none" or "one",
          table.concat(as_list(patterns), ", "))
      end
    end
  end
  local other = is_other_kind(settings, kind)
  if other then return other, ("%s is of another kind than %s"):format(name, other) end
  return nil
end

return M
