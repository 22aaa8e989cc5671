-- SPDX-License-Identifier: Apache-2.0
-- The view model: all that the sections show, gathered once from the store. Sections only lay
-- out.

local compare = require "std.store.compare"
local convergence = require "std.store.convergence"
local matrix = require "std.store.matrix"
local records = require "std.meta.records"
local repeats = require "std.store.repeats"
local text = require "pipelines.weekly.report.text"
local trends = require "std.store.trends"

local M = {}

-- All logs of the page together, and of one log; the whole ones stay in the run's results.
local LOG_BUDGET, LOG_MAX, LOG_MIN = 2200000, 24000, 400
local LOGS = {
  { "terraform", function(r) return r.terraform_apply and r.terraform_apply.logs end },
  { "tests", function(r) return r.pytest_results and r.pytest_results.output end },
  { "emulator", function(r) return r.container_logs end },
}

-- Worst first: what needs a person's eyes is on top.
local ORDER = { FAILED = 1, TIMEOUT = 2, ERROR = 3, PARTIAL = 4, PASSED = 5 }

local function rate_of(summary)
  if not summary or summary.total == 0 then return nil end
  return summary.passed / summary.total
end

local function history_of(store, run_id)
  local list, seen = {}, false
  for _, record in ipairs(store:runs { finished = true }) do
    seen = seen or record.run_id == run_id
    if seen and #list < 12 then
      record.rate = rate_of(record.summary)
      table.insert(list, 1, record)
    end
  end
  return list
end

local function tests_of(result)
  local tests = result.pytest_results
  if not tests or (tests.total or 0) == 0 then return nil end
  return { passed = tests.passed, total = tests.total }
end

local function row_of(hash, result, meta, trend)
  meta = meta or {}
  return {
    hash = hash,
    name = meta.name or hash,
    status = result.status,
    order = ORDER[result.status],
    services = meta.services or {},
    resources = meta.resource_count,
    source_url = meta.source_url,
    duration = result.duration_seconds,
    tests = tests_of(result),
    reason = text.clean(result.reason or result.error_message or ""),
    cached = result.cached_from ~= nil, unsettled = convergence.word(result),
    streak = trend and trend.streak,
    history = trend and trend.history or {},
    result = result,
  }
end

local function rows_of(view, trend_map)
  local rows = {}
  for hash, result in pairs(view.results) do
    rows[#rows + 1] = row_of(hash, result, view.architectures[hash], trend_map[hash])
  end
  table.sort(rows, function(a, b)
    if a.order ~= b.order then return a.order < b.order end
    if a.name ~= b.name then return a.name < b.name end
    return a.hash < b.hash
  end)
  return rows
end

local function logs_of(result, limit)
  local logs = {}
  for _, kind in ipairs(LOGS) do
    local tail, cut = text.tail(kind[2](result), limit)
    if tail then logs[#logs + 1] = { name = kind[1], text = tail, cut = cut } end
  end
  return logs
end

-- Failures with one root cause belong together; the biggest group is the most useful to mend.
local function groups_of(rows, signature)
  local groups, by_key = {}, {}
  for _, row in ipairs(rows) do
    if row.status ~= "PASSED" then
      local key = text.clean(signature(row.result))
      local group = by_key[key]
      if not group then
        group = { signature = key, rows = {} }
        by_key[key] = group
        groups[#groups + 1] = group
      end
      table.insert(group.rows, row)
    end
  end
  table.sort(groups, function(a, b)
    if #a.rows ~= #b.rows then return #a.rows > #b.rows end
    return a.signature < b.signature
  end)
  return groups
end

local function add_logs(groups)
  local count = 0
  for _, group in ipairs(groups) do count = count + #group.rows end
  local limit = LOG_BUDGET // (math.max(count, 1) * #LOGS)
  limit = math.max(LOG_MIN, math.min(LOG_MAX, limit))
  for _, group in ipairs(groups) do
    for _, row in ipairs(group.rows) do row.logs = logs_of(row.result, limit) end
  end
end

local function empty_counts()
  local counts = { total = 0 }
  for _, status in ipairs(records.STATUSES) do counts[status] = 0 end
  return counts
end

local function services_of(view, trend_map)
  local by_name = {}
  for _, row in ipairs(view.rows) do
    for _, name in ipairs(row.services) do
      local service = by_name[name] or { name = name, counts = empty_counts() }
      by_name[name] = service
      service.counts[row.status] = service.counts[row.status] + 1
      service.counts.total = service.counts.total + 1
    end
  end
  local list = {}
  for name, service in pairs(by_name) do
    service.rate = service.counts.PASSED / service.counts.total
    service.trend = trend_map[name]
    list[#list + 1] = service
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function skipped_of(architectures)
  local list = {}
  for _, meta in pairs(architectures) do
    if meta.skipped then
      list[#list + 1] = { name = meta.name or meta.hash,
        reason = meta.skip_reason or "unsupported" }
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function architectures_of(store)
  local map = {}
  for _, meta in ipairs(store:architectures()) do map[meta.hash] = meta end
  return map
end

local function mark_regressions(view)
  local set = {}
  for _, record in ipairs(view.changes.regressions) do set[record.arch_hash] = true end
  for _, row in ipairs(view.rows) do row.is_regression = set[row.hash] or false end
end

-- What no reader may take for a verdict on the emulator.
local function indeterminate_of(view)
  local unconfirmed = 0
  for _, change in ipairs(view.changes.regressions) do
    if not change.class then unconfirmed = unconfirmed + 1 end
  end
  local out = { errors = view.counts.error, flaky = #view.changes.flaky,
    unrelated = #view.changes.unrelated, unconfirmed = unconfirmed }
  -- An error that got worse is among the unrelated: it is counted once.
  for _, change in ipairs(view.changes.unrelated) do
    if change.to_status == "ERROR" then out.unrelated = out.unrelated - 1 end
  end
  out.total = out.errors + out.flaky + out.unrelated + out.unconfirmed
  return out
end

---@param store lsqm.Store
---@param run lsqm.Run
---@param options {signature: fun(result: table): string}
---@return table view
function M.build(store, run, options)
  local view = {
    run = run.config, summary = run:summary(), counts = run:counts(),
    results = run:results(), architectures = architectures_of(store),
    history = history_of(store, run.run_id),
  }
  view.changes = trends.changes(store, run, view.architectures)
  view.previous = view.changes.previous
  view.circumstances = view.previous and compare.circumstances(view.previous, view.run) or {}
  view.rate = rate_of(view.counts)
  local before = view.previous and rate_of(view.previous.summary)
  view.delta = view.rate and before and view.rate - before or nil
  view.rows = rows_of(view, store:trends("architectures"))
  view.services = services_of(view, store:trends("services"))
  view.groups = groups_of(view.rows, options.signature)
  add_logs(view.groups)
  mark_regressions(view)
  view.indeterminate = indeterminate_of(view)
  view.matrix = view.run.matrix and matrix.of(store, view.run.matrix) or nil
  view.repeats = repeats.measure(store, 12)
  view.skipped = skipped_of(view.architectures)
  view.problems = store:problems()
  return view
end

return M
