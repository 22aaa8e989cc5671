-- SPDX-License-Identifier: Apache-2.0
-- Brings the issues of a repository in line with the open regressions: one issue for each root
-- cause, found again by its hidden marker, whatever its state and page. What changes nothing
-- writes nothing, so a push that is repeated is silent.
--
-- A closed issue is opened again only by a regression that is younger than its closing: whoever
-- closed it as not worth mending is not bothered by what he knew.

local error_of = require "std.error"
local marker = require "pipelines.weekly.push.marker"
local words = require "pipelines.weekly.push.issue_text"
local text = require "pipelines.weekly.report.text"
local tables = require "std.table"
local time = require "std.time"

local M = {}

local FAILURES <const> = 3

---@class lsqm.IssueWork
---@field client table std.github.issues, or what answers like it
---@field groups table[] see push.causes: ranked root causes
---@field about lsqm.IssueAbout
---@field limit integer issues to open or open again in this run
---@field still fun(hash: string): boolean|nil true: fails in the newest run, nil: not in the corpus
---@field linked fun(url: string): string[] architectures whose regression names that issue
---@field on_filed fun(group: table, url: string, is_summary: boolean|nil)
---@field on_error fun(what: string, err: lsqm.Error)

-- Finding ------------------------------------------------------------------------------------

-- Open before closed, then the oldest: of twins one is the issue and the others are copies.
local function is_before(a, b)
  if a.state ~= b.state then return a.state == "open" end
  return a.number < b.number
end

-- Our issues about this emulator. A marker in a stranger's issue is no marker.
local function catalogue(issues, emulator)
  local known = {}
  for _, issue in ipairs(issues) do
    local facts = issue.trusted and marker.parse(issue.body)
    -- Before version 2 the marker did not name the emulator; its key was made with it.
    if facts and (facts.emulator or emulator) == emulator then
      known[#known + 1] = { number = issue.number, state = issue.state, body = issue.body,
        url = issue.html_url, closed_at = issue.closed_at, facts = facts }
    end
  end
  table.sort(known, is_before)
  return known
end

local function has_key(facts, group)
  if facts.signature == group.version or facts.v == "1" then return facts.key == group.key end
  local earlier = group.earlier[facts.signature]
  return earlier ~= nil and earlier[facts.key] == true
end

local function overlap(facts, hashes)
  local n = 0
  for _, hash in ipairs(facts.architectures) do n = n + (hashes[hash] and 1 or 0) end
  return n
end

-- An issue whose key was made by a rule that we do not have: known by what it is about.
local function by_architectures(known, group, claimed)
  local hashes, best, most = tables.set(words.hashes(group)), nil, 0
  for _, issue in ipairs(known) do
    local facts = issue.facts
    local foreign = facts.signature ~= group.version and not group.earlier[facts.signature]
    if foreign and facts.v ~= "1" and facts.kind == "cause" and issue.state == "open"
      and not claimed[issue.number] then
      local n = overlap(facts, hashes)
      if n > most then best, most = issue, n end
    end
  end
  return best
end

local function find(known, group, claimed)
  for _, issue in ipairs(known) do
    local is_free = issue.facts.kind == "cause" and not claimed[issue.number]
    if is_free and has_key(issue.facts, group) then return issue end
  end
  return by_architectures(known, group, claimed)
end

local function find_summary(known)
  for _, issue in ipairs(known) do
    if issue.facts.kind == "summary" then return issue end
  end
end

-- Writing ------------------------------------------------------------------------------------

-- A comment that fails is told and is no reason to stop: the issue itself was written.
local function say(work, issue, what)
  local comments, err = work.client:comments(issue.number)
  local line, run = words.event(work.about, what), work.about.run
  local ours, done
  for _, one in ipairs(comments or {}) do
    if one.trusted and marker.is_comment(one.body) then ours = ours or one end
  end
  if ours then
    done, err = work.client:edit_comment(ours.id, words.comment(ours.body, line, run))
  elseif comments then
    done, err = work.client:comment(issue.number, words.comment(nil, line, run))
  end
  if not done then work.on_error(("comment on issue %d"):format(issue.number), err) end
end

local function missing_from(list, set)
  local n = 0
  for _, item in ipairs(list) do n = n + (set[item] and 0 or 1) end
  return n
end

