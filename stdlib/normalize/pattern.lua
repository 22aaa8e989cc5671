-- SPDX-License-Identifier: Apache-2.0
-- Java's regular expressions, as AllowedPattern has them: whether a text matches, the same pattern
-- for Terraform (RE2), and a text that a pattern allows.
local regex = require "std.regex"

local M = {}

---Whether the whole text matches; nil when the pattern cannot be read.
---@return boolean|nil
function M.matches(pattern, text)
  return (regex.test("\\A(?:" .. pattern .. ")\\z", text))
end

-- --- for RE2 ---------------------------------------------------------------------------------

local POSIX = { Lower = "lower", Upper = "upper", ASCII = "ascii", Alpha = "alpha",
  Digit = "digit", Alnum = "alnum", Punct = "punct", Graph = "graph", Print = "print",
  Blank = "blank", Cntrl = "cntrl", XDigit = "xdigit", Space = "space" }
local ESCAPES = { Z = "\\z", e = "\\x1b", h = "[\\t ]" }
local MAX_REPEAT = 1000

local function escape(pattern, pos, in_class)
  local c = pattern:sub(pos + 1, pos + 1)
  local hex = pattern:match("^\\u(%x%x%x%x)", pos)
  if hex then return "\\x{" .. hex .. "}", pos + 6 end
  local class = pattern:match("^\\p{(%a+)}", pos)
  if class and POSIX[class] then
    local text = "[:" .. POSIX[class] .. ":]"
    return in_class and text or "[" .. text .. "]", pos + 5 + #class - 1
  end
  if class and #class > 2 then return nil, "the class \\p{" .. class .. "}" end
  if ESCAPES[c] and not in_class then return ESCAPES[c], pos + 2 end
  if c:find("[1-9]") or c == "k" then return nil, "a back reference" end
  if c == "" or c:find("%w") and not c:find("[AbBdDsSwWzafnrtvxpPQE]") then
    return nil, "the escape \\" .. c
  end
  return "\\" .. c, pos + 2
end

