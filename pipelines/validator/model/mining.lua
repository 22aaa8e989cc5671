-- SPDX-License-Identifier: Apache-2.0
-- One source: what it holds (std.mining.sources), and what each of it became.

local api = require "std.github.api"
local architectures = require "pipelines.validator.model.architecture"
local diagrams = require "pipelines.validator.diagram.init"
local error_of = require "std.error"
local fs = require "std.fs"
local git = require "std.git"
local mining = require "std.mining.sources"
local note_of = require "std.mining.note"
local parallel = require "std.parallel"
local resolve = require "std.resolve"
local services = require "pipelines.validator.model.services"
local sources = require "pipelines.validator.model.sources"
local time = require "std.time"

local M = {}

local function options_of(ctx, place)
  return { workdir = fs.absolute(place:path "cache"), log = ctx.log, dry_run = ctx.dry_run,
    known = {}, http = {}, seen = {},
    github = api.new { token = ctx.config.github_token, api_url = ctx.config.github_api_url,
      log = ctx.log, cache = place:path("cache", "answers") } }
end

local function commit_of(roots)
  local root = roots[1]
  if not root or not fs.exists(fs.join(root.dir, ".git")) then return nil end
  local repo = git.open(root.dir)
  local head = repo and repo:head()
  return head and head.oid
end

--- What a source holds now: templates, or drawings where it is one of diagrams.
---@return {found: table[], problems: table[], sha: string|nil}|nil
---@return lsqm.Error|nil
function M.look(ctx, place, source)
  local wanted = sources.mining(source)
  local ok, err = mining.check { wanted }
  if not ok then return nil, err end
  local note = note_of.new(source.id)
  local found, roots = mining.expand(wanted, options_of(ctx, place), note)
  if source.source_type == "diagram" then found = diagrams.find(roots) end
  if note.unreached then return nil, note.unreached end
  return { found = found, problems = note.problems, sha = commit_of(roots) }
end

