-- SPDX-License-Identifier: Apache-2.0
-- Whether a deployment failed for what an emulator's surroundings lack, such as a download, and not
-- for what the emulator can do. A template's author must not be able to say so, and a refusal of
-- the emulator's must not hide behind it. So its own log has to say so, in lines of its own form,
-- and the failure has to look like it: nothing was refused with a 4xx, and either no answer came,
-- or one of 500 or more, or the answer that the row knows.

local M = {}

-- Terraform's errors, from the first one on: what stands before them is the plan, which is the
-- template's own words.
local function errors_of(deploy)
  return (("\n" .. (deploy.logs or "")):match("\n(Error: .*)")) or ""
end

local function line_like(text, pattern)
  for line in text:gmatch("[^\r\n]+") do
    local found = line:match(pattern)
    if found then return found end
  end
  return nil
end

local UNKNOWN <const> = 501 -- "not implemented": what an emulator lacks of itself

local function is_unanswered(deploy, refused)
  for _, one in ipairs(refused or {}) do
    if one.status ~= UNKNOWN then return true end
  end
  return deploy.hung ~= nil or deploy.timed_out == true
end

local function is_verdict(errors)
  return errors:find("StatusCode: 4%d%d") or errors:find("StatusCode: " .. UNKNOWN, 1, true)
end

---@param rows table[]? the `lacks` of rules/emulators.lua
---@param logs string the emulator's own
---@param deploy table? as of std.terraform
---@param refused table[]? what was answered with 500 or more
---@return string? words nil: it failed for another reason, or not at all
function M.words(rows, logs, deploy, refused)
  if not deploy or deploy.success then return nil end
  local errors = errors_of(deploy)
  if is_verdict(errors) then return nil end
  for _, row in ipairs(rows or {}) do
    local found = line_like(logs, "^" .. row[1])
    if found and row.error then
      found = line_like(errors, "^Error: .*" .. row.error .. "$")
    elseif not is_unanswered(deploy, refused) then
      found = nil
    end
    if found then return (row[2]:gsub("%%s", (found:gsub("%%", "%%%%")))) end
  end
  return nil
end

return M
