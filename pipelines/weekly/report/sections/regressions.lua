-- SPDX-License-Identifier: Apache-2.0
-- The first thing to see: what worked in the run before and does not any more.
local h = require "std.html"
local pieces = require "pipelines.weekly.report.pieces"
local text = require "pipelines.weekly.report.text"

local SHOWN = 8

local function item(change)
  return h.li(
    h.a({ href = "#a-" .. change.arch_hash }, change.architecture_name or change.arch_hash), " ",
    pieces.badge(change.from_status), pieces.ARROW,
    pieces.badge(change.to_status), pieces.services(change.services_affected),
    change.tests_changed and h.span({ class = "caution" }, "tests ", change.tests_changed) or nil,
    change.note and h.span({ class = "caution" }, change.note) or nil,
    change.reason and h.span({ class = "reason" }, text.short(text.clean(change.reason), 300))
      or nil,
    change.class and h.span({ class = "reason" },
      ("%s: %s"):format(change.class, text.clean(change.class_reason))) or nil)
end

local function list_of(changes, first, last)
  local list = {}
  for i = first, last do list[#list + 1] = item(changes[i]) end
  return h.ul({ class = "changes" }, list)
end

local function items(changes)
  if #changes <= SHOWN + 2 then return list_of(changes, 1, #changes) end
  return h.join(list_of(changes, 1, SHOWN), h.details({ class = "fixes" },
    h.summary(("%d more"):format(#changes - SHOWN)), list_of(changes, SHOWN + 1, #changes)))
end

-- Only the version under test may differ for a regression to be the emulator's beyond doubt.
local UNDER_TEST = { ["emulator"] = true, ["emulator version"] = true, ["emulator image"] = true }

local function circumstances(view)
  if #view.circumstances == 0 then
    return h.p({ class = "note" }, "Nothing else changed between the two runs: same emulator, "
      .. "tools and corpus.")
  end
  local rows, others = {}, 0
  for i, change in ipairs(view.circumstances) do
    others = others + (UNDER_TEST[change.aspect] and 0 or 1)
    rows[i] = h.div(h.dt(change.aspect), h.dd(change.from, pieces.ARROW, h.b(change.to)))
  end
  return h.div({ class = "circumstances" .. (others > 0 and " mixed" or "") },
    h.p(others == 0 and "Between the two runs only the emulator changed:"
      or others == #rows and "Between the two runs the emulator did not change, but:"
      or "Not only the emulator changed between the two runs:"), h.dl(rows))
end

local function against(view)
  return ("compared with the run of %s"):format(text.when(view.previous.started_at))
end

local function fixes(view)
  if #view.changes.fixes == 0 then return nil end
  return h.details({ class = "fixes" },
    h.summary(text.count(#view.changes.fixes, "fix", "fixes")), items(view.changes.fixes))
end

local function apart(title, note, changes)
  if #changes == 0 then return nil end
  return h.details({ class = "fixes" },
    h.summary(("%s: %d"):format(title, #changes)), h.p({ class = "note" }, note), items(changes))
end

-- What got worse and is no regression of the emulator: never silent, never counted.
local function not_counted(view)
  return h.join(
    apart("Flaky", "Worked at least once when tried again in a fresh emulator.",
      view.changes.flaky),
    apart("Worse for another reason", "Nothing of the emulator changed, or its version before "
      .. "fails as well.", view.changes.unrelated),
    apart("Another template now", "The template changed or no longer converts: what differs says "
      .. "nothing about the emulator.", view.changes.templates))
end

-- How far the verdicts themselves can be trusted: runs between which nothing changed.
local function noise(view)
  local seen = view.repeats
  if seen.pairs == 0 then
    return h.p({ class = "note" }, "False-regression rate: not measured yet; two runs in which "
      .. "nothing changed measure it.")
  end
  return h.p({ class = "note" }, ("False-regression rate: %d of %s (%d before trying again), over "
    .. "%s in which nothing changed."):format(seen.false_regressions,
    text.count(seen.verdicts, "verdict"), seen.worse, text.count(seen.pairs, "pair of runs",
      "pairs of runs")))
end

local function banner(view)
  local found = view.changes.regressions
  return h.section({ id = "regressions", class = "banner bad", ["aria-labelledby"] = "reg-title" },
    h.h2({ id = "reg-title" }, text.count(#found, "regression")),
    h.p({ class = "note" }, against(view)), circumstances(view), items(found), not_counted(view),
    fixes(view), noise(view))
end

return {
  name = "regressions",
  render = function(view)
    if not view.previous then
      return h.section({ id = "regressions", class = "banner plain" },
        h.p("First finished run with this emulator: there is nothing to compare with yet."))
    end
    if #view.changes.regressions > 0 then return banner(view) end
    return h.section({ id = "regressions", class = "banner good",
      ["aria-labelledby"] = "reg-title" },
      h.h2({ id = "reg-title" }, "No regressions"), h.p({ class = "note" }, against(view)),
      circumstances(view), not_counted(view), fixes(view), noise(view))
  end,
}
