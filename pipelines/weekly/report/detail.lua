-- SPDX-License-Identifier: Apache-2.0
-- What opens below a row: why, history, logs, Terraform.
local h = require "std.html"
local pieces = require "pipelines.weekly.report.pieces"
local text = require "pipelines.weekly.report.text"

local M = {}

---How much of the reason the row itself shows, bytes.
M.REASON = 160

local function facts(row)
  local change = row.change or {}
  return h.p({ class = "note facts-line" }, h.code(row.hash), " · ",
    pieces.link(row.source_url, row.source_url or "unknown source"),
    row.group and h.join(" · ", h.a({ href = "#c-" .. row.group.number }, "root cause "
      .. row.group.number)) or nil,
    change.tests_changed and h.join(" · tests ", change.tests_changed) or nil,
    change.from_arch_hash and h.join(" · replaces ", h.code(change.from_arch_hash)) or nil)
end

local function why(row)
  local change = row.change or {}
  local is_cut = #row.reason > M.REASON or row.status == "PASSED" and row.reason ~= ""
  if not is_cut and not change.class then return nil end
  return h.p({ class = "why" }, is_cut and row.reason or nil,
    change.class and h.join(" ", h.span({ class = "tag" }, change.class), " ",
      change.class_reason) or nil)
end

local function refused(result)
  if not result.refused or #result.refused == 0 then return nil end
  local items = {}
  for i, one in ipairs(result.refused) do
    items[i] = h.li(h.code(one.operation), (" answered %d, %s"):format(one.status,
      text.count(one.count, "time")))
  end
  return h.join(h.h3("Refused by the emulator"), h.ul({ class = "plain-list" }, items))
end

local function period(span)
  local versions = span.from.version == span.to.version and span.to.version
    or ("%s … %s"):format(span.from.version, span.to.version)
  local dates = span.from.date == span.to.date and span.to.date
    or ("%s … %s"):format(span.from.date, span.to.date)
  return ("%s, %s (%s)"):format(text.count(span.count, "run"), dates, versions)
end

-- Most architectures have the same history: it is made once.
local known = {}

local function history(row)
  if #row.spans == 0 then return nil end
  local items, key = {}, {}
  for i, span in ipairs(row.spans) do key[i] = span.status .. " " .. period(span) end
  key = table.concat(key, "\n")
  if not known[key] then
    for i, span in ipairs(row.spans) do
      items[i] = h.li(pieces.badge(span.status), " ", period(span))
    end
    known[key] = h.join(h.h3("History"), h.ul({ class = "spans" }, items))
  end
  return known[key]
end

local function cut_note(log, row, run_id)
  if log.cut == 0 then return nil end
  return h.p({ class = "note" }, ("The first %s are left out; all of it is in "):format(
    text.bytes(log.cut)), h.code(("runs/%s/results/%s.json"):format(run_id, row.hash)))
end

local function log_of(log, row, run_id)
  if log.same_as then
    return h.join(h.h3(log.name .. " log"), h.p({ class = "note" }, "The same as that of ",
      h.a({ href = "#a-" .. log.same_as }, log.same_as)))
  end
  return h.div({ class = "log" }, h.h3(log.name .. " log"), cut_note(log, row, run_id),
    log.earlier and h.details(h.summary(text.count(log.lines, "earlier line")),
      h.pre({ tabindex = 0 }, log.earlier)) or nil,
    h.pre({ tabindex = 0 }, log.last))
end

local function logs(row, run_id)
  if row.status == "PASSED" then return nil end
  if #row.logs == 0 then return h.p({ class = "note" }, "No logs were captured.") end
  local list = {}
  for i, log in ipairs(row.logs) do list[i] = log_of(log, row, run_id) end
  return list
end

local function rest_of(template)
  if template.cut == 0 then return nil end
  return h.p({ class = "note" }, ("%s more in "):format(text.count(template.cut, "file")),
    h.code(template.folder .. "/"))
end

local function terraform(template)
  if not template then return nil end
  local files = {}
  for i, file in ipairs(template.files) do
    files[i] = h.div({ class = "log" }, #template.files > 1 and h.h4(file.name) or nil,
      h.pre({ tabindex = 0 }, file.text))
  end
  if #files == 0 then return h.join(h.h3("Terraform"), rest_of(template)) end
  return h.details({ class = "terraform" }, h.summary("Terraform"), files, rest_of(template))
end

---@param row table of the view
---@param run_id string
---@return table markup
function M.of(row, run_id)
  return h.join(why(row), facts(row), history(row), refused(row.result), logs(row, run_id),
    terraform(row.template))
end

return M
