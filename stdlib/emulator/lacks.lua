-- SPDX-License-Identifier: Apache-2.0
-- Whether a deployment or a test failed for what an emulator's surroundings lack, such as a
-- download or a program, and not for what the emulator can do. A template's author must not be able
-- to say so, and a refusal of the emulator's must not hide behind it. So its own log has to say so,
-- in lines of its own form, and the failure has to look like it. Of a deployment: nothing was
-- refused with a 4xx, and either no answer came, or one of 500 or more, or the answer that the row
-- knows. Of tests: one fails with the message that the row knows. What else fails beside it may
-- follow from it, so all of them together are no verdict.

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

local function fill(words, found) return (words:gsub("%%s", (found:gsub("%%", "%%%%")))) end

local function of_deployment(rows, logs, deploy, refused)
  local errors = errors_of(deploy)
  if is_verdict(errors) then return nil end
  for _, row in ipairs(rows) do
    local found = not row.test and line_like(logs, "^" .. row[1]) or nil
    if found and row.error then
      found = line_like(errors, "^Error: .*" .. row.error .. "$")
    elseif not is_unanswered(deploy, refused) then
      found = nil
    end
    if found then return fill(row[2], found) end
  end
  return nil
end

local function of_tests(rows, logs, tests)
  for _, row in ipairs(rows) do
    local found = row.test and line_like(logs, "^" .. row[1])
    for _, test in ipairs(found and tests.tests or {}) do
      if test.outcome == "failed" and (test.message or ""):match(row.test) == found then
        return fill(row[2], found)
      end
    end
  end
  return nil
end

---@param rows table[]? the `lacks` of rules/emulators.lua
---@param logs string the emulator's own
---@param outcome {deploy: table?, tests: table?, refused: table[]?} as of std.terraform and
--- std.python; `refused` is what was answered with 500 or more
---@return string? words nil: it failed for another reason, or not at all
function M.words(rows, logs, outcome)
  local deploy = outcome.deploy
  if not rows or not deploy then return nil end
  if not deploy.success then return of_deployment(rows, logs, deploy, outcome.refused) end
  return outcome.tests and of_tests(rows, logs, outcome.tests)
end

return M
