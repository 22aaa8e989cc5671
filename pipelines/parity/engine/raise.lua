-- SPDX-License-Identifier: Apache-2.0
-- Errors travel by raise inside of parallel tasks, so that the first one cancels the others.

local error_of = require "std.error"

local M = {}

--- The value, or its error raised.
function M.must(value, err)
  if value == nil or value == false then error(err, 0) end
  return value
end

--- What fn returns, or nil and the error that it raised; anything else goes on, an interrupt, too.
function M.guarded(fn)
  local ok, value = pcall(fn)
  if ok then return value end
  if error_of.is(value) and value.code ~= "cancelled" then return nil, value end
  error(value, 0)
end

return M
