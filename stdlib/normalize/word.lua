-- SPDX-License-Identifier: Apache-2.0
-- Texts out of documents. Where a name is asked for and a structure or null stands, no text is
-- right, least of all the address that tostring gives: the place is refused.
local M = {}

local Refusal = {}

---The text of a value that has to be one.
---@param value any a structure or null ends the innermost guard()
---@return string
function M.of(value)
  if type(value) == "table" or type(value) == "userdata" then
    error(setmetatable({}, Refusal), 0)
  end
  return tostring(value)
end

---Calls a function in which texts are asked for.
---@param fn function
---@return boolean ok false: something else stood where a text has to be
function M.guard(fn, ...)
  local ok, why = pcall(fn, ...)
  if not ok and getmetatable(why) ~= Refusal then error(why, 0) end
  return ok
end

return M
