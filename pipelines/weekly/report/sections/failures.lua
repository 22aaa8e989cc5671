-- SPDX-License-Identifier: Apache-2.0
-- What did not pass, grouped by root cause, with the logs' ends.
local h = require "pipelines.weekly.report.markup"
local pieces = require "pipelines.weekly.report.pieces"
local text = require "pipelines.weekly.report.text"

local TITLES = { terraform = "Terraform", tests = "Tests", emulator = "Emulator" }

local function log_of(log, row, run_id)
  local cut
  if log.cut > 0 then
    cut = h.p({ class = "note" }, ("The first %d bytes are left out; all of it is in "):format(
      log.cut), h.code(("runs/%s/results/%s.json"):format(run_id, row.hash)))
  end
  return h.join(h.h4(TITLES[log.name] or log.name), cut,
    h.pre({ tabindex = 0 }, h.code(log.text)))
end

local function failure(row, run_id)
  local logs = {}
  for i, log in ipairs(row.logs) do logs[i] = log_of(log, row, run_id) end
  if #logs == 0 then logs[1] = h.p({ class = "note" }, "No logs were captured.") end
  return h.details({ class = "failure", id = "a-" .. row.hash },
    h.summary(pieces.badge(row.status), h.span({ class = "failure-name" }, row.name),
      row.is_regression and h.span({ class = "flag" }, "regression") or nil,
      pieces.services(row.services)),
    h.div({ class = "failure-body" },
      row.reason ~= "" and h.p({ class = "why" }, row.reason) or nil,
      h.p({ class = "note" }, h.code(row.hash), " · ", text.duration(row.duration), " · ",
        pieces.link(row.source_url, row.source_url or "unknown source")),
      logs))
end

local function group_of(group, run_id)
  local list = {}
  for i, row in ipairs(group.rows) do list[i] = failure(row, run_id) end
  return h.article({ class = "card group" },
    h.h3(h.span({ class = "group-count" }, #group.rows), h.span(group.signature)), list)
end

return {
  name = "failures",
  render = function(view)
    if #view.groups == 0 then return nil end
    local list = {}
    for i, group in ipairs(view.groups) do list[i] = group_of(group, view.run.run_id) end
    return pieces.section("failures", "What did not pass",
      ("%s, the commonest first"):format(text.count(#view.groups, "root cause")), list)
  end,
}