-- A class ends at the first bracket that is not escaped; Java's unions and intersections have no
-- counterpart.
local function class(pattern, pos)
  local out = { "[" }
  pos = pos + 1
  while true do
    local c = pattern:sub(pos, pos)
    if c == "" then return nil, "a class without an end" end
    if c == "\\" then
      local text, after = escape(pattern, pos, true)
      if not text then return nil, after end
      out[#out + 1], pos = text, after
    elseif c == "[" or pattern:sub(pos, pos + 1) == "&&" then
      return nil, "a class within a class"
    else
      out[#out + 1], pos = c, pos + 1
      if c == "]" and #out > 2 then return table.concat(out), pos end
    end
  end
end

local function group(pattern, pos)
  local name = pattern:match("^%(%?<(%a%w*)>", pos)
  if name then return "(?P<" .. name .. ">", pos + 4 + #name end
  if pattern:find("^%(%?[:is]", pos) then return pattern:sub(pos, pos + 2), pos + 3 end
  if pattern:sub(pos + 1, pos + 1) == "?" then return nil, "a look-around or a flag" end
  return "(", pos + 1
end

-- RE2 counts to a thousand: a higher upper bound is left out, and said.
local function quantifier(pattern, pos, notes)
  local text, after = pattern:match("^([*+?])()", pos)
  if not text then
    local min, comma, max
    min, comma, max, after = pattern:match("^{(%d+)(,?)(%d*)}()", pos)
    if not min then return nil, "a brace" end
    text = pattern:sub(pos, after - 1)
    if tonumber(min) > MAX_REPEAT then return nil, "a count above 1000" end
    if (tonumber(max) or 0) > MAX_REPEAT then
      notes[1] = "the upper bound " .. max
      text = "{" .. min .. comma .. "}"
    end
  end
  local mark = pattern:sub(after, after)
  if mark == "+" then return nil, "a possessive quantifier" end
  if mark == "?" then return text .. "?", after + 1 end
  return text, after
end

local READERS = { ["\\"] = escape, ["["] = class, ["("] = group, ["*"] = quantifier,
  ["+"] = quantifier, ["?"] = quantifier, ["{"] = quantifier }

-- Counts of nested groups multiply in RE2.
local function too_large(text)
  local product = 1
  if not text:find("%)[{*+]") then return false end
  for min, max in text:gmatch("{(%d+),?(%d*)}") do
    product = product * math.max(1, tonumber(max) or tonumber(min))
  end
  return product > MAX_REPEAT
end

---The pattern for Terraform's regex(), anchored at both ends.
---@return string|nil text nil when RE2 cannot say it
---@return string|nil note what is lost: why there is none, or what was left out
function M.re2(pattern)
  local out, pos, notes = {}, 1, {}
  while pos <= #pattern do
    local c = pattern:sub(pos, pos)
    local reader = READERS[c]
    local text, after = c, pos + 1
    if reader == quantifier then text, after = quantifier(pattern, pos, notes)
    elseif reader then text, after = reader(pattern, pos) end
    if not text then return nil, after end
    out[#out + 1], pos = text, after
  end
  local text = table.concat(out)
  if too_large(text) then return nil, "counts that multiply above 1000" end
  local anchored = text:find("^%^") and text:find("[^\\]%$$") and not text:find("|", 1, true)
  return anchored and text or "^(?:" .. text .. ")$", notes[1]
end

-- --- a text that matches ---------------------------------------------------------------------

local SAMPLE_OF = { d = "0", w = "a", s = " ", D = "a", W = "-", S = "a", t = "\t", n = "\n" }
local MAX_SAMPLE = 4096
local PROBES = { { "a", "0", "A", "-", "_", ".", " " }, { "A", "0", "a", "-", "_", ".", " " } }
local alternatives

-- One character of a class.
local function class_sample(state)
  local stop = state.pos + 1
  if state.text:sub(stop, stop) == "^" then stop = stop + 1 end
  if state.text:sub(stop, stop) == "]" then stop = stop + 1 end
  while stop <= #state.text and state.text:sub(stop, stop) ~= "]" do
    stop = stop + (state.text:sub(stop, stop) == "\\" and 2 or 1)
  end
  local body = state.text:sub(state.pos, stop)
  state.pos = stop + 1
  for _, probe in ipairs(PROBES[state.probes]) do
    if M.matches(body, probe) then return probe end
  end
  return body:match("^%[\\?([^\\^])") or ""
end

local function atom(state)
  local c = state.text:sub(state.pos, state.pos)
  if c == "[" then return class_sample(state) end
  if c == "(" then
    local ahead = state.text:find("^%(%?<?[=!]", state.pos)
    local _, stop = state.text:find("^%(%?<?[:=!]?", state.pos)
    state.pos = (stop or state.pos) + 1
    local inner = alternatives(state)
    state.pos = state.pos + 1
    return ahead and "" or inner
  end
  if c == "\\" then
    local escaped = state.text:sub(state.pos + 1, state.pos + 1)
    state.pos = state.pos + 2
    return SAMPLE_OF[escaped] or escaped
  end
  state.pos = state.pos + 1
  return c == "." and "a" or (c == "^" or c == "$") and "" or c
end

local function times(state)
  local mark = state.text:match("^[*+?]", state.pos)
  if mark then
    state.pos = state.pos + 1
    return mark == "?" and 0 or (mark == "+" and 1 or 0) + state.extra
  end
  local min, comma, max, after = state.text:match("^{(%d+)(,?)(%d*)}()", state.pos)
  if not min then return 1 end
  state.pos = after
  min, max = tonumber(min), tonumber(max)
  return comma == "" and min or math.min(min + state.extra, max or 64, 1024)
end

alternatives = function(state)
  local first
  state.depth = state.depth + 1
  if state.depth > 50 then error("the pattern is nested too deeply", 0) end
  repeat
    local out = {}
    while state.pos <= #state.text and not state.text:find("^[|)]", state.pos) do
      local piece = atom(state)
      local count = times(state)
      state.size = (state.size or 0) + #piece * count
      if state.size > MAX_SAMPLE then error("the sample is too long", 0) end
      out[#out + 1] = piece:rep(count)
    end
    first = first or table.concat(out)
    local more = state.text:sub(state.pos, state.pos) == "|"
    if more then state.pos = state.pos + 1 end
  until not more
  state.depth = state.depth - 1
  return first
end

---A text that the pattern allows, or nil when none was found.
---@param accept fun(text: string): boolean further demands
---@return string|nil
function M.sample(pattern, accept)
  for try = 0, 65 do
    local ok, text = pcall(alternatives, { text = pattern, pos = 1, extra = try // 2, depth = 0,
      probes = try % 2 + 1 })
    if not ok then return nil end
    if M.matches(pattern, text) and accept(text) then return text end
  end
  return nil
end

return M
