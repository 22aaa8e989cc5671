-- SPDX-License-Identifier: Apache-2.0
-- What a verdict that got worse turned out to be, once it was tried again (SC-005: nothing counts
-- as a regression that is none). Pure: the same facts always give the same class.
-- Copy this file to your own pipelines folder to decide otherwise.
--
-- Facts:
--   first    the result that is worse than the one of the run before
--   again    results of the same emulator, each in a fresh one, in their order
--   before   results of the emulator of the run before; empty: it was not at hand
--   differs  what the two runs differ in, as { "emulator version", "terraform", "app", … }
--
-- regression   fails again, and where the emulator before is at hand, works there
-- flaky        works at least once on the same emulator
-- environment  cannot be judged again, or fails where nothing under test changed
-- corpus       fails on the emulator before as well, since the test or its tools changed

local GOOD = { PASSED = true, PARTIAL = true }

local UNDER_TEST = { ["emulator"] = true, ["emulator version"] = true, ["emulator image"] = true }

local function tally(results)
  local counts = { good = 0, bad = 0, error = 0 }
  for _, result in ipairs(results) do
    local kind = GOOD[result.status] and "good" or result.status == "ERROR" and "error" or "bad"
    counts[kind] = counts[kind] + 1
  end
  return counts
end

local function has_other_emulator(differs)
  for _, aspect in ipairs(differs) do if UNDER_TEST[aspect] then return true end end
  return false
end

local function listed(differs)
  return table.concat(differs, ", ")
end

local function by_emulator_before(facts, times)
  local before = tally(facts.before)
  if before.good > 0 then
    return "regression", ("fails %d of %d times, works on the emulator of the run before"):format(
      times, times)
  end
  if before.bad == 0 then
    return "regression", ("fails %d of %d times; the emulator of the run before could not be "
      .. "tried"):format(times, times)
  end
  if #facts.differs > 0 then
    return "corpus", "fails on the emulator of the run before as well; changed: "
      .. listed(facts.differs)
  end
  return "environment", "fails on the emulator of the run before as well, and nothing else changed"
end

---@param facts {first: table, again: table[], before: table[], differs: string[]}
---@return string class
---@return string reason one line
return function(facts)
  local again = tally(facts.again)
  local times = again.bad + 1
  if again.good > 0 then
    return "flaky", ("fails %d of %d times"):format(times, times + again.good)
  end
  if again.bad == 0 or facts.first.status == "ERROR" then
    return "environment", "could not be judged: "
      .. (facts.first.error_message or facts.again[1] and facts.again[1].error_message
        or "the harness failed")
  end
  if has_other_emulator(facts.differs) then return by_emulator_before(facts, times) end
  if #facts.differs > 0 then
    return "corpus", ("fails %d of %d times; changed: %s"):format(times, times,
      listed(facts.differs))
  end
  return "environment", ("fails %d of %d times though nothing under test changed"):format(times,
    times)
end
