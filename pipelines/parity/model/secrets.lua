-- SPDX-License-Identifier: Apache-2.0
-- Secrets leave no trace: the model holds *** and this module, in memory only, what stands behind
-- it, so that two environments can still be compared.

local json = require "std.json"
local mask = require "std.mask"

local M = {}

local behind = setmetatable({}, { __mode = "k" })

--- Does a variable hold a secret: by its name, or as a password within an address?
function M.is_secret(key, value)
  return mask.is_secret_key(key)
    or type(value) == "string" and value:find("://[^%s/:@]*:[^%s/@]+@") ~= nil
end

--- Hides a secret in all texts, also as JSON writes it.
function M.hide(value)
  mask.add(value)
  local escaped = json.encode(value):sub(2, -2)
  if escaped ~= value then mask.add(escaped) end
end

--- The variable with *** instead of its value.
---@param variable table EnvironmentVariable
---@param public table<string, true> words that stand openly elsewhere: they are not hidden in texts
function M.conceal(variable, public)
  behind[variable] = variable.value
  if not public[variable.value] then M.hide(variable.value) end
  variable.value = mask.MASK
  return variable
end

--- The real value of a variable, for comparing only.
function M.reveal(variable)
  return behind[variable] or variable.value
end

return M
