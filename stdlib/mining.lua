-- SPDX-License-Identifier: Apache-2.0
-- From sources to stored architectures. Each candidate ends with exactly one outcome:
--   known        its URL and content were seen before (FR-011)
--   new          stored
--   superseded   the content at a known URL changed: the new one replaces the old one
--   duplicate    another source has the same normalised content (FR-014)
--   skipped      stored, but it uses services the emulator does not support (FR-069, FR-070)
--   unsupported  it cannot be converted completely; the types or properties are named
--   failed       it cannot be read
-- A template that was known and is now unsupported or failed marks its architecture with
-- source_error; a source that cannot be reached is reported and the others are mined.

local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local leftovers = require "std.leftovers"
local library = require "std.mining.library"
local note_of = require "std.mining.note"
local parallel = require "std.parallel"
local sources = require "std.mining.sources"

local M = {}

-- --- what went wrong -------------------------------------------------------------------------

-- The line with this number; at the end of the file, the last one that says something.
local function source_line(path, number)
  local file = io.open(path, "r")
  if not file then return nil end
  local n, last, last_number = 0, nil, 0
  for line in file:lines() do
    n = n + 1
    if line:find("%S") then last, last_number = line, n end
    if n >= number then break end
  end
  file:close()
  return last, last_number
end

-- As an error value with the source line, whatever way it came out of the worker.
local function error_value(found)
  if type(found) ~= "table" then return error_of.from(found) end
  local err = error_of.new(found)
  if not found.code then err.code = "invalid" end
  if not (err.file and err.line) or err.source then return err end
  local text, number = source_line(err.file, err.line)
  if not text then return err end
  local col = number == err.line and err.col or #text + 1
  local skip = math.max(0, col - 60)
  err.line, err.col, err.caret = number, col, col - skip
  err.source = text:sub(skip + 1, skip + 90):gsub("%c", " ")
  return err
end

local function reason_of(record)
  if record.error then return tostring(record.error) end
  local names = {}
  for _, item in ipairs(record.unsupported or {}) do
    names[#names + 1] = ("%s %s%s: %s"):format(item.id or "?", item.type or "?",
      item.property and "." .. item.property or "", item.reason or "")
  end
  return table.concat(names, "; ")
end

