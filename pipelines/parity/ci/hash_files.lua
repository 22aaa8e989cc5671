-- SPDX-License-Identifier: Apache-2.0
-- hashFiles('**/lock', '!x/**') of an expression: SHA-256 over the files' own SHA-256.

local fs = require "std.fs"
local sha256 = require "std.sha256"
local text_of = require "std.text"

local M = {}

local function is_meant(globs, name)
  local meant = false
  for _, glob in ipairs(globs) do
    local negated, rest = glob:match("^(!?)/?(.*)$")
    if fs.match(rest, name) then meant = negated == "" end
  end
  return meant
end

--- The function for one workspace; "" where no file fits.
---@return fun(...: string): string
function M.of(workspace)
  return function(...)
    local globs, parts = { ... }, {}
    for _, name in ipairs(fs.walk(workspace, { skip = { ".git" } }) or {}) do
      if is_meant(globs, name) then
        parts[#parts + 1] = text_of.from_hex(sha256.file(fs.join(workspace, name)) or "")
      end
    end
    return #parts > 0 and sha256.string(table.concat(parts)) or ""
  end
end

return M
