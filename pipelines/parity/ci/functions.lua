-- SPDX-License-Identifier: Apache-2.0
-- The functions of GitHub's expressions, by their names in small letters. Each gets the scope and
-- its arguments; `arguments` holds how many it takes.

local error_of = require "std.error"
local json = require "std.json"
local values = require "pipelines.parity.ci.values"

local M = {}

local text <const> = values.text

local function fail(message, ...)
  error(error_of.new { op = "expression", code = "invalid", message = message:format(...) }, 0)
end

local function low(value) return text(value):lower() end

M.call = {}

function M.call.contains(_, where, what)
  if type(where) ~= "table" then return low(where):find(low(what), 1, true) ~= nil end
  for _, item in ipairs(where) do if values.equal(item, what) then return true end end
  return false
end

function M.call.startswith(_, whole, start) return low(whole):sub(1, #low(start)) == low(start) end

function M.call.endswith(_, whole, tail)
  return low(tail) == "" or low(whole):sub(-#low(tail)) == low(tail)
end

-- One piece of a format's pattern at a brace: what it stands for, and what comes after it.
local function placeholder(pattern, at, given)
  local doubled, after = pattern:match("^([{}])%1()", at)
  if doubled then return doubled, after end
  local n, stop = pattern:match("^{(%d+)}()", at)
  local value = n and given[(math.tointeger(tonumber(n)) or 0) + 1]
  if value == nil then fail("format has nothing for '%s'", pattern:sub(at, at + 4)) end
  return text(value), stop
end

function M.call.format(_, whole, ...)
  local pattern, given, out, at = text(whole), { ... }, {}, 1
  while true do
    local brace = pattern:find("[{}]", at)
    out[#out + 1] = pattern:sub(at, (brace or 0) - 1)
    if not brace then return table.concat(out) end
    out[#out + 1], at = placeholder(pattern, brace, given)
  end
end

function M.call.join(_, list, separator)
  if type(list) ~= "table" then return text(list) end
  local out = {}
  for i, item in ipairs(list) do out[i] = text(item) end
  return table.concat(out, separator and text(separator) or ",")
end

function M.call.tojson(_, value) return json.encode(value, { pretty = true }) end

function M.call.fromjson(_, whole)
  local value, err = json.decode(text(whole))
  if value == nil then error(err, 0) end
  return value
end

M.call["case"] = function(_, ...)
  local given = { ... }
  for i = 1, #given - 1, 2 do if values.truthy(given[i]) then return given[i + 1] end end
  return given[#given]
end

function M.call.hashfiles(scope, ...) return scope.hash_files(...) end
function M.call.success(scope) return scope.status == "success" end
function M.call.failure(scope) return scope.status == "failure" end
function M.call.cancelled(scope) return scope.status == "cancelled" end
function M.call.always() return true end

--- The functions that ask how it went so far: a condition with one of them is not bound to success.
M.status = { success = true, failure = true, cancelled = true, always = true }

--- Least and greatest number of arguments.
M.arguments = { contains = { 2, 2 }, startswith = { 2, 2 }, endswith = { 2, 2 },
  format = { 1, 255 }, join = { 1, 2 }, tojson = { 1, 1 }, fromjson = { 1, 1 }, case = { 3, 255 },
  hashfiles = { 1, 255 }, success = { 0, 0 }, failure = { 0, 0 }, cancelled = { 0, 0 },
  always = { 0, 0 } }

return M
