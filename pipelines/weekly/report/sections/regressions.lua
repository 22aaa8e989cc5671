-- SPDX-License-Identifier: Apache-2.0
-- The first thing to see: what worked in the run before and does not any more.
local h = require "pipelines.weekly.report.markup"
local pieces = require "pipelines.weekly.report.pieces"
local text = require "pipelines.weekly.report.text"

local SHOWN = 25

local function item(change)
  return h.li(
    h.a({ href = "#a-" .. change.arch_hash }, change.architecture_name or change.arch_hash), " ",
    pieces.badge(change.from_status), h.span({ class = "arrow", ["aria-label"] = "became" }, "→"),
    pieces.badge(change.to_status), pieces.services(change.services_affected),
    change.reason and h.span({ class = "reason" }, text.clean(change.reason)) or nil,
    change.class and h.span({ class = "reason" },
      ("%s: %s"):format(change.class, text.clean(change.class_reason))) or nil)
end

local function items(changes)
  local list = {}
  for i = 1, math.min(#changes, SHOWN) do list[i] = item(changes[i]) end
  if #changes > SHOWN then
    list[#list + 1] = h.li({ class = "faint" }, ("and %d more"):format(#changes - SHOWN))
  end
  return h.ul({ class = "changes" }, list)
end

local function circumstances(view)
  if #view.circumstances == 0 then return nil end
  local list = {}
  for i, change in ipairs(view.circumstances) do
    list[i] = h.li(change.aspect, ": ", h.b(change.from), " → ", h.b(change.to))
  end
  return h.div({ class = "circumstances" }, h.p("Between the two runs these differ too:"),
    h.ul(list))
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
      .. "fails as well.", view.changes.unrelated))
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
    h.p({ class = "note" }, against(view)), items(found), not_counted(view), noise(view),
    circumstances(view), fixes(view))
end

return {
  name = "regressions",
  render = function(view)
    if not view.previous then
      return h.section({ id = "regressions", class = "banner plain" },
        h.p("First finished run with this emulator: there is nothing to compare with yet."))
    end
    if #view.changes.regressions > 0 then return banner(view) end
    return h.section({ id = "regressions", class = "banner good" },
      h.p(h.b("No regressions"), " ", against(view), "."), not_counted(view), noise(view),
      circumstances(view), fixes(view))
  end,
}
