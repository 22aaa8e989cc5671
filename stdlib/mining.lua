-- SPDX-License-Identifier: Apache-2.0
-- From sources to stored architectures. Each candidate ends with exactly one outcome:
--   known        its URL and content were seen before (FR-011)
--   new          stored
--   superseded   the content at a known URL changed: the new one replaces the old one
--   duplicate    another source has the same normalised content (FR-014)
--   skipped      stored, but it uses services the emulator does not support (FR-069, FR-070)
--   unsupported  it cannot be converted completely; the types or properties are named
--   failed       it cannot be read

local discover = require "std.discover"
local error_of = require "std.error"
local fs = require "std.fs"
local json = require "std.json"
local normalize = require "std.normalize"
local parallel = require "std.parallel"
local sha256 = require "std.sha256"
local time = require "std.time"

local M = {}

-- --- sources ---------------------------------------------------------------------------------

local function file_url(path)
  return "file://" .. path:gsub("[^%w%-%._~/]", function(c) return ("%%%02X"):format(c:byte()) end)
end

local openers = {}

function openers.dir(source)
  if not source.path or not fs.exists(source.path) then
    return nil, error_of.new { op = "source", code = "not_found",
      message = "no such folder: " .. tostring(source.path) }
  end
  local root = fs.realpath(source.path)
  return root, source.base_url or file_url(root)
end

function openers.git(source, options)
  local git = require "std.git"
  local name = sha256.string(source.url):sub(1, 12)
  local dir = fs.join(options.workdir, "sources", name)
  local repo, err
  if fs.exists(fs.join(dir, ".git")) then
    repo, err = git.open(dir)
    if repo then
      local ok
      ok, err = repo:pull {}
      if ok == nil then repo = nil end
    end
  else
    fs.mkdir(fs.dirname(dir))
    repo, err = git.clone { url = source.url, path = dir, branch = source.ref }
  end
  if not repo then return nil, err end
  local base = source.base_url or source.url:gsub("%.git$", "")
  if not base:find("^%w+://") then base = file_url(fs.absolute(base)) end
  return fs.realpath(dir), base
end

local SOURCE_TYPES = { serverless = "serverless", cdk = "cdk" }

-- Everything that a source holds, each with its URL and digest.
local function expand(source, options)
  local open = openers[source.type]
  if not open then
    return nil, error_of.new { op = "source", code = "usage",
      message = ("unknown source type '%s'"):format(tostring(source.type)),
      hint = "known types: dir, git" }
  end
  local root, base = open(source, options)
  if not root then return nil, base end
  local found, err = discover.find(root, { include = source.include, exclude = source.exclude,
    detect = normalize.detect })
  if not found then return nil, err end
  for _, candidate in ipairs(found) do
    candidate.source_url = candidate.rel == "." and base or base .. "/" .. candidate.rel
    candidate.source_type = source.source_type or SOURCE_TYPES[candidate.format] or "github"
    candidate.name = candidate.rel == "." and fs.basename(root) or candidate.rel
    candidate.digest = candidate.problem and "" or discover.digest(root, candidate)
  end
  return found
end

-- --- what is known ---------------------------------------------------------------------------

-- source URL → metadata of the architecture that came from it last
local function by_url(store)
  local known = {}
  for _, meta in ipairs(store:architectures()) do
    if not meta.superseded_by then
      known[meta.source_url] = meta
      for _, other in ipairs(meta.also_at or {}) do
        known[other.source_url] = known[other.source_url] or meta
      end
    end
  end
  return known
end

local function known_digest(meta, url)
  if meta.source_url == url then return meta.source_digest end
  for _, other in ipairs(meta.also_at or {}) do
    if other.source_url == url then return other.source_digest end
  end
  return nil
end

-- --- storing ---------------------------------------------------------------------------------

--- Content hash of a normalised root: paths and contents of all its files.
---@return string? hash 16 hex digits
function M.content_hash(dir)
  local names, err = fs.walk(dir)
  if not names then return nil, err end
  local parts = {}
  for i, name in ipairs(names) do
    local digest
    digest, err = sha256.file(fs.join(dir, name))
    if not digest then return nil, err end
    parts[i] = name .. "\0" .. digest
  end
  return sha256.string(table.concat(parts, "\n")):sub(1, 16)
end

local function short_name(candidate)
  local name = candidate.name:gsub("%.[%w]+$", "")
  return name
end

local function metadata(candidate, record, hash)
  return {
    hash = hash, source_url = candidate.source_url, source_type = candidate.source_type,
    source_digest = candidate.digest, discovered_at = time.iso(), name = short_name(candidate),
    description = record.description, services = json.array(record.services),
    resource_count = record.resource_count, complexity = record.complexity,
    format = record.format, assumptions = json.array(record.assumptions or {}),
    provider_aliases = record.provider_aliases and json.array(record.provider_aliases) or nil,
    skipped = false,
  }
end

local function note_duplicate(run, candidate, twin)
  twin.also_at = json.array(twin.also_at or {})
  table.insert(twin.also_at, { source_url = candidate.source_url,
    source_digest = candidate.digest })
  return run.store:put_architecture(twin)
