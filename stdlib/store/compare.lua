-- SPDX-License-Identifier: Apache-2.0
-- Two runs side by side. Pure: takes results, returns records.
-- A regression goes from PASSED or PARTIAL to FAILED, TIMEOUT or ERROR; a fix goes the other way;
-- one that turned out to be none when it was tried again is listed apart, as flaky or as unrelated;
-- every other change of status is listed as a change. What only one run has is no change at all,
-- unless its template changed or broke at the source and lineage is asked for.

local json = require "std.json"
local lineage = require "std.store.lineage"
local records = require "std.meta.records"
local tables = require "std.table"

local M = {}

local GOOD, BAD = tables.set(records.GOOD), tables.set(records.BAD)

---@param from string status
---@param to string status
---@return string "same"|"regression"|"fix"|"change"
function M.kind(from, to)
  if from == to then return "same" end
  if GOOD[from] and BAD[to] then return "regression" end
  if BAD[from] and GOOD[to] then return "fix" end
  return "change"
end

---@return boolean whether a status counts as working
function M.is_good(status) return GOOD[status] == true end

local function sorted_hashes(a, b)
  local seen, list = {}, {}
  for _, results in ipairs { a, b } do
    for hash in pairs(results) do
      if not seen[hash] then
        seen[hash] = true
        list[#list + 1] = hash
      end
    end
  end
  table.sort(list)
  return list
end

-- What the two results themselves were obtained with: roots may pin a provider.
local OBTAINED = {
  { "emulator version", function(result) return (result.emulator or {}).version end },
  { "aws provider", function(result) return result.provider_version end },
}

local function differing(from, to)
  local list = json.array {}
  for _, aspect in ipairs(OBTAINED) do
    local x, y = aspect[2](from), aspect[2](to)
    if x and y and x ~= y then table.insert(list, { aspect = aspect[1], from = x, to = y }) end
  end
  return #list > 0 and list or nil
end

local function change_of(hash, from, to, meta)
  return {
    arch_hash = hash,
    architecture_name = meta and meta.name or nil,
    from_status = from.status, to_status = to.status,
    from_run_id = from.run_id, to_run_id = to.run_id,
    services_affected = json.array { table.unpack(meta and meta.services or {}) },
    detected_at = to.completed_at,
    reason = to.reason or to.error_message,
    differs = differing(from, to),
  }
end

local LISTS = { regression = "regressions", fix = "fixes", change = "changes" }

-- What a regression becomes by the class that trying it again gave it.
local CLASSES = { flaky = "flaky", environment = "unrelated", corpus = "unrelated" }

local function list_for(from, to)
  local list = LISTS[M.kind(from.status, to.status)]
  local confirmation = list == "regressions" and to.confirmation
  return confirmation and CLASSES[confirmation.class] or list
end

-- Share of the tries on the same emulator that failed, the first one too.
local function failure_rate(confirmation)
  local failed, total = 1, 1
  for _, round in ipairs(confirmation.rounds) do
    if not round.previous then
      total = total + 1
      failed = failed + (GOOD[round.status] and 0 or 1)
    end
  end
  return failed / total
end

local function add_confirmation(change, to)
  local confirmation = to.confirmation
  if not confirmation then return change end
  change.class, change.class_reason = confirmation.class, confirmation.reason
  change.failure_rate = failure_rate(confirmation)
  change.confirmed = confirmation.class == "regression"
  return change
end

local function drop(list, hash)
  for i, item in ipairs(list) do
    if item == hash then return table.remove(list, i) end
  end
end

-- A template that broke has no result in the later run; the data model's nearest word is ERROR.
local function pair_of(pair, a, b, run_id)
  local from = a[pair.from]
  local to = pair.to and b[pair.to] or { status = "ERROR", run_id = run_id, reason = pair.reason }
  return from, to
end

local function add_lineage(out, a, b, architectures, run_id)
  for _, pair in ipairs(lineage.pairs(a, b, architectures)) do
    out.replaced = out.replaced + (pair.to and 1 or 0)
    local from, to = pair_of(pair, a, b, run_id)
    local list = LISTS[M.kind(from.status, to.status)]
    if list and (pair.to or list == "regressions") then
      local hash = pair.to or pair.from
      local change = change_of(hash, from, to, architectures[hash])
      change.note = pair.note
      change.from_arch_hash = pair.to and pair.from or nil
      table.insert(out[list], change)
    elseif pair.to then
      out.same = out.same + 1
    end
    if list == "regressions" or pair.to then drop(out.only_a, pair.from) end
    if pair.to then drop(out.only_b, pair.to) end
  end
end

---@param a table hash → result of the earlier run
---@param b table hash → result of the later run
---@param architectures table|nil hash → metadata, for names and services
---@param options table|nil {lineage = true, run_id = of the later run}: also compares
---  architectures with those that replaced them; such changes carry `note` and `from_arch_hash`
---@return table {regressions=, flaky=, unrelated=, fixes=, changes=, same=count, only_a=hashes,
---  only_b=hashes, replaced=templates that are other ones now}; a change that was tried again
---  carries class, class_reason, failure_rate
function M.runs(a, b, architectures, options)
  architectures = architectures or {}
  local out = {
    regressions = json.array {}, flaky = json.array {}, unrelated = json.array {},
    fixes = json.array {}, changes = json.array {}, same = 0,
    only_a = json.array {}, only_b = json.array {}, replaced = 0,
  }
  for _, hash in ipairs(sorted_hashes(a, b)) do
    local from, to = a[hash], b[hash]
    if not to then
      table.insert(out.only_a, hash)
    elseif not from then
      table.insert(out.only_b, hash)
    else
      local list = list_for(from, to)
      if list then
        local change = change_of(hash, from, to, architectures[hash])
        table.insert(out[list], list == "fixes" and change or add_confirmation(change, to))
      else
        out.same = out.same + 1
      end
    end
  end
  if options and options.lineage then add_lineage(out, a, b, architectures, options.run_id) end
  return out
end

---Takes out what was compared across a changed template: no verdict on the emulator.
---@param out table as M.runs returns it with lineage
---@return table[] changes that carry a note, worst first
function M.split_templates(out)
  local templates = json.array {}
  for _, name in ipairs { "regressions", "changes", "fixes" } do
    local kept = json.array {}
    for _, change in ipairs(out[name]) do
      table.insert(change.note and templates or kept, change)
    end
    out[name] = kept
  end
  return templates
end

---What changed about the tests of an architecture between two runs.
---@param app table|nil its test_app record
---@param a table record of the earlier run
---@param b table record of the later run
---@return string|nil "generated anew on 2026-01-09 by rules 0.2.0"
function M.tests_changed(app, a, b)
  if not app or app.generated_at <= a.started_at then return nil end
  if app.generated_at > (b.completed_at or b.started_at) then return nil end
  local by = app.model_used .. " " .. app.generator_version
  if app.prompt_version then by = by .. ", prompt " .. app.prompt_version end
  return ("generated anew on %s by %s"):format(app.generated_at:sub(1, 10), by)
end

local function text_of(value)
  if value == nil or value == "" then return "unknown" end
  return tostring(value)
end

-- The third word: only where both are known, since earlier runs did not note it.
local ASPECTS = {
  { "emulator", function(run) return run.emulator and run.emulator.name end },
  { "emulator version", function(run)
    return run.emulator and run.emulator.version or run.localstack_version
  end },
  { "emulator image", function(run) return run.emulator and run.emulator.image_id end },
  { "terraform", function(run) return run.terraform_version end },
  { "aws provider", function(run) return run.provider_version end, true },
  { "deployer", function(run) return run.deployer end },
  { "test generator", function(run) return run.generator end },
  { "lsqm", function(run) return run.lsqm_version end },
}

---What else differed between two runs: a change may come from there.
---@param a table run record (config.json)
---@param b table run record
---@return table[] list of {aspect=, from=, to=}
function M.circumstances(a, b)
  local list = json.array {}
  for _, aspect in ipairs(ASPECTS) do
    local x, y = aspect[2](a), aspect[2](b)
    local from, to = text_of(x), text_of(y)
    if from ~= to and (x and y or not aspect[3]) then
      table.insert(list, { aspect = aspect[1], from = from, to = to })
    end
  end
  return list
end

return M