-- "dir/main.tf:1:31: ": the place of an error below the source.
local function where(err, arch, candidate)
  if not err.line then return "" end
  local inside = err.file and candidate.path
    and err.file:sub(1, #candidate.path + 1) == candidate.path .. "/"
    and err.file:sub(#candidate.path + 1) or ""
  return ("%s%s:%d:%s "):format(arch.template_path, inside, err.line,
    err.col and err.col .. ":" or "")
end

local function reason_of(record, arch, candidate)
  local err = record.error
  if err then return where(err, arch, candidate) .. tostring(err.message or err) end
  local words = {}
  for i, item in ipairs(record.unsupported or {}) do
    words[i] = ("%s %s%s: %s"):format(item.id or "?", item.type or "?",
      item.property and "." .. item.property or "", item.reason or "")
  end
  return #words > 0 and table.concat(words, "; ") or "it could not be converted"
end

local function metadata_of(candidate, record)
  local formats = assert(resolve.load("validator", "rules.formats"))
  return { services = record.services, resource_count = record.resource_count,
    complexity = record.complexity, diagram_confidence = record.diagram_confidence,
    original_format = formats[record.format] or formats[candidate.format] or "terraform" }
end

-- Why a converted root is no architecture all the same.
local function refusal(record)
  if record.resource_count < 1 or #record.services < 1 then return "it has no AWS resources" end
  local unknown = services.unknown(record.services)
  if #unknown == 0 then return nil end
  return "services that AWS does not have: " .. table.concat(unknown, ", ")
end

local function converted(place, arch, candidate, record)
  local why = refusal(record)
  if why then return architectures.move(arch, "conversion_failed", why) end
  local ok, err = architectures.take_root(place, arch, record.out, metadata_of(candidate, record))
  if ok == false then return architectures.move(arch, "conversion_failed", err) end
  if not ok then return nil, err end
  arch.provider_aliases, arch.synthesis_notes = record.provider_aliases, record.synthesis_notes
  return architectures.move(arch, "normalized")
end

local function finish(place, item, outcome)
  local record = outcome.ok and outcome.value
    or { status = "failed", error = { message = tostring(outcome.err) } }
  local arch = item.arch
  if record.status == "unseen" then
    arch.status_reason = reason_of(record, arch, item.candidate) -- stays pending: it is tried again
  elseif record.status == "normalized" then
    local ok, err = converted(place, arch, item.candidate, record)
    if not ok then return nil, err end
  else
    fs.remove(place:arch_dir(arch.id))
    architectures.move(arch, "conversion_failed", reason_of(record, arch, item.candidate))
  end
  return architectures.save(place, arch)
end

local function convert_all(ctx, items, dir)
  local jobs, outcomes, at = {}, {}, {}
  for i, item in ipairs(items) do
    local candidate, out = item.candidate, fs.join(dir, ("%05d"):format(i))
    if candidate.problem then
      outcomes[i] = { ok = false, err = error_of.new { code = "invalid",
        message = candidate.problem } }
    elseif item.arch.source_type == "diagram" then
      outcomes[i] = { ok = true, value = diagrams.convert(ctx, candidate, out) }
    else
      jobs[#jobs + 1] = { path = candidate.path, format = candidate.format, out = out }
      at[#jobs] = i
    end
  end
  local done = #jobs > 0
    and parallel.cpu_map("std.mining.convert", jobs, { fn = "run", collect = true }) or {}
  for i, outcome in ipairs(done) do outcomes[at[i]] = outcome end
  return outcomes
end

-- A name of a file may be any bytes; a record's texts are UTF-8.
local function path_of(candidate)
  if utf8.len(candidate.rel) then return candidate.rel end
  return (candidate.rel:gsub("[\128-\255]", function(c) return ("\\x%02X"):format(c:byte()) end))
end

-- Those that are new, changed, or to be tried again; the others are as they were.
local function select(source, found, known, force)
  local items, taken, found_ids, same = {}, {}, {}, 0
  local kind = source.source_type == "diagram" and "diagram" or "template"
  for id, arch in pairs(known) do taken[id] = arch.template_path end
  for _, candidate in ipairs(found) do
    local arch = architectures.new(source, path_of(candidate), { kind = kind, taken = taken,
      digest = #candidate.digest == 64 and candidate.digest or nil })
    local old = known[arch.id]
    found_ids[arch.id] = true
    local is_same = old and old.status ~= "pending" and arch.template_digest ~= nil
      and old.template_digest == arch.template_digest
    if is_same and not force then
      same = same + 1
    else
      if old then arch.created_at = old.created_at end
      items[#items + 1] = { arch = arch, candidate = candidate }
    end
  end
  return items, same, found_ids
end

-- What the source has no more. Where a part of it could not be had, nothing is called gone.
local function remove_gone(place, source, known, look, found_ids)
  local gone = 0
  for id, arch in pairs(#look.problems == 0 and known or {}) do
    if arch.source_id == source.id and not found_ids[id] then
      local ok, err = fs.remove(place:arch_dir(id))
      if not ok then return nil, err end
      gone = gone + 1
    end
  end
  return gone
end

--- Discovers a source: what is new or changed becomes pending, then normalized or
--- conversion_failed.
---@param source table TemplateSource
---@param known table<string, table> id → architecture
---@param options {force: boolean|nil}
---@return {found: integer, same: integer, items: table[], problems: table[], tokens: integer,
---  gone: integer}|nil
---@return lsqm.Error|nil
function M.source(ctx, place, source, known, options)
  local look, err = M.look(ctx, place, source)
  if not look then return nil, err end
  local items, same, found_ids = select(source, look.found, known, options.force)
  local report = { found = #look.found, same = same, items = items, problems = look.problems,
    tokens = 0, gone = 0 }
  if ctx.dry_run then return report end
  report.gone, err = remove_gone(place, source, known, look, found_ids)
  if not report.gone then return nil, err end
  for _, item in ipairs(items) do
    local ok
    ok, err = architectures.save(place, item.arch)
    if not ok then return nil, err end
  end
  local dir <close> = assert(fs.tempdir "validator-mine-")
  for i, outcome in ipairs(convert_all(ctx, items, dir.path)) do
    local ok
    report.tokens = report.tokens + (outcome.ok and outcome.value.tokens or 0)
    ok, err = finish(place, items[i], outcome)
    if not ok then return nil, err end
  end
  local ok
  ok, err = sources.note(place, source.id, time.iso(), look.sha)
  if not ok then return nil, err end
  return report
end

return M
