-- SPDX-License-Identifier: Apache-2.0
-- JSONPath over decoded JSON: $.a, ['a'], [0], [-1], [1:3], [*], .*, ..a, [?@.x == 1], and
-- assertions such as `$.status == 'healthy'`.

local error_of = require "std.error"
local json = require "std.json"
local tables = require "std.table"

local M = {}

local OPERATORS <const> = { "==", "!=", "<=", ">=", "=~", "<", ">" }

local function fail(state, expected)
  error(error_of.new { op = "jsonpath", code = "syntax", col = state.at, source = state.text,
    caret = state.at, line = 1, message = "expected " .. expected }, 0)
end

local function take(state, pattern)
  local found, after = state.text:match("^%s*(" .. pattern .. ")()", state.at)
  if found then state.at = after end
  return found
end

local function quoted(state)
  local quote = state.text:match("^%s*(['\"])", state.at)
  if not quote then return nil end
  local from = state.text:find(quote, state.at, true) + 1
  local out, at = {}, from
  while true do
    local c = state.text:sub(at, at)
    if c == "" then fail(state, "the end of a quote") end
    if c == quote then break end
    if c == "\\" then
      at = at + 1
      c = state.text:sub(at, at)
    end
    out[#out + 1] = c
    at = at + 1
  end
  state.at = at + 1
  return table.concat(out)
end

local WORDS <const> = { ["true"] = true, ["false"] = false, null = json.null }

local function literal(state)
  local text = quoted(state)
  if text then return text end
  local number = take(state, "%-?%d+%.?%d*[eE]?[+-]?%d*")
  local value = number and tonumber(number)
  if value then return math.tointeger(value) or value end
  local word = take(state, "%a+")
  if word and WORDS[word] ~= nil then return WORDS[word] end
  fail(state, "a text in quotes, a number, true, false or null")
end

local parse_path

local function operator(state)
  for _, name in ipairs(OPERATORS) do
    if take(state, (name:gsub("%p", "%%%0"))) then return name end
  end
  return nil
end

local function filter(state)
  local paren = take(state, "%(")
  local path = parse_path(state, "@")
  local op = operator(state)
  local step = { kind = "filter", path = path, op = op, value = nil }
  if op then step.value = literal(state) end
  if paren and not take(state, "%)") then fail(state, ")") end
  return step
end

local function bracket(state)
  local step
  if take(state, "%*") then
    step = { kind = "all" }
  elseif take(state, "%?") then
    step = filter(state)
  else
    local name = quoted(state)
    local first = not name and take(state, "%-?%d+")
    if name then
      step = { kind = "name", name = name }
    elseif take(state, ":") then
      local last = take(state, "%-?%d+")
      step = { kind = "slice", first = math.tointeger(tonumber(first or nil)),
        last = math.tointeger(tonumber(last)) }
    elseif first then
      step = { kind = "index", index = math.tointeger(tonumber(first)) }
    else
      fail(state, "a name in quotes, an index, a slice, * or ?")
    end
  end
  if not take(state, "%]") then fail(state, "]") end
  return step
end

local function dotted(state, deep)
  if deep and take(state, "%[") then return bracket(state) end
  if take(state, "%*") then return { kind = "all" } end
  local name = take(state, "[%a_\x80-\xFF][%w_\x80-\xFF-]*")
  if not name then fail(state, "a name") end
  return { kind = "name", name = name }
end

function parse_path(state, root)
  if not take(state, "%" .. root) then fail(state, root) end
  local steps = {}
  while true do
    if take(state, "%.%.") then
      steps[#steps + 1] = { kind = "deep" }
      steps[#steps + 1] = dotted(state, true)
    elseif state.text:find("^%.", state.at) then
      state.at = state.at + 1
      steps[#steps + 1] = dotted(state)
    elseif state.text:find("^%[", state.at) then
      state.at = state.at + 1
      steps[#steps + 1] = bracket(state)
    else
      return steps
    end
  end
end

local function is_list(value) return type(value) == "table" and json.is_array(value) end

-- Members of an object by sorted name, items of a list in order.
local function children(value, out)
  if type(value) ~= "table" then return end
  if is_list(value) then
    for _, item in ipairs(value) do out[#out + 1] = item end
    return
  end
  for _, child in tables.sorted_pairs(value) do out[#out + 1] = child end
end

local function descend(value, out)
  out[#out + 1] = value
  local list = {}
  children(value, list)
  for _, item in ipairs(list) do descend(item, out) end
end

local select_all, compare

local steps_of = {
  all = function(_, value, out) children(value, out) end,
  deep = function(_, value, out) descend(value, out) end,
  name = function(step, value, out)
    if type(value) == "table" and not is_list(value) and value[step.name] ~= nil then
      out[#out + 1] = value[step.name]
    end
  end,
  index = function(step, value, out)
    if not is_list(value) then return end
    local at = step.index < 0 and #value + step.index + 1 or step.index + 1
    if value[at] ~= nil then out[#out + 1] = value[at] end
  end,
  slice = function(step, value, out)
    if not is_list(value) then return end
    local function position(n, default)
      if not n then return default end
      return math.max(0, math.min(#value, n < 0 and #value + n or n))
    end
    for i = position(step.first, 0) + 1, position(step.last, #value) do out[#out + 1] = value[i] end
  end,
}

function steps_of.filter(step, value, out)
  local list = {}
  children(value, list)
  for _, item in ipairs(list) do
    local found = select_all(step.path, item)
    local ok = #found > 0
    if ok and step.op then ok = compare(found[1], step.op, step.value) end
    if ok then out[#out + 1] = item end
  end
end

function select_all(steps, value)
  local current = { value }
  for _, step in ipairs(steps) do
    local out = {}
    for _, one in ipairs(current) do steps_of[step.kind](step, one, out) end
    current = out
  end
  return current
end

local function ordered(a, b) return type(a) == type(b) and
  (type(a) == "number" or type(a) == "string") end

local comparisons = {
  ["=="] = function(a, b) return a == b end,
  ["!="] = function(a, b) return a ~= b end,
  ["<"] = function(a, b) return ordered(a, b) and a < b end,
  ["<="] = function(a, b) return ordered(a, b) and a <= b end,
  [">"] = function(a, b) return ordered(a, b) and a > b end,
  [">="] = function(a, b) return ordered(a, b) and a >= b end,
  ["=~"] = function(a, b)
    return type(a) == "string" and require("std.regex").test(tostring(b), a) == true
  end,
}

function compare(a, op, b) return comparisons[op](a, b) end

local function guarded(fn)
  local ok, value = pcall(fn)
  if ok then return value end
  if error_of.is(value) then return nil, value end
  error(value, 0)
end

--- Compiles a path, or an assertion: a path, an operator and a literal.
---@param text string
---@return table? compiled {values(document) → list, test(document) → boolean, found value}
---@return lsqm.Error?
function M.compile(text)
  if type(text) ~= "string" then error("jsonpath.compile: text must be a string", 2) end
  return guarded(function()
    local state = { text = text, at = 1 }
    local steps = parse_path(state, "$")
    local op = operator(state)
    local wanted
    if op then wanted = literal(state) end
    if state.text:find("%S", state.at) then fail(state, "an operator or the end") end
    return {
      values = function(document) return select_all(steps, document) end,
      test = function(document)
        local found = select_all(steps, document)
        local first = found[1]
        if not op then return #found > 0 and first ~= false and first ~= json.null, first end
        for _, value in ipairs(found) do
          if compare(value, op, wanted) then return true, value end
        end
        return false, first
      end,
    }
  end)
end

return M
