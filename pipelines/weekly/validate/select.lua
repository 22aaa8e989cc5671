-- SPDX-License-Identifier: Apache-2.0
-- Which architectures a validation is about, and in which order.

local error_of = require "std.error"
local suggest = require "std.suggest"
local tables = require "std.table"
local width = require "std.validation.width"

local M = {}

---Seconds that each is thought to take, by the last run's durations or an estimate.
---@param store lsqm.Store
---@param jobs table[] architectures
---@return table<string, number> hash → seconds
function M.seconds(store, jobs)
  local last, seconds = store:runs()[1], {}
  for _, job in ipairs(jobs) do
    local work, waiting = width.estimate(job)
    seconds[job.hash] = work + waiting
  end
  local run = last and store:run(last.run_id)
  for hash, result in pairs(run and run:results() or {}) do
    if seconds[hash] then seconds[hash] = result.duration_seconds end
  end
  return seconds
end

-- What takes longest goes first: the tail gets short.
local function order(store, jobs)
  local seconds = M.seconds(store, jobs)
  table.sort(jobs, function(a, b)
    local x, y = seconds[a.hash], seconds[b.hash]
    if x ~= y then return x > y end
    return a.hash < b.hash
  end)
  return jobs
end

local function is_ready(ctx, architecture)
  return not architecture.skipped and not architecture.superseded_by
    and not architecture.source_error and ctx.store:app(architecture.hash) ~= nil
end

-- What may be meant by a word that names nothing: a slip, or a part of a name.
local function meant(word, names)
  local near, listed = suggest.did_you_mean(word, names), {}
  if near then return ("did you mean '%s'?"):format(near) end
  for _, name in ipairs(tables.sorted_keys(names)) do
    if names[name] == "name" and name:find(word, 1, true) and #listed < 3 then
      listed[#listed + 1] = ("'%s'"):format(name)
    end
  end
  if listed[1] then return ("did you mean %s?"):format(table.concat(listed, " or ")) end
  return "`lsqm compare --by emulator` lists those that were validated"
end

-- Words that name nothing are a mistake of the caller, not an empty run.
local function check_words(words, architectures)
  local names = {}
  for _, one in ipairs(architectures) do
    names[one.hash] = true
    if one.name then names[one.name] = "name" end
  end
  for _, word in ipairs(words) do
    if not names[word] then
      return nil, error_of.new { op = "validate", code = "usage",
        message = ("no architecture '%s'"):format(word),
        hint = meant(word, names) }
    end
  end
  return true
end

---@param ctx table
---@param hashes string[]|nil hashes or names; none: all that have an app
---@return table[]|nil architectures, longest first
---@return lsqm.Error|nil err code "usage" for a word that names nothing
function M.jobs(ctx, hashes)
  local words, all = {}, ctx.store:architectures()
  for _, list in ipairs { hashes or {}, ctx.config.only or {} } do
    for _, word in ipairs(list) do words[#words + 1] = word end
  end
  local ok, err = check_words(words, all)
  if not ok then return nil, err end
  local jobs = {}
  for _, one in ipairs(all) do
    local wanted = #words == 0 or tables.contains(words, one.hash)
      or tables.contains(words, one.name)
    if wanted and is_ready(ctx, one) then jobs[#jobs + 1] = one end
  end
  return order(ctx.store, jobs)
end

return M
