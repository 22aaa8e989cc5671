-- SPDX-License-Identifier: Apache-2.0
-- Variables in Compose texts: $NAME, ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?message},
-- ${NAME?message}, ${NAME:+other}, ${NAME+other}, nested, and $$ for a dollar. A dollar that
-- neither a name nor a brace follows stands for itself.

local origin = require "std.compose.origin"

local M = {}

local NAME <const> = "^([%a_][%w_]*)()"

local DEEPEST <const> = 100 -- of ${A:-${B:-…}}
local LONGEST <const> = 2 ^ 20 -- bytes of a text: variables of variables multiply

local expand

-- The text itself is not shown: it may be a password with a dollar in it.
local function invalid(state)
  origin.fail(state.place, "invalid interpolation format: write $$ for a dollar")
end

-- What follows an operator, up to the closing brace. It is expanded only when it is wanted, but
-- its end must be found either way.
local function operand(text, at, state, wanted)
  local inner = { place = state.place, get = state.get, on_use = state.on_use,
    on_missing = state.on_missing, quiet = state.quiet or not wanted,
    depth = (state.depth or 0) + 1 }
  if inner.depth > DEEPEST then
    origin.fail(state.place, "variables are nested more than %d deep", DEEPEST)
  end
  return expand(text, at, inner, true)
end

local operators = {
  ["-"] = function(value, other) return value == nil and other or value end,
  ["+"] = function(value, other) return value ~= nil and other or "" end,
  ["?"] = function(value, message, name, state)
    if value == nil then
      origin.fail(state.place, "required variable %s is missing a value%s", name,
        message ~= "" and ": " .. message or "")
    end
    return value
  end,
}

local function lookup(name, state)
  if state.quiet then return "" end
  if state.on_use then state.on_use(name, state.place) end
  return state.get(name)
end

local function braced(text, at, state)
  local name, after = text:match(NAME, at)
  if not name then invalid(state) end
  local colon, operator, start = text:match("^(:?)([-+?])()", after)
  if not operator then
    if text:sub(after, after) ~= "}" then invalid(state) end
    return lookup(name, state), after + 1, name
  end
  local value = lookup(name, state)
  if colon == ":" and value == "" then value = nil end
  local wanted = (value == nil) == (operator ~= "+")
  local other, stop = operand(text, start, state, wanted)
  if state.quiet then return "", stop + 1 end
  return operators[operator](value, other, name, state), stop + 1
end

local function dollar(text, at, state)
  local next_char = text:sub(at + 1, at + 1)
  if next_char == "$" then return "$", at + 2 end
  local value, after, name
  if next_char == "{" then
    value, after, name = braced(text, at + 2, state)
  else
    name, after = text:match(NAME, at + 1)
    if not name then return "$", at + 1 end
    value = lookup(name, state)
  end
  if value == nil then
    if state.on_missing and not state.quiet then state.on_missing(name, state.place) end
    value = ""
  end
  return value, after
end

-- Text from `at` to its end, or to the brace that closes the one we are in.
function expand(text, at, state, nested)
  local out, size = {}, 0
  local function add(part)
    size = size + #part
    if size > math.max(LONGEST, #text) then
      origin.fail(state.place, "the text is longer than %d bytes with its variables", LONGEST)
    end
    out[#out + 1] = part
  end
  while true do
    local stop = text:find(nested and "[$}]" or "%$", at)
    if not stop then
      if nested then invalid(state) end
      add(text:sub(at))
      return table.concat(out), #text + 1
    end
    add(text:sub(at, stop - 1))
    if text:sub(stop, stop) == "}" then return table.concat(out), stop end
    local value
    value, at = dollar(text, stop, state)
    add(value)
  end
end

--- The text with its variables replaced; raises a Compose error for a wrong format and for a
--- variable that is required.
---@param text string
---@param state {get: fun(name): string?, place?: table, on_use?: fun(name, place),
---  on_missing?: fun(name, place)}
---@return string
function M.text(text, state)
  if not text:find("$", 1, true) then return text end
  return (expand(text, 1, state, false))
end

--- Replaces the variables in all texts below a table, in place. Keys stay as they are.
---@param state table see text(); its place is set here
function M.tree(t, state)
  for key, value in next, t do
    if type(value) == "string" then
      if value:find("$", 1, true) then
        state.place = origin.at(t, key)
        t[key] = M.text(value, state)
      end
    elseif type(value) == "table" then
      M.tree(value, state)
    end
  end
end

return M
