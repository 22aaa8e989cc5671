-- SPDX-License-Identifier: Apache-2.0
-- Reads the files that a project names. They are not trusted: /dev/zero has no end, and a pipe
-- nobody writes into would be waited for.

local error_of = require "std.error"
local fs = require "std.fs"

local M = {}

local LARGEST <const> = 16 * 2 ^ 20 -- bytes

--- Whole content of a regular file.
---@param path string
---@param largest integer? bytes
---@return string?
---@return lsqm.Error? code "invalid" where it is no regular file, "limit" where it is too large
function M.read(path, largest)
  local info = fs.stat(path)
  if info and info.type ~= "file" then
    return nil, error_of.new { op = "read", code = "invalid",
      message = path .. " is not a regular file" }
  end
  return fs.read(path, { max = largest or LARGEST })
end

return M
