-- SPDX-License-Identifier: Apache-2.0
-- The configuration of a run as it may be published: secrets out, functions out.

local json = require "std.json"

local M = {}

local SECRETS = { "key$", "token$", "secret", "password", "webhook", "credential" }

local function is_secret(name)
  if type(name) ~= "string" then return false end
  local lower = name:lower()
  for _, pattern in ipairs(SECRETS) do
    if lower:find(pattern) then return true end
  end
  return false
end

-- A remote may carry "user:token@" in front of its host.
local function without_login(text)
  return (text:gsub("^(%a[%w+.-]*://)[^/@]*@", "%1"))
end

---A deep copy without secrets and without what JSON cannot say.
---@param value any
---@return any
function M.clean(value)
  if type(value) == "string" then return without_login(value) end
  if type(value) ~= "table" then return value end
  local out = json.is_array(value) and json.array {} or {}
  for key, item in pairs(value) do
    local kind = type(item)
    if not is_secret(key) and kind ~= "function" and kind ~= "userdata" and kind ~= "thread" then
      out[key] = M.clean(item)
    end
  end
  return out
end

---@param config table the loaded configuration
---@param emulator table|nil the emulator in use
---@return table
function M.of(config, emulator)
  local out = M.clean(config)
  local defaults = { parallel = 4, timeout = 300, token_budget = 500000, dry_run = false,
    lsqm_version = "0.0.0" }
  for key, value in pairs(defaults) do
    if out[key] == nil then out[key] = value end
  end
  if emulator then out.emulator = M.clean(emulator) end
  if out.emulator and not out.emulator.name then out.emulator.name = "unknown" end
  out.localstack_version = out.emulator and out.emulator.version
    or out.localstack_version or "latest"
  return out
end

return M
