-- SPDX-License-Identifier: Apache-2.0
-- Fields of records, written in one line each; see std.meta.records for what a field is.

local M = {}

local function field(name, kind, extra, required)
  local made = extra or {}
  made[1], made[2], made.required = name, kind, required
  return made
end

--- A field that a record must have.
---@param name string
---@param kind string
---@param extra table|nil {enum =, items =, of =, min =, help =, …}
function M.req(name, kind, extra) return field(name, kind, extra, true) end

--- A field that may be left out; it is never null.
function M.opt(name, kind, extra) return field(name, kind, extra) end

return M