-- What the worker returned, or the record of its raise; nothing to deploy counts as unsupported.
local function record_of(candidate, outcome)
  local record = outcome.ok and outcome.value
    or { status = "failed", error = outcome.err or "unknown error" }
  if record.error then record.error = error_value(record.error) end
  if record.status == "normalized" and (record.resource_count < 1 or #record.services < 1) then
    record.status = "unsupported"
    record.unsupported = { { id = candidate.rel, type = "template",
      reason = "it has no AWS resources" } }
  end
  return record
end

-- --- one candidate ---------------------------------------------------------------------------

local function reject(run, candidate, status, reason)
  local ok, err = run.library:note_broken(candidate, reason)
  if not ok then return nil, err end
  return status, reason
end

local function take(run, candidate, outcome)
  local record = record_of(candidate, outcome)
  if record.status ~= "normalized" then
    local status, reason = reject(run, candidate, record.status, reason_of(record))
    return status, reason, record.error
  end
  local reason = run.services.unsupported_reason(record.services, run.emulator)
  local done, note = run.library:add(candidate, record, reason)
  -- A record that the data model refuses is this template's trouble; a disk's is everybody's.
  if not done and note.code == "invalid" then
    return reject(run, candidate, "failed", tostring(note))
  end
  return done, note
end

local function add(run, report, note, entry)
  report.counts[entry.outcome] = (report.counts[entry.outcome] or 0) + 1
  note.counts[entry.outcome] = (note.counts[entry.outcome] or 0) + 1
  table.insert(report.entries, entry)
  if entry.outcome == "failed" or entry.outcome == "unsupported" then
    -- Shown with its source line at the end; the log is for the file.
    run.log:info("template " .. entry.outcome, { source_url = entry.source_url,
      reason = entry.reason, error = entry.error })
  end
end

local function entry_of(candidate, outcome, reason, err)
  return { source_url = candidate.source_url, format = candidate.format, outcome = outcome,
    reason = reason, error = err }
end

-- --- the run ---------------------------------------------------------------------------------

local function sort_out(run, report, candidate, todo)
  report.found = report.found + 1
  local note = candidate.note
  if candidate.problem then
    local err = error_of.new { code = "invalid", message = candidate.problem,
      file = candidate.path }
    local outcome, reason = "failed", candidate.problem
    if not run.dry_run then outcome, reason = reject(run, candidate, outcome, reason) end
    if not outcome then return nil, reason end
    add(run, report, note, entry_of(candidate, outcome, reason, err))
  elseif not run.force and run.library:is_known(candidate) then
    add(run, report, note, entry_of(candidate, "known"))
  else
    todo[#todo + 1] = candidate
  end
  return true
end

-- One source: its candidates are sorted out, its problems reported; the others are not affected.
local function collect_from(run, report, source, options, todo)
  local note = note_of.new(sources.title(source))
  table.insert(report.notes, note)
  if source.type ~= "dir" then run.progress:line("reading " .. note.source) end
  for _, candidate in ipairs(sources.expand(source, options, note)) do
    candidate.note = note
    local ok, err = sort_out(run, report, candidate, todo)
    if not ok then return nil, err end
  end
  for _, err in ipairs(note.problems) do
    run.log:error("source not mined", { source = note.source, error = err })
    table.insert(report.problems, err)
  end
  table.insert(report.unreached, note.unreached)
  return true
end

local function collect(run, report)
  local todo = {}
  local options = { workdir = run.workdir, log = run.log, dry_run = run.dry_run,
    known = run.library.by_url, github = run.github, http = run.http or {}, seen = {} }
  for _, source in ipairs(run.sources) do
    local ok, err = collect_from(run, report, source, options, todo)
    if not ok then return nil, err end
  end
  return todo
end

local function normalise_all(todo, dir)
  local jobs = {}
  for i, candidate in ipairs(todo) do
    jobs[i] = { path = candidate.path, format = candidate.format,
      out = fs.join(dir, ("%05d"):format(i)) }
  end
  return parallel.cpu_map("std.mining.convert", jobs, { fn = "run", collect = true })
end

local function store_all(run, report, todo)
  local tmp = fs.absolute(fs.join(run.workdir, "tmp"))
  local ok, err = fs.mkdir(tmp)
  if not ok then return nil, err end
  local dir <close>, why = fs.tempdir(fs.join(tmp, leftovers.prefix "mine"))
  if not dir then return nil, why end
  local outcomes = normalise_all(todo, dir.path)
  for i, candidate in ipairs(todo) do
    local outcome, reason, detail = take(run, candidate, outcomes[i])
    if not outcome then return nil, reason end
    add(run, report, candidate.note, entry_of(candidate, outcome, reason, detail))
  end
  return true
end

--- Mines all sources.
---@param run {sources: table[], store: table, log: table, services: table, emulator: string,
---  workdir: string, progress: table, github: lsqm.GitHubApi,
---  http?: {timeout?: number, retry_base?: number}, force?: boolean, dry_run?: boolean}
---@return table? report {found=, counts=, entries=, notes=of each source, problems=their errors,
---  unreached=errors of sources that gave nothing at all}
---@return table? err
function M.run(run)
  local ok, err = sources.check(run.sources)
  if not ok then return nil, err end
  run.library = library.open(run.store)
  local report = { found = 0, counts = {}, entries = json.array {}, notes = {}, problems = {},
    unreached = {} }
  local todo
  todo, err = collect(run, report)
  if not todo then return nil, err end
  if run.dry_run then
    for _, candidate in ipairs(todo) do
      add(run, report, candidate.note, entry_of(candidate, "new", "would be normalised"))
    end
    return report
  end
  if #todo > 0 then
    run.progress:line(("normalising %d templates"):format(#todo))
    ok, err = store_all(run, report, todo)
    if not ok then return nil, err end
  end
  ok, err = run.store:save_index()
  if not ok then return nil, err end
  return report
end

return M
