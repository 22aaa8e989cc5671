-- SPDX-License-Identifier: Apache-2.0
-- What `--emulator` says: "ministack:1.5.33,moto" → the configuration's `emulator`, one for each.

local error_of = require "std.error"
local validation = require "std.validation"

local M = {}

-- The emulator that the configuration names keeps what it says of drivers, limits, environment.
local function merged(config, name, version)
  local out = {}
  for key, value in pairs(config.emulator) do out[key] = value end
  if name ~= out.name then out.image, out.env, out.version = nil, nil, nil end
  if version then out.image, out.version = nil, version end
  out.name = name
  return out
end

---@param config table
---@param words string|nil
---@return table[]|nil list empty without words
---@return lsqm.Error|nil err
function M.of(config, words)
  local list = {}
  for word in (words or ""):gmatch("[^,%s]+") do
    local name, version = word:match("^([%w_-]+):?(.*)$")
    if not name then
      return nil, error_of.new { op = "emulator", code = "usage",
        message = ("'%s' is no emulator"):format(word), hint = "write NAME or NAME:VERSION" }
    end
    list[#list + 1] = merged(config, name, version ~= "" and version or nil)
  end
  return list
end

---Are the emulators of `--emulator`, or else the configuration's, ones that there are?
---@return boolean|nil
---@return lsqm.Error|nil err code "usage"
function M.check(ctx, words)
  local list, err = M.of(ctx.config, words)
  if not list then return nil, err end
  local rows = ctx.rows "emulators"
  for _, column in ipairs(list[1] and list or { ctx.config.emulator }) do
    local row
    row, err = validation.row(rows, column.name)
    if not row then return nil, err end
  end
  return true
end

return M
