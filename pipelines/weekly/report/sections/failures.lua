-- SPDX-License-Identifier: Apache-2.0
-- What did not pass, by root cause: one normalised error each (rules/signature.lua), the one that
-- blocks the most architectures first. The logs are in the architectures' rows.
local h = require "std.html"
local pieces = require "pipelines.weekly.report.pieces"
local records = require "std.meta.records"
local text = require "pipelines.weekly.report.text"

local SHOWN, GROUPS = 6, 12

local function links(rows, first, last)
  local list = {}
  for i = first, last do
    list[#list + 1] = h.li(h.a({ href = "#a-" .. rows[i].hash }, rows[i].name),
      rows[i].is_regression and h.span({ class = "flag" }, "regression") or nil)
  end
  return h.ul({ class = "links" }, list)
end

local function statuses(rows)
  local counts, list = {}, {}
  for _, row in ipairs(rows) do counts[row.status] = (counts[row.status] or 0) + 1 end
  for _, status in ipairs(records.STATUSES) do
    if counts[status] then
      list[#list + 1] = pieces.badge(status)
      list[#list + 1] = h.span({ class = "times" }, "×" .. counts[status])
    end
  end
  return list
end

local function services(rows)
  local seen, list = {}, {}
  for _, row in ipairs(rows) do
    for _, name in ipairs(row.services) do
      if not seen[name] then list[#list + 1] = name end
      seen[name] = true
    end
  end
  table.sort(list)
  for i = #list, 9, -1 do list[i] = nil end
  return pieces.services(list)
end

local function group_of(group, total)
  local rows = group.rows
  return h.article({ class = "card group", id = "c-" .. group.number },
    h.div({ class = "group-head" },
      h.span({ class = "group-count" }, #rows),
      h.div(h.h3(group.signature), h.p({ class = "group-facts" },
        ("%s of what did not pass"):format(text.percent(#rows / total)), " ", statuses(rows),
        " ", services(rows))),
      h.button({ type = "button", class = "plain", ["data-cluster"] = group.number,
        hidden = true }, "Show in table")),
    links(rows, 1, math.min(#rows, SHOWN)),
    #rows > SHOWN and h.details({ class = "more" },
      h.summary(("%d more"):format(#rows - SHOWN)), links(rows, SHOWN + 1, #rows)) or nil)
end

return {
  name = "failures",
  render = function(view)
    if #view.groups == 0 then return nil end
    local list, rare, total = {}, {}, 0
    for _, group in ipairs(view.groups) do total = total + #group.rows end
    local shown = #view.groups > GROUPS + 2 and GROUPS or #view.groups
    for i, group in ipairs(view.groups) do
      table.insert(i <= shown and list or rare, group_of(group, total))
    end
    return pieces.section("failures", "Root causes",
      ("%s did not pass, for %s; the one that blocks the most comes first"):format(
        text.count(total, "architecture"), text.count(#view.groups, "reason")), list,
      #rare > 0 and h.details({ class = "rare" },
        h.summary(text.count(#rare, "rarer root cause")), rare) or nil)
  end,
}
