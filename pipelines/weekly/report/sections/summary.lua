-- SPDX-License-Identifier: Apache-2.0
-- The headline: how much passes, how that changed, and what could not be judged.
local h = require "std.html"
local pieces = require "pipelines.weekly.report.pieces"
local records = require "std.meta.records"
local text = require "pipelines.weekly.report.text"

local RADIUS = 54
local ROUND = 2 * math.pi * RADIUS

local function ring(rate)
  local filled = ("%.2f %.2f"):format(ROUND * (rate or 0), ROUND)
  return h.svg({ class = "ring", viewBox = "0 0 128 128", role = "img",
    ["aria-label"] = "pass rate " .. text.percent(rate) },
    h.circle { class = "track", cx = 64, cy = 64, r = RADIUS },
    h.circle { class = "arc", cx = 64, cy = 64, r = RADIUS, ["stroke-dasharray"] = filled,
      transform = "rotate(-90 64 64)" },
    h.text({ x = 64, y = 72, ["text-anchor"] = "middle" }, text.percent(rate)))
end

local function by_status(counts)
  local out = { total = counts.total }
  for _, status in ipairs(records.STATUSES) do out[status] = counts[status:lower()] end
  return out
end

local HINTS = {
  PASSED = "every test passed", PARTIAL = "some tests passed",
  FAILED = "not deployed, or no test passed", TIMEOUT = "exceeded its time",
  ERROR = "could not be judged",
}

local function tile(status, n)
  return h.li({ class = "tile s-" .. status .. (n == 0 and " zero" or "") },
    h.span({ class = "figure" }, n), pieces.badge(status),
    h.span({ class = "hint" }, HINTS[status]))
end

local DOUBTS = {
  { "errors", "could not be judged" }, { "flaky", "flaky" },
  { "unrelated", "worse for another reason" }, { "unconfirmed", "not tried again" },
}

-- The first line says what is not known as well.
local function headline(view)
  local counts, doubts = view.counts, view.indeterminate
  local parts = { h.b(("%d of %d"):format(counts.passed, counts.total)),
    " architectures pass every test; ", h.b(doubts.total), " indeterminate" }
  local words = {}
  for _, doubt in ipairs(DOUBTS) do
    if doubts[doubt[1]] > 0 then
      words[#words + 1] = ("%d %s"):format(doubts[doubt[1]], doubt[2])
    end
  end
  if #words > 0 then parts[#parts + 1] = (" (%s)"):format(table.concat(words, ", ")) end
  parts[#parts + 1] = "."
  return h.p({ class = "headline" }, parts)
end

return {
  name = "summary",
  render = function(view)
    local counts = by_status(view.counts)
    local tiles = {}
    for i, status in ipairs(records.STATUSES) do tiles[i] = tile(status, counts[status]) end
    return h.section({ id = "summary", class = "summary", ["aria-label"] = "Summary" },
      h.div({ class = "card rate" }, ring(view.rate),
        h.div(headline(view),
          h.p({ class = "note" }, pieces.delta(view.delta),
            view.delta and " since the run before" or nil,
            (" · %s new"):format(text.count(view.summary.new_architectures or 0,
              "architecture"))),
          counts.total > 0 and pieces.stack(counts, 400, 12) or nil)),
      h.ul({ class = "tiles" }, tiles))
  end,
}