-- What differs from what the issue says; nil: nothing.
local function difference(issue, group, run)
  local facts, hashes = issue.facts, words.hashes(group)
  local shown = table.move(hashes, 1, math.min(#hashes, marker.LISTED), 1, {})
  local new = missing_from(shown, tables.set(facts.architectures))
  local gone = missing_from(facts.architectures, tables.set(shown))
  local parts = { text.count(#hashes, "architecture") .. (#hashes == 1 and " fails" or " fail") }
  if new > 0 then parts[#parts + 1] = new .. " new" end
  if gone > 0 then parts[#parts + 1] = gone .. " no longer" end
  if #parts == 1 and facts.key == group.key and facts.v ~= "1" and
    facts.signature == group.version and facts.version == run.config.localstack_version then
    return nil
  end
  return table.concat(parts, ", ")
end

-- Seconds: detected_at and closed_at come from two clocks and may have fractions.
local function is_younger(group, issue, run)
  local closed = type(issue.closed_at) == "string" and time.parse(issue.closed_at)
  for _, record in ipairs(group.regressions) do
    if not closed and record.to_run_id == run.run_id then return true end
    if closed and (time.parse(record.detected_at) or 0) > closed then return true end
  end
  return false
end

local function update(work, issue, group)
  local run = work.about.run
  local reopen = issue.state == "closed"
  if reopen and not is_younger(group, issue, run) then return issue end
  if reopen and work.budget <= 0 then return nil, nil, "over" end
  local what = difference(issue, group, run)
  if not what and not reopen then return issue end
  local body = marker.renew(issue.body, words.body(group, work.about))
  local ok, err = work.client:edit(issue.number, { body = body, state = reopen and "open" or nil })
  if not ok then return nil, err end
  if reopen then work.budget = work.budget - 1 end
  say(work, issue, (reopen and "regressed again: " or "") .. (what or "as before"))
  return issue
end

local function is_same(group)
  return function(issue)
    local facts = marker.parse(issue.body)
    return facts ~= nil and facts.kind == "cause" and facts.key == group.key
  end
end

local function create(work, group)
  if work.budget <= 0 then return nil, nil, "over" end
  local run = work.about.run
  local issue, err = work.client:create({ title = words.title(group, run),
    body = words.body(group, work.about), labels = words.labels(run) }, is_same(group))
  if not issue then return nil, err end
  work.budget = work.budget - 1
  return { number = issue.number, url = issue.html_url, state = "open" }
end

local function close(work, issue, why, reason)
  say(work, issue, why)
  local ok, err = work.client:edit(issue.number, { state = "closed",
    state_reason = reason or "completed" })
  if not ok then work.on_error(("closing issue %d"):format(issue.number), err) end
  return ok
end

-- The three passes ---------------------------------------------------------------------------

local function failed(work, group, err)
  work.on_error("issue about " .. group.signature:sub(1, 80), err)
  work.failures = work.failures + 1
  work.last_error = err
  return work.failures >= FAILURES or err.code == "unavailable"
end

-- One issue for each root cause, as long as the limit allows.
local function file(work, known)
  local over, claimed, covered = {}, {}, {}
  for _, group in ipairs(work.groups) do
    local issue, err, is_over
    local old = find(known, group, claimed)
    if old then claimed[old.number] = true end
    if old then issue, err, is_over = update(work, old, group) else
      issue, err, is_over = create(work, group)
    end
    if issue then
      work.filed = work.filed + 1
      claimed[issue.number] = true
      for _, hash in ipairs(words.hashes(group)) do covered[hash] = issue.number end
      work.on_filed(group, issue.url)
    elseif is_over then
      over[#over + 1] = group
    elseif failed(work, group, err) then
      return nil, err
    end
  end
  return over, claimed, covered
end

local function same_list(a, b)
  table.sort(a)
  table.sort(b)
  return table.concat(a) == table.concat(b)
end

-- What is over the limit is told in one issue for each emulator, and linked to it.
local function summarise(work, known, over)
  local issue, about = find_summary(known), work.about
  if #over == 0 then
    if issue and issue.state == "open" then close(work, issue, "nothing is left over the limit") end
    return true
  end
  local body = words.summary(over, about)
  local facts = marker.parse(body)
  local ok, err = issue, nil
  if not issue then
    ok, err = work.client:create({ title = words.summary_title(about.run), body = body,
      labels = words.labels(about.run) }, function(other)
        local found = marker.parse(other.body)
        return found ~= nil and found.kind == "summary" and found.emulator == facts.emulator
      end)
    issue = ok and { number = ok.number, url = ok.html_url }
  elseif issue.state == "closed" or
    not same_list(facts.architectures, issue.facts.architectures) then
    ok, err = work.client:edit(issue.number, { body = marker.renew(issue.body, body),
      state = issue.state == "closed" and "open" or nil })
  end
  if not ok then return nil, err end
  work.summary = issue.url
  for _, group in ipairs(over) do work.on_filed(group, issue.url, true) end
  return true
end

-- Does nothing fail any more of what the issue is about? nil: nobody knows what it is about.
local function verdict(work, issue, covered)
  local hashes, by, good = work.linked(issue.url), nil, 0
  table.move(issue.facts.architectures, 1, #issue.facts.architectures, #hashes + 1, hashes)
  for _, hash in ipairs(hashes) do
    local still = work.still(hash)
    if still and not covered[hash] then return nil end
    if still then by = covered[hash] elseif still == false then good = good + 1 end
  end
  if #hashes == 0 then return nil end
  return by and ("#%d has what is left of it"):format(by)
    or good > 0 and "green again" or "its architectures are not in the corpus any more",
    by and "not_planned" or "completed"
end

local function close_green(work, known, claimed, covered)
  for _, issue in ipairs(known) do
    if issue.state == "open" and issue.facts.kind == "cause" and not claimed[issue.number] then
      local why, reason = verdict(work, issue, covered)
      if why and close(work, issue, why, reason) then work.closed = work.closed + 1 end
    end
  end
end

---Files, updates, opens again and closes. Each success is told at once by on_filed.
---@param work lsqm.IssueWork
---@return {filed: integer, over: table[], closed: integer, summary: string|nil}|nil
---@return lsqm.Error|nil
function M.reconcile(work)
  local issues, err = work.client:list()
  if not issues then return nil, err end
  local config = work.about.run.config
  local known = catalogue(issues, config.emulator and config.emulator.name or "none")
  work.budget, work.failures, work.filed, work.closed = work.limit, 0, 0, 0
  local over, claimed, covered = file(work, known)
  if not over then return nil, claimed end
  local ok
  ok, err = summarise(work, known, over)
  if not ok then return nil, error_of.wrap(err, "summary issue") end
  close_green(work, known, claimed, covered)
  if work.last_error then return nil, work.last_error end
  return { filed = work.filed, over = over, closed = work.closed, summary = work.summary }
end

return M
