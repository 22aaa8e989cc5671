-- SPDX-License-Identifier: Apache-2.0
-- The expression language of GitHub Actions: ${{ matrix.os == 'linux' && needs.a.result }}.
-- Comparing follows its loose rules: texts without regard to case, other kinds as numbers.

local error_of = require "std.error"
local json = require "std.json"

local M = {}

local null <const> = json.null

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
    for _, item in pairs(value) do list[#list + 1] = item end
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
  local args = arguments(p)
  local name = token.name:lower()
  if not M.functions[name] then fail(p.text, token.at, "there is no function " .. token.name) end
  return function(scope)
    local values = {}
    for i, arg in ipairs(args) do values[i] = arg(scope) end
    return M.functions[name](scope, table.unpack(values, 1, #args))
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

--- What counts as true: not false, 0, "", null.
function M.truthy(value)
  return value ~= false and value ~= null and value ~= 0 and value ~= ""
end

local function unary(p)
  if not accept(p, "!") then return postfix(p) end
  local inner = unary(p)
  return function(scope) return not M.truthy(inner(scope)) end
end

local function number_of(value)
  if value == null or value == "" or value == false then return 0 end
  if value == true then return 1 end
  return tonumber(value) or 0 / 0
end

local function equal(a, b)
  if type(a) == "string" and type(b) == "string" then return a:lower() == b:lower() end
  if type(a) == type(b) or type(a) == "table" or type(b) == "table" then return a == b end
  return number_of(a) == number_of(b)
end

local function less(a, b)
  if type(a) == "string" and type(b) == "string" then return a:lower() < b:lower() end
  return number_of(a) < number_of(b)
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
      return M.truthy(value) and right(scope) or value
    end
  end
  return node
end

function parse_or(p)
  local node = parse_and(p)
  while accept(p, "||") do
    local left, right = node, parse_and(p)
    node = function(scope)
      local value = left(scope)
      if M.truthy(value) then return value end
      return right(scope)
    end
  end
  return node
end

--- A value as text within ${{ }}.
function M.text(value)
  if value == null then return "" end
  if type(value) == "table" then return json.encode(value) end
  if math.type(value) == "float" then return ("%.15g"):format(value) end
  return tostring(value)
end

local function low(value) return M.text(value):lower() end

M.functions = {
  contains = function(_, where, what)
    if type(where) ~= "table" then return low(where):find(low(what), 1, true) ~= nil end
    for _, item in ipairs(where) do if equal(item, what) then return true end end
    return false
  end,
  startswith = function(_, text, start) return low(text):sub(1, #low(start)) == low(start) end,
  endswith = function(_, text, tail)
    return low(tail) == "" or low(text):sub(-#low(tail)) == low(tail)
  end,
  format = function(_, text, ...)
    local values = { ... }
    return (M.text(text):gsub("{{", "\0"):gsub("}}", "\1"):gsub("{(%d+)}", function(n)
      return M.text(values[tonumber(n) + 1])
    end):gsub("%z", "{"):gsub("\1", "}"))
  end,
  join = function(_, list, separator)
    if type(list) ~= "table" then return M.text(list) end
    local out = {}
    for i, item in ipairs(list) do out[i] = M.text(item) end
    return table.concat(out, separator and M.text(separator) or ",")
  end,
  tojson = function(_, value) return json.encode(value, { pretty = true }) end,
  fromjson = function(_, text)
    local value, err = json.decode(M.text(text))
    if value == nil then error(err, 0) end
    return value
  end,
  hashfiles = function(scope, ...) return scope.hash_files(...) end,
  success = function(scope) return scope.status == "success" end,
  failure = function(scope) return scope.status == "failure" end,
  cancelled = function(scope) return scope.status == "cancelled" end,
  always = function() return true end,
}

local cache = {}

local function compiled(text)
  if not cache[text] then
    local p = { text = text, tokens = tokens_of(text), at = 1 }
    local node = parse_or(p)
    expect(p, "end")
    cache[text] = node
  end
  return cache[text]
end

--- The value of an expression. Raises an error value.
---@param scope {contexts: table, status: string, hash_files: fun(...): string}
function M.value(text, scope) return compiled(text)(scope) end

--- A text with its ${{ }} replaced; a text that is one expression keeps the value's kind.
function M.fill(text, scope)
  if type(text) ~= "string" then return text end
  local whole = text:match("^%s*%${{(.-)}}%s*$")
  if whole and not whole:find("${{", 1, true) then return M.value(whole, scope) end
  return (text:gsub("%${{(.-)}}", function(inner) return M.text(M.value(inner, scope)) end))
end

--- Does a step or job run? Without a status function, only after success.
---@param condition string|boolean|nil
function M.condition(condition, scope)
  if condition == nil then return scope.status == "success" end
  local text = tostring(condition):match("^%s*%${{(.*)}}%s*$") or tostring(condition)
  local value = M.truthy(M.value(text, scope))
  local low_text = text:lower()
  for _, name in ipairs { "success", "failure", "always", "cancelled" } do
    if low_text:find(name .. "%s*%(") then return value end
  end
  return value and scope.status == "success"
end

return M
