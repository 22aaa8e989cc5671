-- SPDX-License-Identifier: Apache-2.0
-- SHA-256 in lower-case hex.

local raw = require "lsqm.raw.sha256"

local M = {}

--- Hash of a string.
---@param s string
---@return string hex
function M.string(s)
  if type(s) ~= "string" then error("sha256.string: s must be a string", 2) end
  return assert(raw.string(s))
end

--- Hash of a file's content; waits while a worker thread reads it.
---@param path string
---@return string|nil hex
---@return lsqm.Error|nil
function M.file(path)
  if type(path) ~= "string" then error("sha256.file: path must be a string", 2) end
  return raw.file(path)
end

--- A hash in pieces: h:update(s) … h:final() -> hex.
function M.new()
  return assert(raw.new())
end

return M
