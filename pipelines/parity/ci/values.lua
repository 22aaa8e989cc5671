-- SPDX-License-Identifier: Apache-2.0
-- The values of GitHub's expressions: what counts as true, how kinds turn into each other, what is
-- equal. Texts are compared without regard to case, other kinds as numbers.

local json = require "std.json"

local M = {}

local null <const> = json.null

--- What counts as true: not false, 0, "", null.
function M.truthy(value)
  return value ~= false and value ~= null and value ~= 0 and value ~= ""
end

local function number_of(value)
  if value == null or value == false then return 0 end
  if value == true then return 1 end
  if type(value) == "string" and value:match("^%s*$") then return 0 end
  return tonumber(value) or 0 / 0
end

--- Loosely equal, as `==` of an expression.
function M.equal(a, b)
  if type(a) == "string" and type(b) == "string" then return a:lower() == b:lower() end
  if type(a) == type(b) or type(a) == "table" or type(b) == "table" then return a == b end
  return number_of(a) == number_of(b)
end

--- As `<` of an expression.
function M.less(a, b)
  if type(a) == "string" and type(b) == "string" then return a:lower() < b:lower() end
  return number_of(a) < number_of(b)
end

--- A value as text within ${{ }}.
function M.text(value)
  if value == null or value == nil then return "" end
  if type(value) == "table" then return json.encode(value) end
  if math.type(value) == "float" then return ("%.15g"):format(value) end
  return tostring(value)
end

return M
