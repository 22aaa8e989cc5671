-- SPDX-License-Identifier: Apache-2.0
-- The verdict on one architecture. Pure: the same facts always give the same status.
-- Copy this file to your own pipelines folder to change what counts as passing.
--
-- Facts (every part may be missing; missing means "did not get that far"):
--   emulator = { started = boolean, error = string, died = boolean, logs = string,
--                lacks = string }           what its surroundings had not for it, by its own words,
--                                           so that the deployment or tests failed
--   refused  = { { operation = string, status = integer, count = integer } } answered 500 or more
--   deploy   = { success = boolean, timed_out = boolean,
--                hung = { operation, address = strings, seconds = number }, no answer came
--                error = string,            what terraform said: the emulator's or template's fault
--                harness_error = string }   terraform could not be run at all: our own fault
--   tests    = { total, passed, failed, skipped, errors = integers, timed_out = boolean,
--                harness_error = string }   pytest could not be run at all
--   timed_out = boolean                     the whole architecture exceeded its time
--   harness_error = string                  our own fault, wherever it happened
--
-- PASSED   every test that ran passed, and at least one did
-- PARTIAL  some tests passed, some failed
-- FAILED   deployment failed, or no test passed
-- TIMEOUT  deployment or tests exceeded their time
-- ERROR    the infrastructure failed; says nothing about the emulator's compatibility

local function one_line(text)
  local line = tostring(text):match("[^\r\n]+") or ""
  line = line:gsub("%s+", " ")
  if #line > 300 then line = line:sub(1, 297) .. "..." end
  return line
end

local function infrastructure(facts)
  local emulator, deploy, tests = facts.emulator, facts.deploy, facts.tests
  if facts.harness_error then return one_line(facts.harness_error) end
  if emulator and emulator.error then return "emulator: " .. one_line(emulator.error) end
  if emulator and emulator.started == false then return "the emulator did not start" end
  if emulator and emulator.died then return "the emulator died during validation" end
  if emulator and emulator.lacks then
    return "the emulator lacks " .. one_line(emulator.lacks)
  end
  if deploy and deploy.harness_error then return "deploy: " .. one_line(deploy.harness_error) end
  if tests and tests.harness_error then return "tests: " .. one_line(tests.harness_error) end
end

local function timeout(facts)
  local hung = facts.deploy and facts.deploy.hung
  if hung then
    return ("no answer to %s for %d s%s"):format(hung.operation, math.floor(hung.seconds),
      hung.address and (" (%s)"):format(hung.address) or "")
  end
  if facts.deploy and facts.deploy.timed_out then return "deployment exceeded its time" end
  if facts.tests and facts.tests.timed_out then return "the tests exceeded their time" end
  if facts.timed_out then return "validation exceeded its time" end
end

-- "; refused: sqs CreateQueue 501, s3 PUT /b 500"
local function refusals(list)
  local words = {}
  for i = 1, math.min(#(list or {}), 5) do
    words[i] = ("%s %d"):format(list[i].operation, list[i].status)
  end
  return #words > 0 and "; refused: " .. table.concat(words, ", ") or ""
end

local function deployment(deploy, refused)
  if not deploy then return "ERROR", "nothing was deployed" end
  if deploy.success then return nil end
  return "FAILED", "deploy: " .. one_line(deploy.error or "terraform apply failed")
    .. refusals(refused)
end

local function verdict_of_tests(tests)
  if not tests then return "ERROR", "no tests were run" end
  local passed = tests.passed or 0
  local bad = (tests.failed or 0) + (tests.errors or 0)
  if passed + bad + (tests.skipped or 0) == 0 then return "FAILED", "no tests were collected" end
  if passed == 0 and bad == 0 then return "FAILED", "every test was skipped" end
  if bad == 0 then return "PASSED", ("%d of %d tests passed"):format(passed, passed) end
  local reason = ("%d of %d tests failed"):format(bad, passed + bad)
  return passed > 0 and "PARTIAL" or "FAILED", reason
end

---@param facts table
---@return string status
---@return string reason one line
return function(facts)
  if type(facts) ~= "table" then error("status: facts must be a table", 2) end
  local reason = infrastructure(facts)
  if reason then return "ERROR", reason end
  reason = timeout(facts)
  if reason then return "TIMEOUT", reason end
  local status
  status, reason = deployment(facts.deploy, facts.refused)
  if status then return status, reason end
  return verdict_of_tests(facts.tests)
end