end

local function supersede(run, old, hash)
  old.superseded_by = hash
  return run.store:put_architecture(old)
end

local function store_record(run, candidate, record, known)
  local hash, err = M.content_hash(record.out)
  if not hash then return nil, err end
  local twin = run.store:architecture(hash)
  if twin and twin.source_url ~= candidate.source_url then
    local ok, why = note_duplicate(run, candidate, twin)
    if not ok then return nil, why end
    return "duplicate", "same content as " .. twin.source_url
  end
  local meta = metadata(candidate, record, hash)
  local reason = run.services.unsupported_reason(record.services, run.emulator)
  if reason then meta.skipped, meta.skip_reason = true, reason end
  if known and known.hash ~= hash then meta.supersedes = known.hash end
  local ok
  ok, err = run.store:put_architecture(meta, record.out)
  if ok and meta.supersedes then ok, err = supersede(run, known, hash) end
  if not ok then return nil, err end
  if reason then return "skipped", reason end
  if meta.supersedes then return "superseded", "content changed; was " .. known.hash end
  return "new"
end

local function reason_of(record)
  if record.error then
    local where = record.error.file and record.error.line
      and ("%s:%d: "):format(record.error.file, record.error.line) or ""
    return where .. record.error.message
  end
  local names = {}
  for _, item in ipairs(record.unsupported or {}) do
    names[#names + 1] = ("%s %s%s: %s"):format(item.id or "?", item.type or "?",
      item.property and "." .. item.property or "", item.reason or "")
  end
  return table.concat(names, "; ")
end

-- A source that was fine and no longer converts: its architecture is not run again, and compare
-- says so instead of letting it vanish.
local function note_broken(run, known, reason)
  if not known or known.source_error == reason then return true end
  known.source_error = reason
  return run.store:put_architecture(known)
end

local function take(run, candidate, outcome)
  local known = run.known[candidate.source_url]
  local record = outcome.ok and outcome.value
    or { status = "failed", error = { message = tostring(outcome.err.message or outcome.err) } }
  if record.status ~= "normalized" then
    local reason = reason_of(record)
    local ok, err = note_broken(run, known, reason)
    if not ok then return nil, err end
    return record.status, reason
  end
  return store_record(run, candidate, record, known)
end

-- --- the run ---------------------------------------------------------------------------------

local function add(report, candidate, outcome, reason)
  report.counts[outcome] = (report.counts[outcome] or 0) + 1
  table.insert(report.entries, { source_url = candidate.source_url, format = candidate.format,
    outcome = outcome, reason = reason })
end

local function collect(run, report)
  local todo = {}
  for _, source in ipairs(run.sources) do
    local found, err = expand(source, run)
    if not found then return nil, err end
    for _, candidate in ipairs(found) do
      report.found = report.found + 1
      local meta = run.known[candidate.source_url]
      if candidate.problem then
        add(report, candidate, "failed", candidate.problem)
      elseif meta and not run.force and not meta.source_error
        and known_digest(meta, candidate.source_url) == candidate.digest then
        add(report, candidate, "known")
      else
        todo[#todo + 1] = candidate
      end
    end
  end
  return todo
end

local function normalise_all(todo, dir)
  local jobs = {}
  for i, candidate in ipairs(todo) do
    jobs[i] = { path = candidate.path, format = candidate.format,
      out = fs.join(dir, ("%05d"):format(i)) }
  end
  return parallel.cpu_map("std.normalize", jobs, { fn = "normalize", collect = true })
end

local function store_all(run, report, todo, outcomes)
  for i, candidate in ipairs(todo) do
    local outcome, reason = take(run, candidate, outcomes[i])
    if not outcome then return nil, reason end
    add(report, candidate, outcome, reason)
    local note = outcome == "failed" and run.log.warn or run.log.info
    if reason then
      note(run.log, "template " .. outcome, { source_url = candidate.source_url, reason = reason })
    end
  end
  return run.store:save_index()
end

--- Mines all sources.
---@param run {sources: table[], store: table, log: table, services: table, emulator: string,
---  workdir: string, force?: boolean, dry_run?: boolean}
---@return table? report {found=, counts=, entries=}
---@return table? err
function M.run(run)
  run.known = by_url(run.store)
  local report = { found = 0, counts = {}, entries = json.array {} }
  local todo, err = collect(run, report)
  if not todo then return nil, err end
  if run.dry_run then
    for _, candidate in ipairs(todo) do add(report, candidate, "new", "would be normalised") end
    return report
  end
  if #todo == 0 then return report end
  run.progress:line(("normalising %d templates"):format(#todo))
  fs.mkdir(fs.join(run.workdir, "tmp"))
  local dir <close>, why = fs.tempdir(fs.join(run.workdir, "tmp", "mine-"))
  if not dir then return nil, why end
  local ok
  ok, err = store_all(run, report, todo, normalise_all(todo, dir.path))
  if not ok then return nil, err end
  return report
end

return M
