-- SPDX-License-Identifier: Apache-2.0
-- The view model: all that the sections show, gathered once from the store. Sections only lay
-- out.

local compare = require "std.store.compare"
local convergence = require "std.store.convergence"
local evidence = require "pipelines.weekly.report.evidence"
local matrix = require "std.store.matrix"
local past = require "pipelines.weekly.report.past"
local records = require "std.meta.records"
local repeats = require "std.store.repeats"
local text = require "pipelines.weekly.report.text"
local trends = require "std.store.trends"

local M = {}

-- Worst first: what needs a person's eyes is on top.
local ORDER = { FAILED = 1, TIMEOUT = 2, ERROR = 3, PARTIAL = 4, PASSED = 5 }

local function rate_of(summary)
  if not summary or summary.total == 0 then return nil end
  return summary.passed / summary.total
end

local function emulator_of(record) return record.emulator and record.emulator.name end

-- The last twelve runs of this emulator: the rates of two emulators are no trend.
local function history_of(finished, run)
  local list, seen = {}, false
  for _, record in ipairs(finished) do
    seen = seen or record.run_id == run.run_id
    if seen and #list < 12 and emulator_of(record) == emulator_of(run.config) then
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

local function row_of(view, hash, result, trend)
  local meta = view.architectures[hash] or {}
  local points, spans, streak = past.of(trend, view.run_notes, view.run.run_id)
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
    streak = streak, points = points, spans = spans,
    result = result, logs = {},
  }
end

local function mark_changes(rows, changes)
  local by_hash = {}
  for _, name in ipairs { "regressions", "flaky", "unrelated", "fixes", "templates" } do
    for _, change in ipairs(changes[name]) do by_hash[change.arch_hash] = change end
  end
  local regressed = {}
  for _, change in ipairs(changes.regressions) do regressed[change.arch_hash] = true end
  for _, row in ipairs(rows) do
    row.change = by_hash[row.hash]
    row.is_regression = regressed[row.hash] or false
  end
end

local function rows_of(view, trend_map)
  local rows = {}
  for hash, result in pairs(view.results) do
    rows[#rows + 1] = row_of(view, hash, result, trend_map[hash])
  end
  mark_changes(rows, view.changes)
  table.sort(rows, function(a, b)
    if a.is_regression ~= b.is_regression then return a.is_regression end
    if a.order ~= b.order then return a.order < b.order end
    if a.name ~= b.name then return a.name < b.name end
    return a.hash < b.hash
  end)
  return rows
end

-- Failures with one root cause belong together; the biggest group is the most useful to mend.
local function groups_of(rows, signatures)
  local groups, by_key = {}, {}
  for _, row in ipairs(rows) do
    local key = signatures[row.hash]
    if key then
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
  for i, group in ipairs(groups) do
    group.number = i
    for _, row in ipairs(group.rows) do row.group = group end
  end
  return groups
end

-- The logs are read one after the other and only what the page shows is kept.
local function add_evidence(view, store, run, signature)
  local signatures, failures = {}, {}
  for _, row in ipairs(view.rows) do
    if row.status ~= "PASSED" then failures[#failures + 1] = row end
  end
  local logs, templates = evidence.logs(#failures), evidence.templates(store, #view.rows)
  for _, row in ipairs(failures) do
    local whole = run:result(row.hash) or row.result
    signatures[row.hash] = text.clean(signature(whole))
    row.logs = logs(row.hash, whole)
  end
  for _, row in ipairs(view.rows) do row.template = templates(row.hash) end
  return signatures
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

-- What else differed between the two runs, the corpus too.
local function circumstances_of(view)
  if not view.previous then return {} end
  local list, changes = compare.circumstances(view.previous, view.run), view.changes
  if #changes.only_a + #changes.only_b + changes.replaced > 0 then
    table.insert(list, { aspect = "corpus",
      from = text.count(view.previous.summary.total, "architecture"),
      to = ("%d (%d new, %d gone, %d with another template)"):format(view.counts.total,
        #changes.only_b, #changes.only_a, changes.replaced) })
  end
  return list
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
---@param options {signature: fun(result: table): string, changes: table|nil}
---@return table view
function M.build(store, run, options)
  local finished = store:runs { finished = true }
  local view = {
    run = run.config, summary = run:summary(), counts = run:counts(),
    results = run:outcomes(), architectures = store:by_hash(),
    history = history_of(finished, run), run_notes = past.runs(finished),
  }
  view.changes = options.changes or trends.changes(store, run, view.architectures)
  view.previous = view.changes.previous
  view.circumstances = circumstances_of(view)
  view.rate = rate_of(view.counts)
  local before = view.previous and rate_of(view.previous.summary)
  view.delta = view.rate and before and view.rate - before or nil
  local known = view.changes.trends or { architectures = store:trends "architectures",
    services = store:trends "services" }
  view.rows = rows_of(view, known.architectures)
  view.services = services_of(view, known.services)
  view.groups = groups_of(view.rows, add_evidence(view, store, run, options.signature))
  view.indeterminate = indeterminate_of(view)
  view.matrix = view.run.matrix and matrix.of(store, view.run.matrix) or nil
  view.repeats = repeats.measure(store, 12)
  view.skipped = skipped_of(view.architectures)
  view.problems = store:problems()
  return view
end

return M
