-- SPDX-License-Identifier: Apache-2.0
-- Architectures and their index. The index repeats what metadata, apps and runs say, so a lost
-- or damaged one is built again from them.

local files = require "std.store.files"
local fs = require "std.fs"
local json = require "std.json"
local time = require "std.time"

local M = {}

local function index_path(store) return store:path("architectures", "index.json") end

local function entry_of(store, meta, old)
  old = old or {}
  return {
    source_url = meta.source_url,
    source_type = meta.source_type,
    discovered_at = meta.discovered_at,
    has_app = store:app(meta.hash) ~= nil,
    last_validated = old.last_validated,
    last_status = old.last_status,
  }
end

local function rebuild(store)
  local entries = {}
  for _, meta in ipairs(M.architectures(store)) do
    entries[meta.hash] = entry_of(store, meta)
  end
  for _, run in ipairs(store:runs { finished = true }) do
    local opened = store:open_run(run.run_id)
    for hash, result in pairs(opened and opened:outcomes() or {}) do
      local entry = entries[hash]
      if entry and (entry.last_validated or "") < result.completed_at then
        entry.last_validated, entry.last_status = result.completed_at, result.status
      end
    end
  end
  store._index = { version = 1, last_updated = time.iso(), count = 0, architectures = entries }
  store._rebuilt = true
  return true
end

---@param store lsqm.Store
function M.load(store)
  local value, err = files.read(store, index_path(store), "index")
  if value then
    store._index = value
    return true
  end
  -- Only what was kept under another name may be written anew.
  if err.code == "not_found" or err.set_aside or store.readonly then return rebuild(store) end
  return nil, err
end

---@param store lsqm.Store
function M.save(store)
  local index = store._index
  local count = 0
  for _ in pairs(index.architectures) do count = count + 1 end
  index.count, index.last_updated = count, time.iso()
  return files.write(store, index_path(store), "index", index)
end

local function metadata_path(store, hash)
  return store:path("architectures", files.hash(hash), "metadata.json")
end

---@param store lsqm.Store
---@param hash string
function M.architecture(store, hash)
  return files.read(store, metadata_path(store, hash), "architecture")
end

---@param store lsqm.Store
function M.architectures(store)
  local list = {}
  for _, name in ipairs(files.folders(store:path("architectures"))) do
    if #name == 16 and name:find("^[0-9a-f]+$") then
      list[#list + 1] = M.architecture(store, name)
    end
  end
  return list
end

---Each architecture by its hash, read once and kept until one is put.
---@param store lsqm.Store
---@return table hash → metadata; not to be changed
function M.by_hash(store)
  if not store._by_hash then
    local map = {}
    for _, meta in ipairs(M.architectures(store)) do map[meta.hash] = meta end
    store._by_hash = map
  end
  return store._by_hash
end

local function put_files(store, hash, from)
  local dir = store:arch_dir(hash)
  local ok, err = fs.mkdir(dir)
  if not ok or from == nil then return ok, err end
  if type(from) == "string" then return fs.copy(from, dir) end
  return fs.write_all(dir, from)
end

---@param store lsqm.Store
---@param meta table
---@param from string|table|nil
function M.put(store, meta, from)
  if type(meta) ~= "table" then error("put_architecture: meta must be a table", 3) end
  store._by_hash = nil
  local path = metadata_path(store, meta.hash)
  meta.services = json.array(meta.services)
  if store.readonly then return files.write(store, path, "architecture", meta) end
  local ok, err = put_files(store, meta.hash, from)
  if ok then ok, err = files.write(store, path, "architecture", meta) end
  if not ok then return nil, err end
  local entries = store._index.architectures
  entries[meta.hash] = entry_of(store, meta, entries[meta.hash])
  return true
end

---Notes the outcome of a run in the index.
---@param store lsqm.Store
---@param results table hash → result
function M.note_results(store, results)
  for hash, result in pairs(results) do
    local entry = store._index.architectures[hash]
    if entry and (entry.last_validated or "") <= result.completed_at then
      entry.last_validated, entry.last_status = result.completed_at, result.status
    end
  end
end

---Builds the index from the metadata and the runs, and writes it.
---@param store lsqm.Store
function M.rebuild(store)
  rebuild(store)
  return M.save(store)
end

return M
