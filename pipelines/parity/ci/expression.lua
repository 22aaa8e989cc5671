-- SPDX-License-Identifier: Apache-2.0
-- The expression language of GitHub Actions: ${{ matrix.os == 'linux' && needs.a.result }}.
-- Comparing follows its loose rules: texts without regard to case, other kinds as numbers.

local error_of = require "std.error"
local functions = require "pipelines.parity.ci.functions"
local json = require "std.json"
local suggest = require "std.suggest"
local table_of = require "std.table"
local values = require "pipelines.parity.ci.values"

local M = {}

local null <const> = json.null
local equal <const>, less <const> = values.equal, values.less

--- Values as texts and as conditions, see ci/values.lua.
M.text, M.truthy = values.text, values.truthy

local OPERATORS <const> = { "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]",
  ".", ",", "*" }

local function fail(text, at, what)
  error(error_of.new { op = "expression", code = "syntax", line = 1, col = at, source = text,
    caret = at, message = what }, 0)
end

local function quoted(text, at)
  local out = {}
  at = at + 1
  while true do
    local stop = text:find("'", at, true)
    if not stop then fail(text, at, "the quote is not closed") end
    out[#out + 1] = text:sub(at, stop - 1)
    if text:sub(stop + 1, stop + 1) ~= "'" then return table.concat(out), stop + 1 end
    out[#out + 1] = "'"
    at = stop + 2
  end
end

local function one_token(text, at)
  if text:sub(at, at) == "'" then
    local value, after = quoted(text, at)
    return { kind = "value", value = value, at = at }, after
  end
  local number, after = text:match("^(0x%x+)()", at)
  if not number then number, after = text:match("^(%-?%d+%.?%d*[eE]?[+-]?%d*)()", at) end
  if number and tonumber(number) then
    return { kind = "value", value = tonumber(number), at = at }, after
  end
  local name, stop = text:match("^([%a_][%w_-]*)()", at)
  if name then return { kind = "name", name = name, at = at }, stop end
  for _, op in ipairs(OPERATORS) do
    if text:sub(at, at + #op - 1) == op then return { kind = op, at = at }, at + #op end
  end
  fail(text, at, ("unexpected '%s'"):format(text:sub(at, at)))
end

local function tokens_of(text)
  local list, at = {}, 1
  while true do
    at = text:match("^%s*()", at)
    if at > #text then break end
    list[#list + 1], at = one_token(text, at)
  end
  list[#list + 1] = { kind = "end", at = #text + 1 }
  return list
end

-- GitHub's own limit; it also keeps hostile texts from the end of our stack.
local MAX_DEPTH <const> = 50

local function deeper(p, token)
  p.depth = p.depth + 1
  if p.depth > MAX_DEPTH then fail(p.text, token.at, "the expression is nested too deeply") end
end

-- Parsing: each function gives a node, a function of the scope.
local parse_or

local WORDS <const> = { ["true"] = true, ["false"] = false, null = null }

local function expect(p, kind)
  local token = p.tokens[p.at]
  if token.kind ~= kind then fail(p.text, token.at, ("expected %s"):format(kind)) end
  p.at = p.at + 1
  return token
end

local function accept(p, kind)
  if p.tokens[p.at].kind ~= kind then return false end
  p.at = p.at + 1
  return true
end

local function member(value, key)
  if type(value) ~= "table" then return null end
  if type(key) == "number" then -- lists count from 0, an object's key is a text
    key = #value > 0 and math.tointeger(key) and key + 1 or tostring(key)
  end
  local found = value[key]
  if found == nil and type(key) == "string" then
    for name, item in pairs(value) do
      if type(name) == "string" and name:lower() == key:lower() then found = item break end
    end
  end
  if found == nil then return null end
  return found
end

-- `a.*.b`: the member of each.
local Star = {}

local function each_of(value)
  local list = setmetatable({}, Star)
  if type(value) == "table" then
    for _, item in table_of.sorted_pairs(value) do list[#list + 1] = item end
  end
  return list
end

local function access(value, key)
  if getmetatable(value) ~= Star then return member(value, key) end
  local out = setmetatable({}, Star)
  for _, item in ipairs(value) do
    local found = member(item, key)
    if found ~= null then out[#out + 1] = found end
  end
  return out
end

local function arguments(p)
  local list = {}
  if accept(p, ")") then return list end
  repeat list[#list + 1] = parse_or(p) until not accept(p, ",")
  expect(p, ")")
  return list
end

local function call(p, token)
  local name = token.name:lower()
  local fn, count = functions.call[name], functions.arguments[name]
  if not fn then
    fail(p.text, token.at, ("there is no function %s%s"):format(token.name,
      suggest.phrase(token.name, functions.call)))
  end
  local args = arguments(p)
  if #args < count[1] or #args > count[2] then
    fail(p.text, token.at, ("%s does not take %d arguments"):format(token.name, #args))
  end
  p.status = p.status or functions.status[name]
  return function(scope)
    local given = {}
    for i, arg in ipairs(args) do given[i] = arg(scope) end
    return fn(scope, table.unpack(given, 1, #args))
  end
end

local function primary(p)
  local token = p.tokens[p.at]
  p.at = p.at + 1
  if token.kind == "value" then return function() return token.value end end
  if token.kind == "(" then
    local inner = parse_or(p)
    expect(p, ")")
    return inner
  end
  if token.kind ~= "name" then fail(p.text, token.at, "expected a value") end
  if accept(p, "(") then return call(p, token) end
  local word = WORDS[token.name:lower()]
  if word ~= nil then return function() return word end end
  p.contexts[#p.contexts + 1] = token
  return function(scope)
    local context = scope.contexts[token.name:lower()]
    if context == nil then fail(p.text, token.at, "there is no context " .. token.name) end
    return context
  end
end

local function postfix(p)
  local node = primary(p)
  while true do
    local inner = node
    if accept(p, ".") then
      if accept(p, "*") then
        node = function(scope) return each_of(inner(scope)) end
      else
        local name = expect(p, "name").name
        node = function(scope) return access(inner(scope), name) end
      end
    elseif accept(p, "[") then
      local key = parse_or(p)
      expect(p, "]")
      node = function(scope)
        return access(inner(scope), key(scope))
      end
    else
      return node
    end
  end
end

local function unary(p)
  local negated = p.tokens[p.at]
  if not accept(p, "!") then return postfix(p) end
  deeper(p, negated)
  local inner = unary(p)
  p.depth = p.depth - 1
  return function(scope) return not values.truthy(inner(scope)) end
end

local COMPARE <const> = {
  ["=="] = equal, ["!="] = function(a, b) return not equal(a, b) end, ["<"] = less,
  [">"] = function(a, b) return less(b, a) end,
  ["<="] = function(a, b) return less(a, b) or equal(a, b) end,
  [">="] = function(a, b) return less(b, a) or equal(a, b) end,
}

local function comparison(p)
  local node = unary(p)
  while COMPARE[p.tokens[p.at].kind] do
    local compare, left = COMPARE[p.tokens[p.at].kind], node
    p.at = p.at + 1
    local right = unary(p)
    node = function(scope) return compare(left(scope), right(scope)) end
  end
  return node
end

local function parse_and(p)
  local node = comparison(p)
  while accept(p, "&&") do
    local left, right = node, comparison(p)
    node = function(scope)
      local value = left(scope)
      if not values.truthy(value) then return value end
      return right(scope)
    end
  end
  return node
end

function parse_or(p)
  deeper(p, p.tokens[p.at])
  local node = parse_and(p)
  while accept(p, "||") do
    local left, right = node, parse_and(p)
    node = function(scope)
      local value = left(scope)
      if values.truthy(value) then return value end
      return right(scope)
    end
  end
  p.depth = p.depth - 1
  return node
end

local cache = setmetatable({}, { __mode = "v" })

local function compiled(text)
  local known = cache[text]
  if not known then
    known = { text = text, tokens = tokens_of(text), at = 1, depth = 0, contexts = {} }
    known.node = parse_or(known)
    expect(known, "end")
    cache[text] = known
  end
  return known
end

--- The value of an expression. Raises an error value.
---@param scope {contexts: table, status: string, hash_files: fun(...): string}
function M.value(text, scope) return compiled(text).node(scope) end

-- Where the expression that begins at `from` ends: at the next }} outside of quotes.
local function closing(text, from)
  local at = from
  while true do
    local found = text:find("['}]", at)
    if not found then return nil end
    if text:sub(found, found) == "'" then
      at = (text:find("'", found + 1, true) or #text) + 1
    elseif text:sub(found, found + 1) == "}}" then
      return found
    else
      at = found + 1
    end
  end
end

-- The text as parts: plain ones, and {expression = text}.
local function parts_of(text)
  local parts, at = {}, 1
  while true do
    local open = text:find("${{", at, true)
    if not open then break end
    local stop = closing(text, open + 3)
    if not stop then fail(text, open, "the ${{ is not closed") end
    if open > at then parts[#parts + 1] = text:sub(at, open - 1) end
    parts[#parts + 1] = { expression = text:sub(open + 3, stop - 1) }
    at = stop + 2
  end
  if at <= #text then parts[#parts + 1] = text:sub(at) end
  return parts
end

--- A text with its ${{ }} replaced; a text that is one expression keeps the value's kind. Other
--- values stay what they are.
function M.fill(text, scope)
  if type(text) ~= "string" or not text:find("${{", 1, true) then return text end
  local parts = parts_of(text)
  if #parts == 1 then return M.value(parts[1].expression, scope) end
  return table.concat(table_of.map(parts, function(part)
    return type(part) == "string" and part or values.text(M.value(part.expression, scope))
  end))
end

--- The same at all depths of a table.
function M.fill_all(value, scope)
  if type(value) ~= "table" then return M.fill(value, scope) end
  local out = setmetatable({}, getmetatable(value))
  for key, item in pairs(value) do out[key] = M.fill_all(item, scope) end
  return out
end

-- A condition is an expression with or without ${{ }}; with other text around it is a text.
local function condition_of(condition)
  local text = tostring(condition)
  if not text:find("${{", 1, true) then return text end
  local parts = parts_of(text:match("^%s*(.-)%s*$"))
  return #parts == 1 and parts[1].expression or nil, text
end

--- Does a step or job run? Without a status function, only after success.
---@param condition string|boolean|nil
function M.condition(condition, scope)
  if condition == nil or condition == "" then return scope.status == "success" end
  local text, whole = condition_of(condition)
  if not text then return values.truthy(M.fill(whole, scope)) and scope.status == "success" end
  local value = values.truthy(M.value(text, scope))
  return value and (compiled(text).status == true or scope.status == "success")
end

local function check_one(text, allowed)
  for _, token in ipairs(compiled(text).contexts) do
    if not allowed[token.name:lower()] then
      fail(text, token.at, ("there is no %s here%s"):format(token.name,
        suggest.phrase(token.name, allowed)))
    end
  end
end

--- Raises where a text with ${{ }} is none, or names a context that is not there.
---@param allowed table<string, true> contexts
function M.check(text, allowed)
  for _, part in ipairs(parts_of(text)) do
    if type(part) == "table" then check_one(part.expression, allowed) end
  end
end

--- The same of a condition; true when it is a text, and so always holds.
function M.check_condition(condition, allowed)
  local text, whole = condition_of(condition)
  if text then
    check_one(text, allowed)
    return false
  end
  M.check(whole, allowed)
  return true
end

return M
