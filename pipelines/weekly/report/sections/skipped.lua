-- SPDX-License-Identifier: Apache-2.0
-- What was not run and why, and files of the repository that could not be read.
local h = require "std.html"
local pieces = require "pipelines.weekly.report.pieces"
local text = require "pipelines.weekly.report.text"

local function skipped(list)
  if #list == 0 then return nil end
  local rows = {}
  for i, item in ipairs(list) do
    rows[i] = h.tr(h.th({ scope = "row" }, item.name), h.td(text.clean(item.reason)))
  end
  return h.details({ class = "card" },
    h.summary(("%s not run"):format(text.count(#list, "architecture"))),
    h.div({ class = "scroll", tabindex = 0 },
      h.table(h.thead(h.tr(h.th({ scope = "col" }, "Architecture"), h.th({ scope = "col" },
        "Reason"))), h.tbody(rows))))
end

local function problems(list)
  if #list == 0 then return nil end
  local items = {}
  for i, err in ipairs(list) do items[i] = h.li(text.clean(tostring(err))) end
  return h.div({ class = "banner bad" },
    h.p(h.b("Damaged files were set aside:")), h.ul(items))
end

return {
  name = "skipped",
  render = function(view)
    if #view.skipped == 0 and #view.problems == 0 then return nil end
    return pieces.section("skipped", "Not run", nil, problems(view.problems),
      skipped(view.skipped))
  end,
}
