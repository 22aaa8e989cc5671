-- SPDX-License-Identifier: Apache-2.0
-- A text that a regular expression matches, as short as it gets: for values that a validation
-- wants. Look-arounds and references are not understood; whoever uses it checks the result.
local M = {}

local CLASSES <const> = { d = "1", w = "a", s = " ", D = "a", W = "-", S = "a" }
local PREFERRED <const> = "a1A0-_/.:x"

local alternatives

-- "[a-z0-9]": a member, one of the preferred ones if there is.
local function class(pattern, pos)
  local body, stop = pattern:match("^%[(%^?%]?[^%]]*)%]()", pos)
  if not body then return nil end
  local negated = body:sub(1, 1) == "^"
  if negated then body = body:sub(2) end
  body = body:gsub("%[:alpha:", "a-z"):gsub("%[:digit:", "0-9"):gsub("%[:alnum:", "a-z0-9")
    :gsub("\\([dws])", { d = "0-9", w = "a-z0-9_", s = " " }):gsub("\\(.)", "%1")
  local lua = "[" .. (negated and "^" or "") .. body:gsub("[%%%]]", "%%%0") .. "]"
  for c in PREFERRED:gmatch "." do
    local ok, hit = pcall(string.find, c, lua)
    if ok and hit then return c, stop end
  end
  return body:sub(1, 1), stop
end

local function atom(pattern, pos)
  local c = pattern:sub(pos, pos)
  if c == "[" then return class(pattern, pos) end
  if c == "(" then
    local inside = pattern:match("^%(%?:()", pos) or pattern:match("^%(%?[iP]?<%w+>()", pos)
      or pos + 1
    if pattern:find("^%(%?[=!<]", pos) then return nil end
    local text, stop = alternatives(pattern, inside)
    return text, stop and stop + 1
  end
  if c == "\\" then
    local escaped = pattern:sub(pos + 1, pos + 1)
    return CLASSES[escaped] or escaped, pos + 2
  end
  if c == "^" or c == "$" then return "", pos + 1 end
  return c == "." and "a" or c, pos + 1
end

local function times(pattern, pos)
  local c = pattern:sub(pos, pos)
  local min, after = pattern:match("^{(%d+),?%d*}()", pos)
  if min then return math.min(tonumber(min), 200), after end
  if c == "*" or c == "?" then return 0, pos + 1 end
  return 1, c == "+" and pos + 1 or pos
end

local function sequence(pattern, pos)
  local out = {}
  while pos <= #pattern do
    local c = pattern:sub(pos, pos)
    if c == "|" or c == ")" then break end
    local text, stop = atom(pattern, pos)
    if not text or not stop then return nil end
    local count
    count, pos = times(pattern, stop)
    if pattern:sub(pos, pos) == "?" and pos > stop then pos = pos + 1 end
    out[#out + 1] = text:rep(count)
  end
  return table.concat(out), pos
end

alternatives = function(pattern, pos)
  local first, stop = sequence(pattern, pos)
  while stop and pattern:sub(stop, stop) == "|" do
    local text
    text, stop = sequence(pattern, stop + 1)
    if first == "" then first = text end
  end
  return first, stop
end

---@param pattern string
---@return string|nil
function M.of(pattern)
  local text, stop = alternatives(pattern:gsub("^%(%?%w+%)", ""), 1)
  return stop and stop > #pattern and text or nil
end

return M
