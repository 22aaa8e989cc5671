-- SPDX-License-Identifier: Apache-2.0
-- What is known about the stored architectures while mining: which URL each came from, where else
-- the same content lies (also_at), and what replaced what.
--
-- One URL owns an architecture (source_url). When the owner's content changes or breaks and the
-- same content still lies elsewhere, the next place becomes the owner.

local fs = require "std.fs"
local json = require "std.json"
local sha256 = require "std.sha256"
local time = require "std.time"

local M = {}

local Library = {}
Library.__index = Library

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

local function note_places(self, meta)
  for _, place in ipairs(meta.also_at or {}) do
    self.by_url[place.source_url] = self.by_url[place.source_url] or meta
  end
end

--- Reads the store's metadata once; from then on these tables are the only copies in use.
function M.open(store)
  local self = setmetatable({ store = store, by_hash = {}, by_url = {} }, Library)
  local all = store:architectures()
  for _, meta in ipairs(all) do
    self.by_hash[meta.hash] = meta
    if not meta.superseded_by then self.by_url[meta.source_url] = meta end
  end
  for _, meta in ipairs(all) do
    if not meta.superseded_by then note_places(self, meta) end
  end
  return self
end

local function place_of(meta, url)
  for i, place in ipairs(meta.also_at or {}) do
    if place.source_url == url then return i, place end
  end
  return nil
end

--- Is this URL known with exactly this content, and did that convert?
function Library:is_known(candidate)
  local meta = self.by_url[candidate.source_url]
  if not meta or meta.source_error then return false end
  if meta.source_url == candidate.source_url then
    return meta.source_digest == candidate.digest
  end
  local _, place = place_of(meta, candidate.source_url)
  return place ~= nil and place.source_digest == candidate.digest
end

local function save(self, meta)
  if meta.also_at then
    if #meta.also_at == 0 then meta.also_at = nil else json.array(meta.also_at) end
  end
  return self.store:put_architecture(meta)
end

-- Takes a URL away from an architecture. True when the content still lies at another place.
local function leave(self, meta, url)
  self.by_url[url] = nil
  local i = place_of(meta, url)
  if i then
    table.remove(meta.also_at, i)
    return true
  end
  local heir = meta.also_at and table.remove(meta.also_at, 1)
  if not heir then return false end
  meta.source_url, meta.source_digest = heir.source_url, heir.source_digest
  return true
end

--- The candidate's template no longer converts: its architecture is not run again, and compare
--- says so instead of letting it vanish.
---@return boolean? ok
---@return table? err
function Library:note_broken(candidate, reason)
  local url = candidate.source_url
  local meta = self.by_url[url]
  if not meta or meta.source_error == reason then return true end
  if not leave(self, meta, url) then
    self.by_url[url] = meta
    meta.source_error = reason
  end
  return save(self, meta)
end

local function metadata(candidate, record, hash)
  return {
    hash = hash, source_url = candidate.source_url, source_type = candidate.source_type,
    source_digest = candidate.digest, discovered_at = time.iso(),
    name = (candidate.name:gsub("%.%w+$", "")),
    description = record.description, services = json.array(record.services),
    resource_count = record.resource_count, complexity = record.complexity,
    format = record.format, assumptions = json.array(record.assumptions or {}),
    provider_aliases = record.provider_aliases and json.array(record.provider_aliases) or nil,
    skipped = false,
  }
end

-- The URL's earlier content is not there any more.
local function replace(self, old, candidate, hash)
  if not leave(self, old, candidate.source_url) then old.superseded_by = hash end
  return save(self, old)
end

local function is_alive(meta)
  return not meta.superseded_by and not meta.source_error
end

local function add_place(self, twin, candidate)
  twin.also_at = twin.also_at or {}
  table.insert(twin.also_at, { source_url = candidate.source_url,
    source_digest = candidate.digest })
  self.by_url[candidate.source_url] = twin
  return save(self, twin)
end

local function put(self, candidate, record, hash, options)
  local twin, known = self.by_hash[hash], options.known
  local meta = metadata(candidate, record, hash)
  if options.reason then meta.skipped, meta.skip_reason = true, options.reason end
  if twin then
    meta.discovered_at, meta.supersedes = twin.discovered_at, twin.supersedes
    if twin.source_url == candidate.source_url then meta.also_at = twin.also_at end
  end
  if known and known.hash ~= hash then meta.supersedes = known.hash end
  self.by_hash[hash], self.by_url[candidate.source_url] = meta, meta
  for url, other in pairs(self.by_url) do if other == twin then self.by_url[url] = meta end end
  if meta.also_at then json.array(meta.also_at) end
  return self.store:put_architecture(meta, record.out)
end

--- Stores what a candidate became.
---@param reason string? why the emulator cannot run it (skipped)
---@return string? outcome
---@return string|table? why, or the error
function Library:add(candidate, record, reason)
  local hash, err = M.content_hash(record.out)
  if not hash then return nil, err end
  local known, twin = self.by_url[candidate.source_url], self.by_hash[hash]
  local changed = known and known.hash ~= hash
  local ok
  if known == twin and twin and twin.source_url ~= candidate.source_url then
    local _, place = place_of(twin, candidate.source_url)
    place.source_digest = candidate.digest
    ok, err = save(self, twin)
    if not ok then return nil, err end
    return "known"
  end
  if changed then
    ok, err = replace(self, known, candidate, hash)
    if not ok then return nil, err end
  end
  if twin and twin.source_url ~= candidate.source_url and is_alive(twin) then
    ok, err = add_place(self, twin, candidate)
    if not ok then return nil, err end
    return "duplicate", "same content as " .. twin.source_url
  end
  ok, err = put(self, candidate, record, hash, { known = known, reason = reason })
  if not ok then return nil, err end
  if reason then return "skipped", reason end
  if changed then return "superseded", "content changed; was " .. known.hash end
  return known and "known" or "new"
end

return M
