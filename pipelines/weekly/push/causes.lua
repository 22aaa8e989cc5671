-- SPDX-License-Identifier: Apache-2.0
-- Which regressions are open, and what their root causes are: one group for each cause. Every
-- architecture is in exactly one group, by what it failed with when it regressed, so that a
-- failure that words itself differently each week does not wander from issue to issue.

local compare = require "std.store.compare"
local json = require "std.json"
local sha256 = require "std.sha256"
local text = require "pipelines.weekly.report.text"

local M = {}

---The rule as {of = result → text, version =, earlier = {version → result → text}}. A plain
---function, as a user may have put in its place, has the version "user".
---@param rule function|table
local function rule_of(rule)
  if type(rule) == "function" then return { of = rule, version = "user", earlier = {} } end
  return { of = rule.of, version = tostring(rule.version), earlier = rule.earlier or {} }
end

---@return string
function M.emulator_name(config)
  return config.emulator and config.emulator.name or ""
end

-- Newest first: was it good in the meantime, with this emulator?
local function is_open(record, history, emulator)
  for _, point in ipairs(history) do
    if (point.emulator or "") == emulator then
      if point.run_id == record.to_run_id then return true end
      if compare.is_good(point.status) then return false end
    end
  end
  return true
end

local function emulators_by_run(store)
  local map = {}
  for _, record in ipairs(store:runs()) do map[record.run_id] = M.emulator_name(record) end
  return map
end

---The newest regression of each architecture that has not worked since.
---@param store lsqm.Store
---@param run lsqm.Run the run that is being published
---@param records table[] regression records
---@return table[] sorted by architecture
function M.open(store, run, records)
  local emulator, runs = M.emulator_name(run.config), emulators_by_run(store)
  local corpus, newest = store:index().architectures, {}
  for _, record in ipairs(records) do
    local old = newest[record.arch_hash]
    local is_newer = not old or old.detected_at <= record.detected_at
    if is_newer and runs[record.to_run_id] == emulator then newest[record.arch_hash] = record end
  end
  local list, trends = {}, next(newest) and store:trends("architectures") or {}
  for hash, record in pairs(newest) do
    local history = trends[hash] and trends[hash].history or {}
    local result = run:outcomes()[hash]
    local works = result and compare.is_good(result.status)
    if corpus[hash] and not works and is_open(record, history, emulator) then
      list[#list + 1] = record
    end
  end
  table.sort(list, function(a, b) return a.arch_hash < b.arch_hash end)
  return list
end

---The result with which an architecture regressed. Those of older runs are read one by one: a run
---may have ten thousand.
---@param store lsqm.Store
---@param run lsqm.Run the run that is being published
---@param record table
---@return table|nil
function M.result_of(store, run, record)
  if record.to_run_id == run.run_id then return run:result(record.arch_hash) end
  local path = store:path("runs", record.to_run_id, "results", record.arch_hash .. ".json")
  local result = json.read(path)
  return type(result) == "table" and result or nil
end

local function words_of(of, result)
  if not result then return "unknown cause: its result is not stored any more" end
  return text.clean(of(result))
end

local function key_of(emulator, words)
  return sha256.string(emulator .. "\0" .. words):sub(1, 16)
end

-- The keys that earlier versions of the rule gave to this failure.
local function note_earlier(group, emulator, signature, result)
  for version, of in pairs(signature.earlier) do
    group.earlier[tostring(version)] = group.earlier[tostring(version)] or {}
    group.earlier[tostring(version)][key_of(emulator, words_of(of, result))] = true
  end
end

local function is_before(a, b)
  if #a.regressions ~= #b.regressions then return #a.regressions > #b.regressions end
  return a.key < b.key
end

---Open regressions by root cause, the one that blocks most architectures first.
---@param store lsqm.Store
---@param run lsqm.Run
---@param records table[] regression records (open and closed)
---@param rule function|table rules/signature.lua
---@return table[] {key=, signature=words, version=, earlier={version → set of keys},
---  regressions=}
function M.of(store, run, records, rule)
  local signature, emulator = rule_of(rule), M.emulator_name(run.config)
  local groups, by_key = {}, {}
  for _, record in ipairs(M.open(store, run, records)) do
    local result = M.result_of(store, run, record)
    local words = words_of(signature.of, result)
    local key = key_of(emulator, words)
    local group = by_key[key]
    if not group then
      group = { key = key, signature = words, version = signature.version, earlier = {},
        regressions = {} }
      by_key[key] = group
      groups[#groups + 1] = group
    end
    note_earlier(group, emulator, signature, result)
    table.insert(group.regressions, record)
  end
  table.sort(groups, is_before)
  return groups
end

return M
